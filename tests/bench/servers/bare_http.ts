/** The least that a web server can do: what http is compared with. Takes the page as argument. */

const headers = { "content-type": "text/html; charset=UTF-8" };
const page = Deno.args[0] ?? "";
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  () => new Response(page, { headers }),
);
console.log(`http://127.0.0.1:${server.addr.port}`);
