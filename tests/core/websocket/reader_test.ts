/** Reading WebSocket frames: messages put together, and what breaks the protocol (RFC 6455). */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { bytesOf, type Message } from "../../../core/session.ts";
import {
  closeFrame,
  encodeFrame,
  messageFrame,
  parseClose,
  WebSocketViolation,
} from "../../../core/websocket/frame.ts";
import { ControlFrame, FrameReader } from "../../../core/websocket/reader.ts";
import { concat, rawFrame } from "../../raw_websocket.ts";

const MAX_MESSAGE_BYTES = 200_000;

type Item = Message | { readonly opcode: number; readonly payload: Uint8Array };

/** What the reader of a server makes of these bytes, pushed in pieces of the sizes given in turn. */
function readAll(bytes: Uint8Array, sizes: readonly number[], masked = true): Item[] {
  const reader = new FrameReader({ masked, maxMessageBytes: MAX_MESSAGE_BYTES });
  const items: Item[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    // A copy, because the reader unmasks in place.
    reader.push(bytes.slice(at, at + size));
    at += size;
    for (let item; (item = reader.next()) !== null;) {
      items.push(
        item instanceof ControlFrame ? { opcode: item.opcode, payload: item.payload } : item,
      );
    }
  }
  return items;
}

/** The code with which these bytes break the connection. */
function violation(bytes: Uint8Array, masked = true): number {
  return assertThrows(() => readAll(bytes, [bytes.length], masked), WebSocketViolation).code;
}

/** Random numbers that are the same in every run. */
function createRandom(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
}

Deno.test("messages come out the same however their bytes were cut", () => {
  const random = createRandom(6455);
  const alphabet = ["a", "é", "€", "🚢", "\ufeff"];
  for (let round = 0; round < 200; round++) {
    const expected: Item[] = [];
    const frames: Uint8Array[] = [];
    for (let count = random(5) + 1; count > 0; count--) {
      const length = [0, 1, 5, 125, 126, 300, 65_535, 65_536, 70_000][random(9)]!;
      const isText = random(2) === 0;
      const bytes = isText
        ? bytesOf(Array.from({ length: length >> 2 }, () => alphabet[random(5)]!).join(""))
        : Uint8Array.from({ length }, () => random(256));
      const fragments = random(3) === 0 ? random(4) + 1 : 1;
      const mask = [random(256), random(256), random(256), random(256)];
      for (let index = 0; index < fragments; index++) {
        const part = bytes.subarray(
          Math.floor(bytes.length * index / fragments),
          Math.floor(bytes.length * (index + 1) / fragments),
        );
        const opcode = index > 0 ? 0 : isText ? 1 : 2;
        frames.push(rawFrame(opcode, part, { fin: index === fragments - 1, mask }));
        if (index < fragments - 1 && random(2) === 0) {
          const payload = Uint8Array.from({ length: random(126) }, () => random(256));
          frames.push(rawFrame(9, payload, { mask }));
          expected.push({ opcode: 9, payload });
        }
      }
      expected.push(isText ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) : bytes);
    }
    const sizes = Array.from({ length: random(4) + 1 }, () => [1, 2, 3, 7, 100, 4096][random(6)]!);
    assertEquals(readAll(concat(...frames), sizes), expected, `round ${round}, sizes ${sizes}`);
  }
});

Deno.test("frames that we write are frames that we read, masked or not", () => {
  const messages = [0, 1, 125, 126, 65_535, 65_536].flatMap((length): Message[] => [
    "x".repeat(length),
    new Uint8Array(length).fill(7),
  ]);
  for (const masked of [true, false]) {
    const bytes = concat(...messages.map((message) => messageFrame(message, masked)));
    assertEquals(readAll(bytes, [10_000], masked), messages);
  }
});

Deno.test("every masked frame has a mask of its own", () => {
  const masks = Array.from({ length: 600 }, () => {
    const frame = encodeFrame(2, new Uint8Array(0), true);
    return new DataView(frame.buffer, frame.byteOffset).getUint32(2);
  });
  assert(new Set(masks).size > 590);
});

Deno.test("what a client must not send breaks the protocol", () => {
  const text = (fin: boolean) => rawFrame(1, "a", { fin });
  const broken: [why: string, bytes: Uint8Array][] = [
    ["5.1: a frame that is not masked", rawFrame(1, "a", { mask: null })],
    ["5.1: a control frame that is not masked", rawFrame(9, "", { mask: null })],
    ["5.2: reserved bit 1", rawFrame(1, "a", { rsv: 4 })],
    ["5.2: reserved bit 2", rawFrame(1, "a", { rsv: 2 })],
    ["5.2: reserved bit 3", rawFrame(9, "a", { rsv: 1 })],
    ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Uint8Array] => [
      `5.2: reserved opcode ${opcode}`,
      rawFrame(opcode, "a"),
    ]),
    ["5.2: a length of 125 in two bytes", rawFrame(1, "", { length: { bytes: 2, value: 125n } })],
    ["5.2: 65535 in eight", rawFrame(1, "", { length: { bytes: 8, value: 65_535n } })],
    ["5.2: the highest bit", rawFrame(1, "", { length: { bytes: 8, value: 1n << 63n } })],
    ["5.4: a continuation of nothing", rawFrame(0, "a")],
    ["5.4: a last continuation of nothing", rawFrame(0, "a", { fin: false })],
    ["5.4: a continuation after the last", concat(text(false), rawFrame(0, "b"), rawFrame(0, "c"))],
    ["5.4: a message inside another", concat(text(false), text(true))],
    ["5.4: binary inside a text", concat(text(false), rawFrame(2, "b", { fin: false }))],
    ["5.5: a long ping", rawFrame(9, "x".repeat(126))],
    ["5.5: a long close", rawFrame(8, [3, 232, ...new Uint8Array(124)])],
    ["5.5: a fragmented ping", rawFrame(9, "", { fin: false })],
    ["5.5: a fragmented close", rawFrame(8, "", { fin: false })],
  ];
  for (const [why, bytes] of broken) assertEquals(violation(bytes), 1002, why);
});

