/** Heads and pieces of bodies, as they are read from a connection. */

import { assertEquals, assertRejects } from "@std/assert";
import { HttpHeadError } from "../../../../core/http/head.ts";
import { Input } from "../../../../servers/http/message/input.ts";
import { connectionOf, inPieces } from "../../../connection_of.ts";

const decoder = new TextDecoder();

async function statusOf(...chunks: readonly string[]): Promise<number> {
  const input = new Input(connectionOf(...chunks));
  return (await assertRejects(() => input.head(), HttpHeadError)).status;
}

Deno.test("heads and bodies are told apart, however they are cut", async () => {
  const text = "GET /a HTTP/1.1\r\nHost: a\r\n\r\nbodyPOST /b HTTP/1.1\r\n\r\n";
  for (const size of [1, 2, 3, 5, 31, text.length]) {
    const input = new Input(connectionOf(...inPieces(text, size)));
    assertEquals(await input.head(), "GET /a HTTP/1.1\r\nHost: a");
    let body = "";
    while (body.length < 4) body += decoder.decode((await input.piece(4 - body.length))!);
    assertEquals(body, "body");
    assertEquals(await input.head(), "POST /b HTTP/1.1");
    assertEquals(await input.head(), null);
    assertEquals(input.ended, true);
  }
});

Deno.test("empty lines before a request are passed over, RFC 9112 2.2", async () => {
  for (const size of [1, 100]) {
    const text = "\r\n\r\nGET / HTTP/1.1\r\n\r\n\r\n";
    const input = new Input(connectionOf(...inPieces(text, size)));
    assertEquals(await input.head(), "GET / HTTP/1.1");
    assertEquals(await input.head(), null);
  }
});

Deno.test("what is no head is refused as soon as that is certain", async () => {
  assertEquals(await statusOf("\x16\x03\x01\x02"), 400);
  assertEquals(await statusOf("GET / HTTP/1.1\n"), 400);
  assertEquals(await statusOf("\nGET / HTTP/1.1\r\n\r\n"), 400);
  assertEquals(await statusOf("GET / HTTP/1.1\r\nHost: a"), 400);
  assertEquals(await statusOf(`GET /${"a".repeat(70_000)}`), 414);
  assertEquals(await statusOf(`GET / HTTP/1.1\r\nA: ${"a".repeat(70_000)}`), 431);
});

Deno.test("a head of 64 KiB less one byte fits, and its buffer is given up", async () => {
  const line = "GET / HTTP/1.1\r\nA: ";
  const head = line + "a".repeat(64 * 1024 - line.length - 5);
  const input = new Input(connectionOf(...inPieces(`${head}\r\n\r\n`, 1000)));
  assertEquals(await input.head(), head);
  assertEquals(input.buffered, 0);
  input.rest();
  assertEquals(await input.head(), null);
});

Deno.test("octets above ASCII are kept as they are", async () => {
  const input = new Input(connectionOf("GET / HTTP/1.1\r\nA: \x80\x9f\xff\r\n\r\n"));
  assertEquals(await input.head(), "GET / HTTP/1.1\r\nA: \x80\x9f\xff");
});

Deno.test("reading ahead keeps what comes for the next head", async () => {
  const input = new Input(connectionOf("GET /1 HTTP/1.1\r\n\r\n", "GET /2 HTTP/1.1\r\n\r\n"));
  assertEquals(await input.head(), "GET /1 HTTP/1.1");
  assertEquals(await input.ahead(), true);
  assertEquals(await input.ahead(), false);
  assertEquals(await input.head(), "GET /2 HTTP/1.1");
  assertEquals(await input.head(), null);
});

Deno.test("a connection that is handed over yields what was read, and what is being read", async () => {
  const input = new Input(connectionOf("GET / HTTP/1.1\r\n\r\nab", "cd"));
  await input.head();
  void input.ahead();
  const { connection, head } = input.handOver();
  const buffer = new Uint8Array(10);
  const count = await connection.read(buffer);
  assertEquals(decoder.decode(head) + decoder.decode(buffer.subarray(0, count!)), "abcd");
  assertEquals(await connection.read(buffer), null);
});
