/** The code is held to the vectors of docs/reliable.md. */

import { assert, assertEquals } from "@std/assert";
import { crc32c } from "../../../layers/reliable/wire/crc32c.ts";
import {
  decodeAccept,
  decodeHello,
  decodeRetry,
  encodeAccept,
  encodeHello,
  encodeReset,
  encodeRetry,
  features,
  HELLO_BYTES,
} from "../../../layers/reliable/wire/handshake.ts";
import { PacketReader, PacketWriter } from "../../../layers/reliable/wire/packet.ts";
import { type ConnectionId, isFor, kindOf, kinds } from "../../../layers/reliable/wire/prefix.ts";
import { seeded } from "../../seeded.ts";

const page = await Deno.readTextFile(new URL("../../../docs/reliable.md", import.meta.url));

const dialling = { high: 0x01020304, low: 0x05060708 };
const listening = { high: 0x11121314, low: 0x15161718 };
const terms = { maxMessageBytes: 1 << 20, windowBytes: 1 << 20 };
const cookie = Uint8Array.from({ length: 20 }, (_, index) => 0xa0 + index);

/** The vectors of the page by their names. */
function vectors(): Map<string, string> {
  const [, block = ""] = /## Test vectors[^]*```text\n([^]*?)```/.exec(page) ?? [];
  const found = new Map<string, string>();
  for (const part of block.trim().split(/\n\n/)) {
    const [name = "", ...lines] = part.split("\n");
    found.set(name.replace(/:$/, ""), lines.join(""));
  }
  return found;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(name: string): Uint8Array {
  return Uint8Array.from(vectors().get(name)!.match(/../g)!, (pair) => parseInt(pair, 16));
}

function packet(
  to: ConnectionId,
  number: number,
  oldest: number,
  write: (writer: PacketWriter) => void,
): Uint8Array {
  const writer = new PacketWriter(to);
  const bytes = new Uint8Array(1500);
  writer.begin(bytes, number, oldest);
  write(writer);
  return bytes.subarray(0, writer.finish());
}

const token = { high: 0xc0c1c2c3, low: 0xc4c5c6c7 };
const stream = Uint8Array.of(0, 0, 0, 5, ...new TextEncoder().encode("hello"));

Deno.test("what we write is what the page says", () => {
  const written = new Map<string, Uint8Array>([
    ["hello", encodeHello(dialling, terms)],
    ["retry", encodeRetry(dialling, cookie)],
    ["hello with cookie", encodeHello(dialling, terms, cookie)],
    ["accept", encodeAccept(dialling, { id: listening, terms })],
    [
      "message",
      packet(listening, 0, 0, (writer) => {
        writer.stream(0, stream.length, false).set(stream);
      }),
    ],
    [
      "acknowledgement",
      packet(dialling, 3, 3, (writer) => writer.ack(5, 1_048_585, 1.2, [6, 8, 10, 11])),
    ],
    [
      "end",
      packet(listening, 7, 5, (writer) => {
        writer.ack(4, 1_048_576, 0, []);
        writer.stream(9, 0, true);
      }),
    ],
    ["ping", packet(dialling, 70_000, 69_999, (writer) => writer.ping())],
    ["path challenge", packet(dialling, 9, 9, (writer) => writer.challenge(token))],
    ["path response", packet(listening, 10, 10, (writer) => writer.response(token))],
    [
      "moved",
      packet(dialling, 11, 11, (writer) => {
        writer.ping();
        writer.moved(1);
      }),
    ],
    ["close", packet(listening, 8, 8, (writer) => writer.close(0))],
    ["reset", encodeReset(listening)],
  ]);
  assertEquals(new Map([...written].map(([name, bytes]) => [name, hex(bytes)])), vectors());
});

Deno.test("what the page says is what we read", () => {
  const hello = decodeHello(bytesOf("hello with cookie"))!;
  assertEquals([hello.id, hello.terms, hello.cookie], [dialling, terms, cookie]);
  assertEquals(decodeRetry(bytesOf("retry")), cookie);
  assertEquals(decodeAccept(bytesOf("accept")), { id: listening, terms });
  const names = ["hello", "retry", "accept", "reset", "message"];
  const found = [kinds.hello, kinds.retry, kinds.accept, kinds.reset, kinds.data];
  assertEquals(names.map((name) => kindOf(bytesOf(name))), found);

  const reader = new PacketReader();
  assert(reader.read(bytesOf("message")));
  assertEquals([reader.number, reader.oldest, reader.hasAck, reader.eliciting], [
    0,
    0,
    false,
    true,
  ]);
  assertEquals([reader.offset, reader.finish, hex(reader.data)], [0, false, hex(stream)]);
  assert(isFor(bytesOf("message"), listening));

  assert(reader.read(bytesOf("path challenge")));
  assertEquals([reader.challenge, reader.response, reader.eliciting], [token, null, false]);
  assert(reader.read(bytesOf("path response")));
  assertEquals([reader.challenge, reader.response, reader.eliciting], [null, token, false]);
  assert(reader.read(bytesOf("moved")));
  assertEquals([reader.moved, reader.eliciting], [1, true]);
  assertEquals(decodeHello(bytesOf("hello"))!.features, features.moves);

  assert(reader.read(bytesOf("acknowledgement")));
  assertEquals([reader.number, reader.cumulative, reader.window], [3, 5, 1_048_585]);
  assertEquals([Math.round(reader.delayMs * 10), reader.ranges], [12, [6, 8, 10, 11]]);
  assertEquals([reader.hasStream, reader.eliciting], [false, false]);

  assert(reader.read(bytesOf("end")));
  assertEquals([reader.number, reader.oldest, reader.finish, reader.offset], [7, 5, true, 9]);
  assert(reader.read(bytesOf("ping")));
  assertEquals([reader.number, reader.oldest, reader.eliciting], [70_000, 69_999, true]);
  assert(reader.read(bytesOf("close")));
  assertEquals([reader.closeCode, reader.eliciting], [0, false]);
});

Deno.test("every answer to an unproven sender is shorter than its HELLO", () => {
  assertEquals(bytesOf("hello").length, HELLO_BYTES);
  for (const name of ["retry", "accept", "reset"]) assert(bytesOf(name).length < HELLO_BYTES);
});

Deno.test("a checksum is that of the RFC, and finds every changed bit", () => {
  assertEquals(crc32c(new TextEncoder().encode("123456789")).toString(16), "e3069283");
  assert(page.includes("e3069283"));
  const whole = bytesOf("acknowledgement");
  for (let bit = 0; bit < 8 * whole.length; bit++) {
    const changed = whole.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    assertEquals(kindOf(changed), null);
  }
  for (let length = 0; length < whole.length; length++) {
    assertEquals(kindOf(whole.subarray(0, length)), null);
  }
});

Deno.test("no frames of any kind, cut off anywhere, make the reader throw", () => {
  const random = seeded(1);
  const reader = new PacketReader();
  for (let time = 0; time < 20_000; time++) {
    const bytes = Uint8Array.from(
      { length: 22 + Math.floor(random() * 60) },
      () => Math.floor(random() * (random() < 0.5 ? 6 : 256)),
    );
    if (!reader.read(bytes)) continue;
    if (reader.hasStream) assert(reader.data.length <= bytes.length);
    if (reader.hasAck) {
      assert(reader.ranges.every((bound, index, all) => index === 0 || bound > all[index - 1]!));
    }
  }
});

Deno.test("of more ranges than an acknowledgement holds, the latest are told", () => {
  const [writer, reader] = [new PacketWriter({ high: 1, low: 2 }), new PacketReader()];
  const ranges = Array.from({ length: 200 }, (_, index) => 10 + 5 * index);
  const bytes = new Uint8Array(1200);
  writer.begin(bytes, 0, 0);
  writer.ack(3, 0, 0, ranges);
  assert(reader.read(bytes.subarray(0, writer.finish())));
  assertEquals([reader.cumulative, reader.ranges], [3, ranges.slice(-128)]);
});
