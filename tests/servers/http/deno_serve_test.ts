/** `--listener deno`: Deno.serve as it is, by the rules that it can keep. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { ServerEvent } from "../../../core/event.ts";
import type { HttpApp, HttpHandler } from "../../../core/http/app.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { serve, type ServeOptions } from "../../../dock/serve.ts";
import { RawHttp } from "../raw_http.ts";

async function serving(
  handle: HttpHandler | HttpApp,
  given: ServeOptions = {},
  url = "http://127.0.0.1:0",
) {
  const events: ServerEvent[] = [];
  const emit = (event: ServerEvent) => void events.push(event);
  const server = await serve(url, handle, { ...given, listener: "deno", emit });
  return { ...server, events };
}

async function statusOf(url: string, request: string): Promise<number> {
  using raw = await RawHttp.open(url);
  await raw.send(request);
  return (await raw.answer()).status;
}

Deno.test("Deno.serve serves, and says what is lost", async () => {
  await using server = await serving(async (request) => new Response(await request.text()));
  assertEquals(await (await fetch(server.url, { method: "POST", body: "hi" })).text(), "hi");
  assertMatch(JSON.stringify(server.events), /notice.*Deno\.serve.*--header-timeout/);
  assertEquals(server.stats().requests, 1);
});

Deno.test("Deno.serve turns addresses away by request", async () => {
  await using server = await serving(() => new Response("hi"), { deny: ["127.0.0.1"] });
  const response = await fetch(server.url);
  assertEquals([response.status, await response.text()], [403, ""]);
  assertEquals(server.stats().denied, 1);
});

Deno.test("Deno.serve holds requests to the same rules", async () => {
  await using server = await serving(async (request) => new Response(await request.text()), {
    maxBodyBytes: 10,
    bodyTimeoutMs: 3000,
  });
  const host = server.url.slice("http://".length);
  const ask = (...lines: string[]) => statusOf(server.url, lines.join("\r\n"));
  assertEquals(await ask("GET / HTTP/1.1", "", ""), 400);
  assertEquals(await ask("GET / HTTP/1.1", "Host: evil.example", "", ""), 421);
  const post = ["POST / HTTP/1.1", `Host: ${host}`];
  assertEquals(await ask(...post, "Origin: http://evil.example", "", ""), 403);
  assertEquals(await ask(...post, "Content-Length: 11", "", ""), 413);
  assertEquals(await ask(...post, "Content-Length: 9", "", "half"), 408);
  assertEquals(await ask(...post, "Content-Length: 4", "", "full"), 200);
});

Deno.test("Deno.serve survives handlers that fail", async () => {
  await using server = await serving((request) => {
    if (request.url.endsWith("/sync")) throw new Error("secret");
    return Promise.reject(new Error("secret"));
  });
  for (const path of ["/sync", "/async"]) {
    const response = await fetch(server.url + path);
    assertEquals([response.status, await response.text()], [500, "Internal Server Error\n"]);
  }
  assertEquals(server.stats().failed, 2);
});

Deno.test("Deno.serve ends event streams when it shuts down", async () => {
  await using server = await serving(() => {
    const events = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: tick\n\n")),
    });
    return Promise.resolve(
      new Response(events, { headers: { "content-type": "text/event-stream" } }),
    );
  });
  const response = await fetch(server.url);
  const reader = response.body!.getReader();
  await reader.read();
  await server.shutdown({ graceMs: 30_000 });
  assertEquals((await reader.read()).done, true);
});

Deno.test("Deno.serve names the URL when it cannot listen", async () => {
  await using server = await serving(() => new Response("hi"));
  await assertRejects(
    () => serving(() => new Response("hi"), {}, server.url),
    Error,
    `Cannot listen on ${server.url}: port`,
  );
});

Deno.test("Deno.serve refuses what it cannot keep, and leaves nothing open", async () => {
  const app: HttpApp = {
    name: "sockets",
    summary: "Has WebSockets",
    options: {},
    open: () => ({
      handle: () => new Response("page"),
      upgrade: () => new Response("no", { status: 404 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  await assertRejects(() => serving(app), UsageError, "the WebSockets of sockets");
  const fault = { fault: ["latency=1ms"] };
  await assertRejects(() => serving(() => new Response("hi"), fault), UsageError, "fault");
  const tls = { tlsMin: "1.3" } as const;
  await assertRejects(
    () => serving(() => new Response("hi"), tls, "https://127.0.0.1:0"),
    UsageError,
    "--tls-min 1.3",
  );
});

Deno.test("Deno.serve logs requests with their bytes, also of a body in parts", async () => {
  await using server = await serving(
    ({ url }) =>
      url.endsWith("/parts")
        ? new Response(
          ReadableStream.from(["ab", "cde"].map((part) => new TextEncoder().encode(part))),
        )
        : new Response("whole"),
    { logRequests: true },
  );
  for (const path of ["/parts", "/whole"]) await (await fetch(server.url + path)).text();
  const requests = server.events.filter((event) => event.event === "request");
  assertEquals(requests.map(({ path, status, bytes }) => [path, status, bytes]), [
    ["/parts", 200, 5],
    ["/whole", 200, 5],
  ]);
});

Deno.test("Deno.serve serves https with the certificate that it is given", async () => {
  await using server = await serving(() => new Response("hi"), {}, "https://127.0.0.1:0");
  using client = Deno.createHttpClient({ caCerts: [server.certificate?.pem ?? ""] });
  assertEquals(await (await fetch(server.url, { client })).text(), "hi");
});
