/** Heads of HTTP/1.1 messages: what is read, and what is refused. */

import { assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import {
  HttpHeadError,
  isField,
  MAX_HEAD_BYTES,
  parseRequestHead,
  parseResponseHead,
  readResponseHead,
} from "../../../core/http/head.ts";
import { connectionOf, inPieces } from "../../connection_of.ts";
import { cpuMs } from "../../cpu_time.ts";

async function statusOfReading(...chunks: readonly string[]): Promise<number> {
  return (await assertRejects(() => readResponseHead(connectionOf(...chunks)), HttpHeadError))
    .status;
}

function statusOfParsing(head: string): number {
  return assertThrows(() => parseRequestHead(head), HttpHeadError).status;
}

Deno.test("a head is read to its empty line, however it was cut, and the rest is kept", async () => {
  const text = "HTTP/1.1 200 OK\r\nHost: a\r\n\r\nrest";
  for (const size of [1, 2, 3, 7, text.length]) {
    const chunks = inPieces(text, size);
    const connection = connectionOf(...chunks);
    const read = await readResponseHead(connection);
    assertEquals(read?.head, "HTTP/1.1 200 OK\r\nHost: a");
    let rest = new TextDecoder().decode(read?.rest);
    const buffer = new Uint8Array(10);
    for (let count; (count = await connection.read(buffer)) !== null;) {
      rest += new TextDecoder().decode(buffer.subarray(0, count));
    }
    assertEquals(rest, "rest");
  }
});

Deno.test("a peer that leaves without a word is no error, one that leaves in the middle is", async () => {
  assertEquals(await readResponseHead(connectionOf()), null);
  assertEquals(await statusOfReading("HTTP/1.1 200 OK\r\nHost: a\r\n"), 400);
});

Deno.test("a head over the limit is too large, one of exactly the limit is not", async () => {
  const line = "HTTP/1.1 200 OK\r\nA: ";
  const fits = line + "a".repeat(MAX_HEAD_BYTES - line.length - 4) + "\r\n\r\n";
  assertEquals((await readResponseHead(connectionOf(fits)))?.head, fits.slice(0, -4));
  assertEquals(await statusOfReading(line + "a".repeat(MAX_HEAD_BYTES)), 431);
});

Deno.test("what cannot become a head is refused without waiting for its end", async () => {
  assertEquals(await statusOfReading("\x16\x03\x01"), 400);
  assertEquals(await statusOfReading("220 mail.example ESMTP\r\n"), 400);
  assertEquals(await statusOfReading("\r\nHTTP/1.1 200 OK\r\n\r\n"), 400);
  assertEquals(await statusOfReading("HTTP/1.1 200 OK\n"), 400);
});

Deno.test("a request's head is taken apart", () => {
  const head = parseRequestHead(
    "GET /a?b HTTP/1.1\r\nHost: a.example \r\nList: one,\ttwo\r\nX-Empty:\r\nlist: Three ,,",
  );
  assertEquals([head.method, head.target, head.version], ["GET", "/a?b", "1.1"]);
  assertEquals(head.fields.only("host"), "a.example");
  assertEquals(head.fields.only("x-empty"), "");
  assertEquals(head.fields.only("absent"), null);
  assertEquals(head.fields.list("list"), ["one", "two", "Three"]);
  assertEquals(head.fields.includes("list", "three"), true);
  assertEquals(head.fields.includes("list", "thr"), false);
  assertThrows(() => head.fields.only("list"), HttpHeadError, "more than one list header");
});

Deno.test("blanks around a value go, those within it stay, and many cost no more than few", () => {
  const inner = `a${" ".repeat(15_000)}b`;
  const beganMs = cpuMs();
  for (let round = 0; round < 20; round++) {
    const { fields } = parseRequestHead(`GET / HTTP/1.1\r\nHost: \t a\t \r\nX:${inner}`);
    assertEquals([fields.only("host"), fields.only("x")], ["a", inner]);
  }
  // By the square of their number it would take seconds.
  assertLess(cpuMs() - beganMs, 500);
});

Deno.test("a malformed request is refused", () => {
  const malformed = [
    "",
    "GET",
    "GET /",
    "GET  / HTTP/1.1",
    " GET / HTTP/1.1",
    "GET / HTTP/1.1 ",
    "GET / HTTP/1",
    "GET / http/1.1",
    "G@T / HTTP/1.1",
    "GET /\x01 HTTP/1.1",
    "GET / HTTP/1.1\r\nHost",
    "GET / HTTP/1.1\r\n: a",
    "GET / HTTP/1.1\r\nHost : a",
    "GET / HTTP/1.1\r\n Host: a",
    "GET / HTTP/1.1\r\nHost: a\r\n folded",
    "GET / HTTP/1.1\r\nHost: a\0b",
    "GET / HTTP/1.1\r\nHost: a\rb",
  ];
  for (const head of malformed) assertEquals(statusOfParsing(head), 400, JSON.stringify(head));
  assertEquals(statusOfParsing("GET / HTTP/2.0"), 505);
  assertEquals(statusOfParsing(`GET / HTTP/1.1${"\r\nA: b".repeat(129)}`), 431);
});

Deno.test("a target outside ASCII is percent-encoded, and a higher minor version is 1.1", () => {
  const { target, version } = parseRequestHead("GET /\xc3\xa9 HTTP/1.7");
  assertEquals([target, version], ["/%C3%A9", "1.1"]);
});

Deno.test("a response's head is taken apart, and a malformed one refused", () => {
  const head = parseResponseHead("HTTP/1.1 403 Not For You\r\nA: b");
  assertEquals([head.status, head.reason, head.fields.only("a")], [403, "Not For You", "b"]);
  assertEquals(parseResponseHead("HTTP/1.0 200").reason, "");
  for (const line of ["HTTP/2 200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 200 \x1b[2J", "SSH-2.0-x"]) {
    assertThrows(() => parseResponseHead(line), HttpHeadError);
  }
});

Deno.test("what would add a line to a head is no field", () => {
  assertEquals(isField("X-Name", "value, with \t tab and \xe9"), true);
  for (const [name, value] of [["", "a"], ["a b", "c"], ["a:", "c"], ["a", "b\r\nc: d"]]) {
    assertEquals(isField(name!, value!), false);
  }
});
