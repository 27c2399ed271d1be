/** Compressed messages: how two sides agree on them, and what is made of a payload (RFC 7692). */

import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { constants, createDeflateRaw, type DeflateRaw, deflateRawSync } from "node:zlib";
import { HttpFields, HttpHeadError } from "../../../core/http/head.ts";
import {
  acceptDeflate,
  checkDeflate,
  DEFLATE_OFFER,
  type DeflateTerms,
  type MessageDeflate,
  openDeflate,
} from "../../../core/websocket/deflate.ts";
import { parseExtensions } from "../../../core/websocket/extensions.ts";
import { WebSocketViolation } from "../../../core/websocket/frame.ts";
import { newSeed, seeded } from "../../seeded.ts";

const PLAIN: DeflateTerms = { sendWindowBits: 15, peerKeepsContext: false };
const BOTH = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/** A head with these lines of the field. */
function fieldsOf(...values: string[]): HttpFields {
  const fields = new HttpFields();
  for (const value of values) fields.append("sec-websocket-extensions", value);
  return fields;
}

/** What a server answers to these offers. */
function answerTo(...offers: string[]): string | undefined {
  return acceptDeflate(parseExtensions(fieldsOf(...offers)))?.answer;
}

function inflateText(deflate: MessageDeflate, hex: string, maxBytes = 1000): string {
  return new TextDecoder().decode(deflate.inflate(bytesOfHex(hex), maxBytes));
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(
    hex.split(" ").filter((byte) => byte !== ""),
    (byte) => parseInt(byte, 16),
  );
}

/** A payload as zlib makes it, in a stream of its own. */
function deflated(payload: Uint8Array, finishFlush = constants.Z_SYNC_FLUSH): Uint8Array {
  const bytes = new Uint8Array(deflateRawSync(payload, { finishFlush }));
  return finishFlush === constants.Z_SYNC_FLUSH ? bytes.subarray(0, -4) : bytes;
}

Deno.test("a server takes the first offer that it understands, and leaves out all others", () => {
  const offers: [offer: string | string[], answer: string | undefined][] = [
    ["permessage-deflate", BOTH],
    ["permessage-deflate; client_max_window_bits", BOTH],
    ["permessage-deflate; client_max_window_bits=10", BOTH],
    ['permessage-deflate;client_max_window_bits="10" ; server_no_context_takeover', BOTH],
    ["permessage-deflate; client_no_context_takeover", BOTH],
    ["permessage-deflate; server_max_window_bits=8", `${BOTH}; server_max_window_bits=8`],
    ["permessage-deflate; server_max_window_bits=15", `${BOTH}; server_max_window_bits=15`],
    [
      "permessage-deflate; server_max_window_bits=10, permessage-deflate",
      `${BOTH}; server_max_window_bits=10`,
    ],
    ["permessage-deflate; server_max_window_bits", undefined],
    ["permessage-deflate; server_max_window_bits=7", undefined],
    ["permessage-deflate; server_max_window_bits=16", undefined],
    ["permessage-deflate; server_max_window_bits=08", undefined],
    ["permessage-deflate; server_max_window_bits=9x", undefined],
    ["permessage-deflate; client_max_window_bits=0", undefined],
    ["permessage-deflate; server_no_context_takeover=1", undefined],
    ["permessage-deflate; client_no_context_takeover=true", undefined],
    ["permessage-deflate; client_max_window_bits; client_max_window_bits=9", undefined],
    ["permessage-deflate; mystery", undefined],
    ["permessage-deflate; Server_No_Context_Takeover", undefined],
    ["permessage-bzip2", undefined],
    ["x-webkit-deflate-frame", undefined],
    ["", undefined],
    [
      "permessage-deflate; mystery, permessage-deflate; server_max_window_bits=7, " +
      "permessage-bzip2; level=9, permessage-deflate",
      BOTH,
    ],
    [["foo; bar=1", "permessage-deflate; mystery", "permessage-deflate"], BOTH],
  ];
  for (const [offer, answer] of offers) {
    assertEquals(answerTo(...[offer].flat()), answer, String(offer));
  }
  assertEquals(answerTo(), undefined);
});

