/** What attackers send, and what applications with and without WebSockets make of it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { HttpApp } from "../../../core/http/app.ts";
import { type Dock, serve, type ServeOptions } from "../../../dock/serve.ts";
import { RawHttp } from "../raw_http.ts";

type Handle = (request: Request) => Response | Promise<Response>;

/** An application that tells the method, with WebSockets unless `plain`. */
function serving(
  handle: Handle = tellMethod,
  { plain = false, ...options }: ServeOptions & { readonly plain?: boolean } = {},
): Promise<Dock> {
  const app: HttpApp = {
    name: "probed",
    summary: "Tells the method",
    options: {},
    open: () => ({
      handle,
      ...(!plain && { upgrade: () => new Response("no\n", { status: 404 }) }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  return serve("http://127.0.0.1:0", app, options);
}

function tellMethod({ method }: Request): Response {
  return method === "GET" ? new Response("GET") : new Response(method, { status: 405 });
}

/** One frame of HTTP/2 (RFC 9113 4.1). */
function frame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const head = [length >> 16, length >> 8 & 0xff, length & 0xff, type, flags, 0, 0, 0, stream];
  return new Uint8Array([...head, ...payload]);
}

/** Fields without any of HPACK's compression (RFC 7541 6.2.2); none longer than 126 bytes. */
function literals(fields: readonly (readonly [name: string, value: string])[]): Uint8Array {
  const encoder = new TextEncoder();
  const bytes = fields.flatMap(([name, value]) => [
    0,
    name.length,
    ...encoder.encode(name),
    value.length,
    ...encoder.encode(value),
  ]);
  return new Uint8Array(bytes);
}

Deno.test("a method of HTTP/2 in lower case is none that is known, and harms nobody", async () => {
  await using dock = await serving();
  const { hostname, port } = new URL(dock.url);
  using conn = await Deno.connect({ hostname, port: Number(port) });
  const fields = literals([
    [":method", "get"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "localhost"],
  ]);
  const request = [
    new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    frame(4, 0, 0, new Uint8Array()),
    frame(1, 5, 1, fields),
  ];
  await conn.write(new Uint8Array(request.flatMap((part) => [...part])));
  let received = "";
  const buffer = new Uint8Array(4096);
  while (!received.includes("get")) {
    const count = await conn.read(buffer);
    assert(count !== null, `closed after ${JSON.stringify(received)}`);
    received += new TextDecoder("latin1").decode(buffer.subarray(0, count));
  }
  assertEquals(await (await fetch(dock.url)).text(), "GET");
});

for (const plain of [false, true]) {
  const app = plain ? "without WebSockets" : "with WebSockets";
  Deno.test(`the application ${app} sees every method as it was sent`, async () => {
    await using dock = await serving(tellMethod, { plain });
    for (const method of ["TRACE", "TRACK", "get", "M-SEARCH", "X!#$%&'*+-.^_`|~"]) {
      using raw = await RawHttp.open(dock.url);
      await raw.send(`${method} / HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      const { status, body } = await raw.answer();
      assertEquals([status, body], [405, method]);
    }
  });
}

Deno.test("a target or Host that makes no sense is 400", async () => {
  await using server = await serving();
  const { host } = new URL(server.url);
  for (
    const [target, name] of [
      ["ftp://localhost/", host],
      ["nonsense", host],
      ["http://", host],
      ["/", "localhost:99999"],
      ["/", "local host"],
    ] as const
  ) {
    using raw = await RawHttp.open(server.url);
    await raw.get(target, name);
    assertEquals((await raw.answer()).status, 400, `${target} ${name}`);
  }
});

Deno.test("CONNECT is answered", async () => {
  await using dock = await serving();
  using raw = await RawHttp.open(dock.url);
  await raw.send("CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  assertEquals((await raw.answer()).status, 501);
});

Deno.test("a request of thousands of fields is refused before it costs anything", async () => {
  await using dock = await serving();
  const fields = Array.from({ length: 4000 }, (_, at) => `x${at}: y`);
  for (const lines of [[], ["Connection: upgrade", "Upgrade: websocket"]]) {
    using raw = await RawHttp.open(dock.url);
    await raw.get("/", "localhost", ...lines, ...fields);
    assertEquals((await raw.answer()).status, 431);
  }
  using raw = await RawHttp.open(dock.url);
  await raw.get("/", "localhost", ...fields.slice(0, 100));
  assertEquals((await raw.answer()).status, 200);
});

Deno.test("an offer of a protocol other than WebSocket is passed over", async () => {
  await using dock = await serving();
  using raw = await RawHttp.open(dock.url);
  const offer = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"];
  await raw.get("/", "localhost", ...offer);
  assertEquals((await raw.answer()).body, "GET");
});

Deno.test("requests sent ahead wait unread while many are being answered", async () => {
  const REQUESTS = 4000;
  const goOn = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  let count = 0;
  await using dock = await serving(async ({ url }) => {
    if (url.endsWith("/other")) return new Response("other");
    if (++count === 1) begun.resolve();
    await goOn.promise;
    return new Response("held");
  });
  using raw = await RawHttp.open(dock.url);
  await raw.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(REQUESTS));
  await begun.promise;
  for (let round = 0; round < 5; round++) {
    assertEquals(await (await fetch(`${dock.url}/other`)).text(), "other");
  }
  assertEquals(count, 1);
  goOn.resolve();
  for (let at = 0; at < REQUESTS; at++) assertEquals((await raw.answer()).body, "held");
});

Deno.test("a peer that takes nothing of an answer is given up", async () => {
  const failed = Promise.withResolvers<string>();
  await using dock = await serving(() => new Response(new Uint8Array(32 * 1024 * 1024)), {
    keepAliveTimeoutMs: 200,
    emit: (event) => event.event === "failed" && failed.resolve(event.error),
  });
  using raw = await RawHttp.open(dock.url);
  await raw.get("/", "localhost");
  assertMatch(await failed.promise, /took nothing of the answer for 200 ms/);
});

Deno.test("a WebSocket that is asked for ahead waits until what was asked before is answered", async () => {
  const goOn = Promise.withResolvers<void>();
  await using dock = await serving(async ({ url }) => {
    if (!url.endsWith("/other")) await goOn.promise;
    return new Response("first");
  });
  using raw = await RawHttp.open(dock.url);
  await raw.get("/", "localhost");
  await raw.get("/", "localhost", "Connection: upgrade", "Upgrade: websocket");
  for (let round = 0; round < 3; round++) await (await fetch(`${dock.url}/other`)).text();
  goOn.resolve();
  assertEquals((await raw.answer()).body, "first");
  assertEquals((await raw.answer()).status, 404);
});
