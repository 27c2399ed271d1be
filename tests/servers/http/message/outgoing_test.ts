/** Responses as they are sent: their heads, and what is known of their bodies. */

import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { isWhole, knownLength, outgoing } from "../../../../servers/http/message/outgoing.ts";

const NOW = Date.UTC(2026, 10, 29, 21, 18, 18);

function sent(
  response: Response,
  { method = "GET", version = "1.1" as "1.0" | "1.1", keepAlive = true } = {},
) {
  return outgoing(response, { method, version, keepAlive, nowMs: NOW });
}

function stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from([new Uint8Array(3)]);
}

Deno.test("a body that is known needs no stream", () => {
  for (
    const [body, length] of [
      ["text", 4],
      ["\u00fc\u20ac", 5],
      ["", 0],
      [new Uint8Array(7), 7],
      [new ArrayBuffer(2), 2],
      [new URLSearchParams("a=b"), 3],
      [null, 0],
    ] as const
  ) {
    assertEquals([isWhole(new Response(body)), knownLength(new Response(body))], [true, length]);
    const { body: kept, head } = sent(new Response(body));
    assertEquals(kept instanceof ReadableStream, false);
    assertMatch(head, new RegExp(`\r\ncontent-length: ${length}\r\n`));
  }
  assertEquals(isWhole(new Response(stream())), false);
  assertEquals(isWhole(Response.json({ a: 1 })), true);
  const { status } = Response.redirect("http://a/");
  assertEquals([status, isWhole(Response.redirect("http://a/"))], [302, true]);
});

Deno.test("a head has its status, the fields of the response, the date and the framing", () => {
  const response = new Response("hi", { status: 404, headers: { "X-A": "b" } });
  response.headers.append("set-cookie", "a=1");
  response.headers.append("set-cookie", "b=2");
  assertEquals(
    sent(response).head,
    "HTTP/1.1 404 Not Found\r\nx-a: b\r\ncontent-type: text/plain;charset=UTF-8\r\n" +
      "set-cookie: a=1\r\nset-cookie: b=2\r\ncontent-length: 2\r\n" +
      "date: Sun, 29 Nov 2026 21:18:18 GMT\r\n\r\n",
  );
});

Deno.test("length, chunks or the end of the connection, as the body and the version are", () => {
  const framing = (response: Response, asked = {}) => {
    const { head, chunked, close } = sent(response, asked);
    return [/content-length: (\d+)/.exec(head)?.[1], chunked, close];
  };
  assertEquals(framing(new Response("abc")), ["3", false, false]);
  assertEquals(framing(new Response(stream())), [undefined, true, false]);
  assertEquals(framing(new Response(stream()), { version: "1.0" }), [undefined, false, true]);
  assertEquals(framing(new Response(stream(), { headers: { "content-length": "3" } })), [
    "3",
    false,
    false,
  ]);
});

Deno.test("HEAD, 204 and 304 have no body, RFC 9110 8.6", () => {
  const head = sent(new Response("abc"), { method: "HEAD" });
  assertEquals([head.body, /content-length: 3\r\n/.test(head.head)], [null, true]);
  for (const status of [204, 304]) {
    const { head, body, chunked } = sent(new Response(null, { status }));
    assertEquals([body, chunked, /content-length|transfer-encoding/.test(head)], [
      null,
      false,
      false,
    ]);
  }
  const unknown = sent(new Response(null), { method: "HEAD" });
  assertEquals(/content-length/.test(unknown.head), false);
});

Deno.test("the fields of one connection are ours", () => {
  const headers = { "transfer-encoding": "gzip", "keep-alive": "x", connection: "x" };
  const { head, close } = sent(new Response("a", { headers }));
  assertEquals([/transfer-encoding|keep-alive|connection/.test(head), close], [false, false]);
  assertEquals(sent(new Response("a", { headers: { connection: "close" } })).close, true);
  assertMatch(sent(new Response("a"), { version: "1.0" }).head, /\r\nconnection: keep-alive\r\n/);
  const upgrade = new Response("a", { status: 426, headers: { upgrade: "websocket" } });
  assertMatch(sent(upgrade).head, /\r\nconnection: upgrade\r\n/);
});

Deno.test("what cannot be sent is an error before anything is", async () => {
  assertThrows(() => sent(Response.error()), TypeError);
  const used = new Response("a");
  await used.text();
  assertThrows(() => sent(used), TypeError, "used already");
  const twice = new Response("a");
  sent(twice);
  assertThrows(() => sent(twice), TypeError, "used already");
  const short = new Response("abc", { headers: { "content-length": "5" } });
  assertThrows(() => sent(short), TypeError, "2 bytes shorter");
  const long = new Response("abcdef", { headers: { "content-length": "3" } });
  assertEquals(sent(long).length, 3);
});
