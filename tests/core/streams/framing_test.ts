import { assertEquals, assertThrows } from "@std/assert";
import { createFramer, type Framer, MessageTooLargeError } from "../../../core/streams/framing.ts";
import { utf8 } from "../../memory.ts";
import { newSeed, seeded } from "../../seeded.ts";

function framer(framing: "line" | "length", maxMessageBytes = 100): Framer {
  const made = createFramer(framing, maxMessageBytes);
  if (made === null) throw new Error("no framer");
  return made;
}

/** Every message that is whole, as text. */
function whole(from: Framer): string[] {
  const messages: string[] = [];
  for (let message = from.next(); message !== null; message = from.next()) {
    messages.push(new TextDecoder().decode(message));
  }
  return messages;
}

/** What comes out of a framer, the rest included, for chunks that go in. */
function framed(into: Framer, chunks: readonly Uint8Array[]): string[] {
  const messages: string[] = [];
  for (const chunk of chunks) {
    into.push(chunk);
    messages.push(...whole(into));
  }
  const rest = into.rest();
  return rest === null ? messages : [...messages, new TextDecoder().decode(rest)];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** A stream cut at random places. */
function cut(stream: Uint8Array, random: () => number, largest: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < stream.length;) {
    const end = at + 1 + Math.floor(random() * largest);
    chunks.push(stream.slice(at, end));
    at = end;
  }
  return chunks;
}

Deno.test("without framing there is no framer: each read is a message", () => {
  assertEquals(createFramer("none", 100), null);
});

Deno.test("lines end with LF or CRLF, and an empty line is a message", () => {
  assertEquals(framed(framer("line"), [utf8("a\nb\r\n\n\r\nc d\n")]), ["a", "b", "", "", "c d"]);
});

Deno.test("a CR anywhere but before LF belongs to the line", () => {
  assertEquals(framed(framer("line"), [utf8("a\rb\r\r\n")]), ["a\rb\r"]);
});

Deno.test("a last line without its newline comes out as the rest", () => {
  assertEquals(framed(framer("line"), [utf8("a\nb")]), ["a", "b"]);
  assertEquals(framed(framer("line"), [utf8("a\n")]), ["a"]);
  assertEquals(framed(framer("line"), []), []);
});

Deno.test("a line split inside a character and inside its CRLF is put together", () => {
  const bytes = utf8("grüße\r\n");
  const chunks = [bytes.subarray(0, 3), bytes.subarray(3, 8), bytes.subarray(8)];
  assertEquals(bytes[2], 0xc3, "the first cut is inside ü");
  assertEquals(bytes[7], 13, "the second is between CR and LF");
  assertEquals(framed(framer("line"), chunks), ["grüße"]);
});

Deno.test("a line of exactly the limit passes, with either ending", () => {
  assertEquals(framed(framer("line", 5), [utf8("12345\n12345\r\n12345")]), [
    "12345",
    "12345",
    "12345",
  ]);
});

Deno.test("a line over the limit is refused, whole or not", () => {
  for (const text of ["123456\n", "123456\r\n", "1234567", "12345678901234567890"]) {
    const lines = framer("line", 5);
    lines.push(utf8(text));
    assertEquals(
      assertThrows(() => whole(lines), MessageTooLargeError).message,
      "a message is larger than 5 bytes",
      text,
    );
  }
});

Deno.test("a rest over the limit is refused as well", () => {
  const lines = framer("line", 5);
  lines.push(utf8("123456"));
  // Six bytes may still be five and a CR.
  assertEquals(lines.next(), null);
  assertThrows(() => lines.rest(), MessageTooLargeError);
});

Deno.test("line framing puts LF behind what it sends", () => {
  assertEquals(framer("line").frame(utf8("hi")), utf8("hi\n"));
});

Deno.test("a length is four bytes, most significant first, and may be zero", () => {
  const lengths = framer("length");
  assertEquals(lengths.frame(utf8("hi")), new Uint8Array([0, 0, 0, 2, 104, 105]));
  assertEquals(framed(lengths, [new Uint8Array([0, 0, 0, 2, 104, 105, 0, 0, 0, 0])]), ["hi", ""]);
});

Deno.test("a length over the limit is refused before its message is there", () => {
  const lengths = framer("length", 5);
  lengths.push(new Uint8Array([0, 0, 0, 6]));
  assertThrows(() => lengths.next(), MessageTooLargeError, "larger than 5 bytes");
  const huge = framer("length", 5);
  huge.push(new Uint8Array([0xff, 0xff, 0xff, 0xff]));
  assertThrows(() => huge.next(), MessageTooLargeError);
});

Deno.test("a stream that ends inside a message is broken", () => {
  const lengths = framer("length");
  lengths.push(new Uint8Array([0, 0, 0, 2, 104]));
  assertEquals(lengths.next(), null);
  assertThrows(
    () => lengths.rest(),
    TypeError,
    "the stream ended inside a message, after 5 bytes",
  );
});

Deno.test("messages come out the same however the stream is cut", () => {
  const random = seeded(newSeed());
  for (let run = 0; run < 200; run++) {
    const texts = Array.from(
      { length: 1 + Math.floor(random() * 8) },
      () => ["a", "é", "€", "😀"][Math.floor(random() * 4)]!.repeat(Math.floor(random() * 800)),
    );
    for (const framing of ["line", "length"] as const) {
      const sender = framer(framing, 10_000);
      const stream = joined(texts.map((text) => sender.frame(utf8(text))));
      const chunks = cut(stream, random, random() < 0.5 ? 3 : 3000);
      assertEquals(framed(framer(framing, 10_000), chunks), texts);
    }
  }
});