Deno.test("a server's frame must not be masked", () => {
  assertEquals(violation(rawFrame(1, "a"), false), 1002);
});

Deno.test("what is wrong with a head is found before its payload comes", () => {
  assertEquals(violation(rawFrame(3, "abc").subarray(0, 2)), 1002);
  const huge = rawFrame(2, "", { length: { bytes: 8, value: 1n << 40n } });
  assertEquals(violation(huge), 1009);
});

Deno.test("a message of the limit is taken, one byte more is too large, in fragments too", () => {
  const limit = new Uint8Array(MAX_MESSAGE_BYTES);
  assertEquals(readAll(rawFrame(2, limit), [50_000]), [limit]);
  assertEquals(violation(rawFrame(2, new Uint8Array(MAX_MESSAGE_BYTES + 1))), 1009);
  const most = rawFrame(2, limit, { fin: false });
  assertEquals(violation(concat(most, rawFrame(0, "a"))), 1009);
  assertEquals(readAll(concat(most, rawFrame(9, "ping"), rawFrame(0, "")), [50_000]).length, 2);
});

Deno.test("a text that is not UTF-8 is malformed", () => {
  const malformed: [why: string, bytes: readonly number[]][] = [
    ["a byte that never occurs", [0xff]],
    ["a continuation byte alone", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["half of a surrogate pair", [0xed, 0xa0, 0x80]],
    ["beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
    ["a character cut short", [0xe2, 0x82]],
  ];
  for (const [why, bytes] of malformed) {
    assertEquals(violation(rawFrame(1, bytes)), 1007, why);
    const first = rawFrame(1, bytes.slice(0, 1), { fin: false });
    assertEquals(violation(concat(first, rawFrame(0, bytes.slice(1)))), 1007, why);
  }
});

Deno.test("malformed text is found at the byte that makes it so, not at the message's end", () => {
  const bad = rawFrame(1, [...bytesOf("κόσμε"), 0xf4, 0x90, 0x80, 0x80, ...bytesOf("edited")]);
  const upToBad = bad.subarray(0, bad.length - bytesOf("edited").length - 2);
  assertEquals(violation(upToBad), 1007);
  assertEquals(violation(rawFrame(1, [0x61, 0xff], { fin: false })), 1007);
});

Deno.test("a message takes no more room than twice what has come of it", () => {
  const reader = new FrameReader({ masked: true, maxMessageBytes: 2 ** 40 });
  reader.push(rawFrame(2, "a few bytes", { length: { bytes: 8, value: 1n << 39n } }));
  // Room for what is claimed could not be made.
  assertEquals(reader.next(), null);
});

Deno.test("a close frame is read and written", () => {
  assertEquals(parseClose(new Uint8Array(0), "client"), { code: 1005, reason: "" });
  const frame = closeFrame(1001, "é".repeat(100), false);
  assertEquals(frame.length, 2 + 2 + 122, "cut between two characters");
  assertEquals(parseClose(frame.subarray(2), "client"), { code: 1001, reason: "é".repeat(61) });
  assertEquals(closeFrame(1005, "ignored", false), Uint8Array.of(0x88, 0));
});

Deno.test("a close frame's code must be one that may be sent", () => {
  const codeOf = (code: number, rest: number[] = [], sender: "client" | "server" = "client") =>
    parseClose(Uint8Array.of(code >> 8, code & 0xff, ...rest), sender).code;
  const good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999];
  for (const code of good) assertEquals(codeOf(code), code);
  const bad = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];
  for (const sender of ["client", "server"] as const) {
    for (const code of [...bad, ...(sender === "client" ? [1012, 1013, 1014] : [])]) {
      const violation = assertThrows(() => codeOf(code, [], sender), WebSocketViolation);
      assertEquals(violation.code, 1002, String(code));
    }
  }
  for (const code of [1012, 1013, 1014]) assertEquals(codeOf(code, [], "server"), code);
  assertThrows(() => parseClose(Uint8Array.of(3), "client"), WebSocketViolation, "half a code");
  assertEquals(assertThrows(() => codeOf(1000, [0xff]), WebSocketViolation).code, 1007);
});
