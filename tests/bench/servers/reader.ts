/** A handler that reads a header field: on bare Deno.serve, or with `ours` on our own serve. */

const handler = (request: Request) =>
  new Response(`this is ${request.headers.get("host")}`, {
    headers: { "content-type": "text/plain" },
  });

if (Deno.args[0] === "ours") {
  const { serve } = await import("../../../mod.ts");
  console.log((await serve("http://127.0.0.1:0", handler)).url);
} else {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, handler);
  console.log(`http://127.0.0.1:${server.addr.port}`);
}