Deno.test("a field that is no list of extensions opens no WebSocket", () => {
  const malformed = [
    "permessage-deflate; =9",
    "permessage-deflate; a=",
    "permessage-deflate; a b",
    "permessage-deflate;",
    "permessage deflate",
    "; a",
    'permessage-deflate; a="9',
    'permessage-deflate; a="b c"',
    'x; a="b, permessage-deflate, c"',
  ];
  for (const value of malformed) {
    assertEquals(
      assertThrows(() => parseExtensions(fieldsOf(value)), HttpHeadError).status,
      400,
      value,
    );
  }
});

Deno.test("a client holds the answer against what it offered", () => {
  const check = (answer: string) => checkDeflate(parseExtensions(fieldsOf(answer)));
  assertEquals(check(""), undefined);
  const good: [answer: string, terms: DeflateTerms][] = [
    ["permessage-deflate", { sendWindowBits: 15, peerKeepsContext: true }],
    [BOTH, { sendWindowBits: 15, peerKeepsContext: false }],
    [
      "permessage-deflate; client_max_window_bits=9; server_max_window_bits=12",
      { sendWindowBits: 9, peerKeepsContext: true },
    ],
  ];
  for (const [answer, terms] of good) assertEquals(check(answer), terms, answer);
  const wrong: [answer: string, message: string][] = [
    ["x-other", 'the extension "x-other", which was not offered'],
    ["permessage-deflate, permessage-deflate", "more than one extension"],
    ["permessage-deflate; client_max_window_bits", "client_max_window_bits, whose value is not"],
    ["permessage-deflate; client_max_window_bits=16", "client_max_window_bits=16, whose value"],
    ["permessage-deflate; server_max_window_bits=7", "server_max_window_bits=7, whose value"],
    ["permessage-deflate; server_no_context_takeover=1", "which takes no value"],
    ["permessage-deflate; mystery=1", "the unknown parameter mystery=1"],
    [`${BOTH}; client_no_context_takeover`, "the parameter client_no_context_takeover twice"],
  ];
  for (const [answer, message] of wrong) assertThrows(() => check(answer), Error, message);
  assertEquals(answerTo(DEFLATE_OFFER), BOTH);
});

Deno.test("the examples of RFC 7692 7.2.3 say Hello", async () => {
  const fresh = await openDeflate(PLAIN);
  assertEquals(inflateText(fresh, "f2 48 cd c9 c9 07 00"), "Hello", "7.2.3.1: a block");
  assertEquals(inflateText(fresh, "00 05 00 fa ff 48 65 6c 6c 6f 00"), "Hello", "7.2.3.3: stored");
  assertEquals(inflateText(fresh, "f3 48 cd c9 c9 07 00 00"), "Hello", "7.2.3.4: a last block");
  assertEquals(
    inflateText(fresh, "f2 48 05 00 00 00 ff ff ca c9 c9 07 00"),
    "Hello",
    "7.2.3.5: two blocks",
  );
  assertEquals(inflateText(fresh, "00"), "", "7.2.3.6: nothing");
  assertEquals(inflateText(fresh, ""), "", "what zlib makes of nothing twice");
  const keeping = await openDeflate({ ...PLAIN, peerKeepsContext: true });
  assertEquals(inflateText(keeping, "f2 48 cd c9 c9 07 00"), "Hello");
  assertEquals(inflateText(keeping, "f2 00 11 00 00"), "Hello", "7.2.3.2: what came before");
  assertThrows(() => inflateText(fresh, "f2 00 11 00 00"), WebSocketViolation, "(1007)");
});

Deno.test("a payload that is malformed or cut short fails with 1007", async () => {
  const deflate = await openDeflate(PLAIN);
  const whole = deflated(new TextEncoder().encode("a message that goes on for a while"));
  const malformed: [why: string, payload: Uint8Array][] = [
    ["a type of block that there is not", bytesOfHex("07")],
    ["a stored block with another length", bytesOfHex("00 05 00 00 00 48")],
    ["what would begin before the message", bytesOfHex("f2 00 11 00 00")],
    ["zlib's own header", bytesOfHex("78 9c f2 48 cd c9 c9 07 00")],
    ["cut in the middle", whole.subarray(0, -8)],
    ["cut by one byte", whole.subarray(0, -1)],
    ["one byte", bytesOfHex("f2")],
    ["something behind a last block", bytesOfHex("f3 48 cd c9 c9 07 00 ff ff")],
    ["streams without end", Uint8Array.from({ length: 4000 }, (_, at) => at % 2 === 0 ? 3 : 0)],
  ];
  for (const [why, payload] of malformed) {
    const violation = assertThrows(() => deflate.inflate(payload, 1000), WebSocketViolation);
    assertEquals(violation.code, 1007, why);
  }
});

