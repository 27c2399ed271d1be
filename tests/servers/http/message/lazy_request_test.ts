/** A Request that is made when somebody wants it, and is one to everybody. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { makeRequest } from "../../../../servers/http/message/lazy_request.ts";

const encoder = new TextEncoder();

function lazy(method = "POST", body: string | null = "hello") {
  const leaving = new AbortController();
  const request = makeRequest({
    method,
    url: "http://x/a/../b",
    fields: [["A", "b"], ["a", "c"], ["Content-Type", "text/plain"]],
    body: body === null ? null : encoder.encode(body),
    signal: () => leaving.signal,
  });
  return { request, leaving };
}

Deno.test("a lazy request is a Request to everybody", async () => {
  assert(lazy().request instanceof Request);
  assertEquals(lazy().request.url, "http://x/a/../b");
  assertEquals(lazy().request.headers.get("a"), "b, c");
  assertEquals(await lazy().request.text(), "hello");
  assertEquals(await lazy("PUT", "[1]").request.json(), [1]);
  assertEquals(await lazy().request.bytes(), encoder.encode("hello"));
  assertEquals((await lazy().request.arrayBuffer()).byteLength, 5);
  assertEquals((await lazy().request.blob()).type, "text/plain");
  const { request } = lazy();
  const { headers } = request;
  headers.set("a", "changed");
  assertStrictEquals(request.headers, headers);
  assertEquals(new Request(request).headers.get("a"), "changed");
  assertEquals(await new Request(lazy().request).text(), "hello");
  assertEquals(await lazy().request.clone().text(), "hello");
  assertEquals(new Request(lazy().request).method, "POST");
});

Deno.test("the body of a lazy request can be read once", async () => {
  const { request } = lazy();
  assertEquals(request.bodyUsed, false);
  await request.text();
  assertEquals(request.bodyUsed, true);
  assert(await request.text().then(() => false, () => true));
});

Deno.test("a lazy request can be fetched, and its signal goes with it", async () => {
  await using server = Deno.serve(
    { port: 0, onListen() {} },
    async (request) => new Response(`${request.method} ${await request.text()}`),
  );
  const { request } = lazy();
  const moved = new Request(`http://127.0.0.1:${server.addr.port}/`, request);
  assertEquals(await (await fetch(moved)).text(), "POST hello");
  const { request: left, leaving } = lazy();
  const copied = new Request(left);
  leaving.abort();
  assertEquals([left.signal.aborted, copied.signal.aborted], [true, true]);
});

Deno.test("a method that no Request can have is told all the same", () => {
  for (const method of ["TRACE", "get", "CONNECT"]) {
    assertEquals(lazy(method, null).request.method, method);
    assertEquals(lazy(method, null).request.headers.get("content-type"), "text/plain");
    assertEquals(new Request(lazy(method, null).request).method, "UNSUPPORTED");
  }
});

Deno.test("a GET has no body, whatever was sent", async () => {
  assertEquals(lazy("GET").request.body, null);
  assertEquals(await lazy("GET").request.text(), "");
});
