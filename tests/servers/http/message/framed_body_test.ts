/** Bodies by their length and in chunks, RFC 9112 6 and 7. */

import { assertEquals, assertRejects } from "@std/assert";
import { HttpHeadError } from "../../../../core/http/head.ts";
import { FramedBody, type Framing } from "../../../../servers/http/message/framed_body.ts";
import { Input } from "../../../../servers/http/message/input.ts";
import { connectionOf, inPieces } from "../../../connection_of.ts";

const decoder = new TextDecoder();

/** The body, and what follows it. */
async function read(framing: Framing, text: string, size = 1000): Promise<[string, string]> {
  const input = new Input(connectionOf(...inPieces(text, size)));
  const body = new FramedBody(input, framing);
  let whole = "";
  for (let piece; (piece = await body.read()) !== null;) whole += decoder.decode(piece);
  assertEquals(body.ended, true);
  let rest = "";
  for (let piece; (piece = await input.piece(1000)) !== null;) rest += decoder.decode(piece);
  return [whole, rest];
}

async function statusOf(framing: Framing, text: string): Promise<number> {
  return (await assertRejects(() => read(framing, text), HttpHeadError)).status;
}

Deno.test("a body ends where its framing says, however it is cut", async () => {
  const chunks = "3\r\nabc\r\n0A;name=value\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nnext";
  for (const size of [1, 2, 3, 7, 1000]) {
    assertEquals(await read(3, "abcnext", size), ["abc", "next"]);
    assertEquals(await read(0, "next", size), ["", "next"]);
    assertEquals(await read("chunked", chunks, size), ["abc0123456789", "next"]);
    assertEquals(await read("chunked", "0\r\n\r\nnext", size), ["", "next"]);
  }
});

Deno.test("a size in anything but plain hexadecimal is refused", async () => {
  for (const size of ["", " 3", "3 ", "0x3", "+3", "-3", "3_0", "3;\x01", "g", "3\r", "3\t"]) {
    assertEquals(await statusOf("chunked", `${size}\r\nabc\r\n0\r\n\r\n`), 400, size);
  }
  assertEquals(await statusOf("chunked", "3\nabc\n0\n\n"), 400);
  assertEquals(await statusOf("chunked", "00000000000003\r\nabc\r\n0\r\n\r\n"), 400);
});

Deno.test("a chunk that is longer or shorter than its size is refused", async () => {
  assertEquals(await statusOf("chunked", "3\r\nabcd\r\n0\r\n\r\n"), 400);
  assertEquals(await statusOf("chunked", "3\r\nab\r\n0\r\n\r\n"), 400);
  assertEquals(await statusOf("chunked", "3\r\nab"), 400);
  assertEquals(await statusOf("chunked", "3\r\nabc\r\n"), 400);
  assertEquals(await statusOf(3, "ab"), 400);
});

Deno.test("extensions and trailers are bounded and checked", async () => {
  const extended = (bytes: number) => `1;a=${"x".repeat(bytes)}\r\na\r\n`;
  assertEquals((await read("chunked", `${extended(900)}0\r\n\r\n`))[0], "a");
  assertEquals(await statusOf("chunked", `${extended(2000)}0\r\n\r\n`), 400);
  assertEquals(await statusOf("chunked", `${extended(900).repeat(30)}0\r\n\r\n`), 400);
  assertEquals(
    await statusOf("chunked", `0\r\n${`A: ${"x".repeat(900)}\r\n`.repeat(30)}\r\n`),
    400,
  );
  assertEquals(await statusOf("chunked", `0\r\n${"A: x\r\n".repeat(200)}\r\n`), 431);
  assertEquals(await statusOf("chunked", "0\r\nA : x\r\n\r\n"), 400);
  assertEquals(await statusOf("chunked", "0\r\n folded\r\n\r\n"), 400);
});

Deno.test("what nobody reads is drained up to a limit", async () => {
  const drained = async (framing: Framing, text: string, maxBytes: number) => {
    const body = new FramedBody(new Input(connectionOf(text)), framing);
    return await body.drain(maxBytes);
  };
  assertEquals(await drained(500, "x".repeat(500), 500), true);
  assertEquals(await drained(200_000, "x".repeat(200_000), 500), false);
  assertEquals(await drained("chunked", `${"1\r\na\r\n".repeat(20)}0\r\n\r\n`, 1000), true);
  assertEquals(await drained("chunked", `${"1\r\na\r\n".repeat(200)}0\r\n\r\n`, 1000), false);
  assertEquals(await drained(5, "abc", 1000), false);
  assertEquals(await drained("chunked", "x\r\n", 1000), false);
});