Deno.test("a payload may be made of several streams", async () => {
  const deflate = await openDeflate(PLAIN);
  const streams = ["one, ", "two, ", "three"].map((text) =>
    deflated(new TextEncoder().encode(text), constants.Z_FINISH)
  );
  const payload = Uint8Array.from([...streams.flatMap((bytes) => [...bytes]), 0]);
  assertEquals(new TextDecoder().decode(deflate.inflate(payload, 100)), "one, two, three");
  assertEquals(assertThrows(() => deflate.inflate(payload, 14), WebSocketViolation).code, 1009);
});

Deno.test("a bomb is refused with 1009 and never unfolds", async () => {
  const deflate = await openDeflate(PLAIN);
  const zeros = deflated(new Uint8Array(64 * 1024 * 1024));
  assertLess(zeros.length, 70_000);
  const before = Deno.memoryUsage();
  const violation = assertThrows(() => deflate.inflate(zeros, 100_000), WebSocketViolation);
  const after = Deno.memoryUsage();
  assertEquals(violation.code, 1009);
  assertLess(after.external - before.external, 16 * 1024 * 1024);
  const limit = deflated(new Uint8Array(100_000));
  assertEquals(deflate.inflate(limit, 100_000).length, 100_000);
  assertEquals(assertThrows(() => deflate.inflate(limit, 99_999), WebSocketViolation).code, 1009);
});

Deno.test("only what gets smaller by it is compressed", async () => {
  const deflate = await openDeflate(PLAIN);
  assertEquals(deflate.compress(new Uint8Array(1023)), null);
  assertEquals(deflate.compress(crypto.getRandomValues(new Uint8Array(5000))), null);
  const zeros = deflate.compress(new Uint8Array(1024));
  assert(zeros !== null && zeros.length < 30);
  const inflated = deflate.inflate(zeros, 1024);
  assertEquals(inflated, new Uint8Array(1024));
  assertEquals(inflated.buffer.byteLength, 1024, "keeping it keeps nothing else");
});

/** How far back a payload's references reach, read bit by bit (RFC 1951 3.2). */
function furthestReference(payload: Uint8Array): number {
  let bit = 0;
  const take = (count: number) => {
    let value = 0;
    for (let index = 0; index < count; index++, bit++) {
      value |= ((payload[bit >> 3] ?? 0) >> (bit & 7) & 1) << index;
    }
    return value;
  };
  const tableOf = (lengths: readonly number[]) => {
    const codes = new Map<string, number>();
    let code = 0;
    for (let length = 1; length <= 15; length++) {
      lengths.forEach((of, symbol) => {
        if (of === length) codes.set((code++).toString(2).padStart(length, "0"), symbol);
      });
      code <<= 1;
    }
    return codes;
  };
  const symbolOf = (table: ReadonlyMap<string, number>) => {
    for (let code = ""; code.length < 16;) {
      code += take(1);
      const symbol = table.get(code);
      if (symbol !== undefined) return symbol;
    }
    throw new Error("no such code");
  };
  let furthest = 0;
  while (bit < payload.length * 8 - 8) {
    take(1);
    const type = take(2);
    if (type === 0) {
      bit = (bit + 7) & ~7;
      const length = take(16);
      bit += 16 + length * 8;
      continue;
    }
    let lengths = [
      ...Array(144).fill(8),
      ...Array(112).fill(9),
      ...Array(24).fill(7),
      ...Array(8).fill(8),
    ];
    let distances = Array(30).fill(5);
    if (type === 2) {
      const [literals, others, codes] = [take(5) + 257, take(5) + 1, take(4) + 4];
      const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
      const codeLengths = Array(19).fill(0);
      for (let index = 0; index < codes; index++) codeLengths[order[index]!] = take(3);
      const table = tableOf(codeLengths);
      const all: number[] = [];
      while (all.length < literals + others) {
        const symbol = symbolOf(table);
        if (symbol < 16) all.push(symbol);
        else if (symbol === 16) all.push(...Array(take(2) + 3).fill(all.at(-1)));
        else all.push(...Array(symbol === 17 ? take(3) + 3 : take(7) + 11).fill(0));
      }
      lengths = all.slice(0, literals);
      distances = all.slice(literals);
    }
    const [literalTable, distanceTable] = [tableOf(lengths), tableOf(distances)];
    for (;;) {
      const symbol = symbolOf(literalTable);
      if (symbol === 256) break;
      if (symbol < 257) continue;
      take(symbol < 265 || symbol === 285 ? 0 : (symbol - 261) >> 2);
      const distance = symbolOf(distanceTable);
      const extra = distance < 4 ? 0 : (distance - 2) >> 1;
      const start = distance < 4 ? distance + 1 : ((2 + distance % 2) << extra) + 1;
      furthest = Math.max(furthest, start + take(extra));
    }
  }
  return furthest;
}

Deno.test("what is sent refers no further back than was agreed on, also with 8 bits", async () => {
  const random = seeded(newSeed());
  const below = (most: number) => Math.floor(random() * most);
  // Noise, and repetitions of what came so many bytes before.
  const payload = new Uint8Array(120_000).map(() => below(256));
  const distances = [...Array(16).keys()].flatMap((bit) => [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]);
  for (let at = 40_000; at < payload.length - 60; at += 10 + below(50)) {
    const distance = Math.max(1, distances[below(distances.length)]! + below(20) - 10);
    payload.copyWithin(at, at - distance, at - distance + 10 + below(40));
  }
  const reaches: number[] = [];
  for (let bits = 8; bits <= 15; bits++) {
    const deflate = await openDeflate({ ...PLAIN, sendWindowBits: bits });
    const compressed = deflate.compress(payload) ?? payload;
    assertEquals(deflate.inflate(compressed, payload.length), payload, `${bits} bits`);
    const reach = compressed === payload ? 0 : furthestReference(compressed);
    assert(reach <= 2 ** bits, `${bits} bits: reaches back ${reach}`);
    reaches.push(reach);
  }
  assert(reaches.every((reach, at) => reach > 100 * 2 ** at), `reached back ${reaches}`);
});

Deno.test("messages come out as they went in, with and without a context", async () => {
  const random = seeded(newSeed());
  const below = (most: number) => Math.floor(random() * most);
  for (let round = 0; round < 40; round++) {
    // A peer that keeps one compressor for all of its messages, as a server may.
    const windowBits = 9 + below(7);
    const peer = createDeflateRaw({ windowBits });
    const keeping = await openDeflate({ ...PLAIN, peerKeepsContext: true });
    const alone = await openDeflate({ sendWindowBits: 8 + below(8), peerKeepsContext: false });
    const words = Array.from({ length: 20 }, () => crypto.getRandomValues(new Uint8Array(8)));
    for (let count = below(8) + 1; count > 0; count--) {
      const payload = new Uint8Array(below(3) === 0 ? below(100_000) : below(3000));
      for (let at = 0; at < payload.length; at += 8) {
        payload.set(words[below(20)]!.subarray(0, payload.length - at), at);
      }
      const sent = await flushed(peer, payload);
      assertEquals(keeping.inflate(sent, payload.length), payload);
      const compressed = alone.compress(payload);
      if (compressed !== null) assertEquals(alone.inflate(compressed, payload.length), payload);
    }
    peer.close();
  }
});

/** One message of a stream, without its end. */
async function flushed(stream: DeflateRaw, payload: Uint8Array): Promise<Uint8Array> {
  if (payload.length > 0) stream.write(payload);
  const parts: number[] = [];
  let isFlushed = false;
  stream.flush(constants.Z_SYNC_FLUSH, () => isFlushed = true);
  for (;;) {
    const part = stream.read();
    if (part !== null) { for (const byte of part) parts.push(byte); }
    else if (isFlushed) break;
    else await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return Uint8Array.from(parts.slice(0, -4));
}

Deno.test("random bytes are inflated or refused, and never anything else", async () => {
  const random = seeded(newSeed());
  const deflate = await openDeflate(PLAIN);
  const codes = new Set<number>();
  for (let round = 0; round < 5000; round++) {
    const good = deflated(new TextEncoder().encode("abc".repeat(Math.floor(random() * 50))));
    const payload = Uint8Array.from(good);
    for (let changes = Math.floor(random() * 4); changes > 0; changes--) {
      payload[Math.floor(random() * payload.length)] = Math.floor(random() * 256);
    }
    try {
      assert(deflate.inflate(payload, 120).length <= 120);
    } catch (error) {
      if (!(error instanceof WebSocketViolation)) throw error;
      codes.add(error.code);
    }
  }
  assertEquals([...codes].sort(), [1007, 1009]);
});
