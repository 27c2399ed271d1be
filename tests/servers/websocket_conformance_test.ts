/** A WebSocket server held against RFC 6455 and RFC 7692, case by case, in raw frames: what is sent,
 * what comes back, and with which code it ends. */

import { assert, assertEquals, assertLess, assertRejects } from "@std/assert";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { serve } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { cpuMs } from "../cpu_time.ts";
import { concat, type FrameShape, rawFragments, rawFrame, RawPeer } from "../raw_websocket.ts";

const encoder = new TextEncoder();

/** A frame that has to come back: opcode and payload. */
type Expected = readonly [opcode: number, payload: Uint8Array];

interface Case {
  readonly name: string;
  /** Written one after the other. */
  readonly send: readonly Uint8Array[];
  readonly expect: readonly Expected[];
  /** How it ends: the server closes with this code, or it goes on and we close. */
  readonly end: number | "open";
}

function text(payload: string): Expected {
  return [1, encoder.encode(payload)];
}

function binary(payload: Uint8Array): Expected {
  return [2, payload];
}

function pong(payload: string | Uint8Array): Expected {
  return [10, typeof payload === "string" ? encoder.encode(payload) : payload];
}

/** The same bytes, one, two or more at a time. */
function chopped(bytes: Uint8Array, by: number): Uint8Array[] {
  const parts = Math.ceil(bytes.length / by);
  return Array.from({ length: parts }, (_, at) => bytes.subarray(at * by, (at + 1) * by));
}

function closeOf(code: number, reason: string | readonly number[] = ""): Uint8Array {
  const bytes = typeof reason === "string" ? encoder.encode(reason) : reason;
  return rawFrame(8, [code >> 8, code & 0xff, ...bytes]);
}

const part = (opcode: number, payload: string): Uint8Array =>
  rawFrame(opcode, payload, { fin: false });

const SIZES = [0, 1, 125, 126, 127, 128, 65_535, 65_536];

const messages: Case[] = SIZES.flatMap((size): Case[] => {
  const bytes = new Uint8Array(size).fill(0xfe);
  const letters = "*".repeat(size);
  return [
    {
      name: `5.6: a text of ${size} bytes`,
      send: [rawFrame(1, letters)],
      expect: [text(letters)],
      end: "open",
    },
    {
      name: `5.6: ${size} bytes, 997 at a time`,
      send: chopped(rawFrame(2, bytes), 997),
      expect: [binary(bytes)],
      end: "open",
    },
  ];
});

const pings: Case[] = [
  { name: "5.5.2: an empty ping", send: [rawFrame(9)], expect: [pong("")], end: "open" },
  {
    name: "5.5.2: a ping of bytes",
    send: [rawFrame(9, [0, 255, 254, 253, 0])],
    expect: [pong(Uint8Array.of(0, 255, 254, 253, 0))],
    end: "open",
  },
  {
    name: "5.5: a ping of 125 bytes, byte by byte",
    send: chopped(rawFrame(9, "p".repeat(125)), 1),
    expect: [pong("p".repeat(125))],
    end: "open",
  },
  { name: "5.5: a ping of 126", send: [rawFrame(9, "p".repeat(126))], expect: [], end: 1002 },
  {
    name: "5.5.3: pongs nobody asked for, then a ping",
    send: [rawFrame(10), rawFrame(10, "unasked"), rawFrame(9, "real")],
    expect: [pong("real")],
    end: "open",
  },
  {
    name: "5.5.2: ten pings at once",
    send: [concat(...Array.from({ length: 10 }, (_, index) => rawFrame(9, `${index}`)))],
    expect: Array.from({ length: 10 }, (_, index) => pong(`${index}`)),
    end: "open",
  },
];

const reservedBits: Case[] = [1, 2, 3, 4, 5, 6, 7].flatMap((rsv): Case[] => [
  {
    name: `5.2: reserved bits ${rsv} on the second message, then a ping`,
    send: [concat(rawFrame(1, "good"), rawFrame(1, "bad", { rsv }), rawFrame(9))],
    expect: [text("good")],
    end: 1002,
  },
  { name: `5.2: bits ${rsv} on a ping`, send: [rawFrame(9, "", { rsv })], expect: [], end: 1002 },
  { name: `5.2: bits ${rsv} on a close`, send: [rawFrame(8, "", { rsv })], expect: [], end: 1002 },
]);

const opcodes: Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => ({
  name: `5.2: opcode ${opcode} after a message`,
  send: [concat(rawFrame(1, "good"), rawFrame(opcode, "?"), rawFrame(9))],
  expect: [text("good")],
  end: 1002,
}));

const fragments: Case[] = [
  {
    name: "5.4: a ping in fragments",
    send: [part(9, "a"), rawFrame(0, "b")],
    expect: [],
    end: 1002,
  },
  {
    name: "5.4: a pong in fragments",
    send: [part(10, "a"), rawFrame(0, "b")],
    expect: [],
    end: 1002,
  },
  {
    name: "5.4: two",
    send: [part(1, "one,"), rawFrame(0, "two")],
    expect: [text("one,two")],
    end: "open",
  },
  {
    name: "5.4: two in one write, then bytes",
    send: [concat(part(1, "one,"), rawFrame(0, "two"), part(2, "a"), rawFrame(0, "b"))],
    expect: [text("one,two"), binary(encoder.encode("ab"))],
    end: "open",
  },
  {
    name: "5.4: two, byte by byte, with a ping between",
    send: chopped(concat(part(1, "one,"), rawFrame(9, "now"), rawFrame(0, "two")), 1),
    expect: [pong("now"), text("one,two")],
    end: "open",
  },
  {
    name: "5.4: empty ones",
    send: [part(1, ""), part(0, ""), rawFrame(9), part(0, ""), rawFrame(0, "")],
    expect: [pong(""), text("")],
    end: "open",
  },
  {
    name: "5.4: empty ones around a full one",
    send: [part(1, ""), part(0, "middle"), rawFrame(0, "")],
    expect: [text("middle")],
    end: "open",
  },
  {
    name: "5.4: five, with pings between",
    send: [
      part(1, "1"),
      part(0, "2"),
      rawFrame(9, "a"),
      part(0, "3"),
      part(0, "4"),
      rawFrame(9, "b"),
      rawFrame(0, "5"),
    ],
    expect: [pong("a"), pong("b"), text("12345")],
    end: "open",
  },
  {
    name: "5.4: the last of nothing",
    send: [rawFrame(0, "a"), rawFrame(1, "b")],
    expect: [],
    end: 1002,
  },
  {
    name: "5.4: the middle of nothing",
    send: [part(0, "a"), rawFrame(1, "b")],
    expect: [],
    end: 1002,
  },
  {
    name: "5.4: one more after the last",
    send: [concat(part(1, "a"), rawFrame(0, "b"), rawFrame(0, "c"))],
    expect: [text("ab")],
    end: 1002,
  },
  {
    name: "5.4: a text inside a text",
    send: [part(1, "a"), rawFrame(1, "b")],
    expect: [],
    end: 1002,
  },
  { name: "5.4: bytes inside a text", send: [part(1, "a"), part(2, "b")], expect: [], end: 1002 },
  {
    name: "5.4: a close inside a text",
    send: [concat(part(1, "a"), closeOf(1000), rawFrame(0, "b"))],
    expect: [],
    end: 1000,
  },
];

const VALID_UTF8: readonly [why: string, bytes: readonly number[]][] = [
  ["two bytes, first and last", [0xc2, 0x80, 0xdf, 0xbf]],
  ["three, first and last", [0xe0, 0xa0, 0x80, 0xef, 0xbf, 0xbf]],
  ["four, first and last", [0xf0, 0x90, 0x80, 0x80, 0xf4, 0x8f, 0xbf, 0xbf]],
  ["around the surrogates", [0xed, 0x9f, 0xbf, 0xee, 0x80, 0x80]],
  ["U+FFFD itself", [0xef, 0xbf, 0xbd]],
  ["no characters (U+FFFE, U+FDD0)", [0xef, 0xbf, 0xbe, 0xef, 0xb7, 0x90]],
  ["a byte order mark", [0xef, 0xbb, 0xbf, 0x61]],
  ["NUL", [0]],
];

const INVALID_UTF8: readonly [why: string, bytes: readonly number[]][] = [
  ["a continuation alone", [0x80]],
  ["0xbf alone", [0xbf]],
  ["64 continuations", Array.from({ length: 64 }, (_, at) => 0x80 + at)],
  ["a start without more, then a space", [0xc3, 0x20]],
  ["three bytes cut by a space", [0xe2, 0x82, 0x20]],
  ["0xfe and 0xff", [0xfe, 0xff]],
  ["five bytes", [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ["six bytes", [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80]],
  ["a long slash in two", [0xc0, 0xaf]],
  ["a long slash in three", [0xe0, 0x80, 0xaf]],
  ["a long slash in four", [0xf0, 0x80, 0x80, 0xaf]],
  ["the longest overlong in two", [0xc1, 0xbf]],
  ["an overlong NUL", [0xc0, 0x80]],
  ["above U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ["the first surrogate", [0xed, 0xa0, 0x80]],
  ["a pair of surrogates", [0xed, 0xa0, 0x80, 0xed, 0xb0, 0x80]],
];

const utf8: Case[] = [
  ...VALID_UTF8.flatMap(([why, bytes]): Case[] => [
    {
      name: `8.1: ${why}, a byte a fragment`,
      send: rawFragments(1, Uint8Array.from(bytes), 1),
      expect: [[1, Uint8Array.from(bytes)]],
      end: "open",
    },
    {
      name: `8.1: ${why}, a byte a write`,
      send: chopped(rawFrame(1, bytes), 1),
      expect: [[1, Uint8Array.from(bytes)]],
      end: "open",
    },
  ]),
  ...INVALID_UTF8.flatMap(([why, bytes]): Case[] => {
    const inside = [...encoder.encode("before"), ...bytes, ...encoder.encode("after")];
    return [
      { name: `8.1: ${why}`, send: [rawFrame(1, inside)], expect: [], end: 1007 },
      {
        name: `8.1: ${why}, a byte a fragment`,
        send: rawFragments(1, Uint8Array.from(inside), 1),
        expect: [],
        end: 1007,
      },
      // Nothing more follows: it must not be waited for.
      {
        name: `8.1: ${why}, the message not whole`,
        send: [part(1, ""), rawFrame(0, inside, { fin: false })],
        expect: [],
        end: 1007,
      },
      {
        name: `8.1: ${why}, the frame not whole`,
        send: [rawFrame(1, [...inside, ...new Uint8Array(100)]).subarray(0, 6 + inside.length)],
        expect: [],
        end: 1007,
      },
    ];
  }),
  {
    name: "8.1: a text cut in a character",
    send: [rawFrame(1, [0xce, 0xba, 0xe1])],
    expect: [],
    end: 1007,
  },
  {
    name: "8.1: a text cut in a character, in fragments",
    send: [rawFrame(1, [0xf0, 0x9f], { fin: false }), rawFrame(0, [0x9a])],
    expect: [],
    end: 1007,
  },
];

const closes: Case[] = [
  { name: "5.5.1: without a code", send: [rawFrame(8)], expect: [], end: 1005 },
  { name: "5.5.1: half a code", send: [rawFrame(8, [3])], expect: [], end: 1002 },
  {
    name: "5.5.1: a reason of 123 bytes",
    send: [closeOf(1000, "r".repeat(123))],
    expect: [],
    end: 1000,
  },
  {
    name: "5.5.1: a reason of 124 bytes",
    send: [closeOf(1000, "r".repeat(124))],
    expect: [],
    end: 1002,
  },
  {
    name: "8.1: a malformed reason",
    send: [closeOf(1000, [0xce, 0xba, 0xed, 0xa0, 0x80])],
    expect: [],
    end: 1007,
  },
  {
    name: "5.5.1: a message, then a close",
    send: [concat(rawFrame(1, "last"), closeOf(1000))],
    expect: [text("last")],
    end: 1000,
  },
  {
    name: "5.5.1: whatever follows a close means nothing",
    send: [
      concat(closeOf(1000), rawFrame(1, "late"), rawFrame(9, "late"), closeOf(4000), rawFrame(3)),
    ],
    expect: [],
    end: 1000,
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((
    code,
  ): Case => ({ name: `7.4: code ${code}`, send: [closeOf(code)], expect: [], end: code })),
  ...[0, 999, 1004, 1005, 1006, 1012, 1013, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((
    code,
  ): Case => ({ name: `7.4: no code ${code}`, send: [closeOf(code)], expect: [], end: 1002 })),
];

const lengths: Case[] = [
  { name: "5.1: no mask", send: [rawFrame(1, "a", { mask: null })], expect: [], end: 1002 },
  {
    name: "5.3: a mask of zeros",
    send: [rawFrame(1, "a", { mask: [0, 0, 0, 0] })],
    expect: [text("a")],
    end: "open",
  },
  ...([[2, 125n], [8, 125n], [8, 65_535n], [8, 1n << 63n]] as const).map((
    [bytes, value],
  ): Case => ({
    name: `5.2: a length of ${value} in ${bytes} bytes`,
    send: [rawFrame(2, "", { length: { bytes, value } })],
    expect: [],
    end: 1002,
  })),
  {
    name: "10.4: more than the limit",
    send: [rawFrame(2, "", { length: { bytes: 8, value: 1n << 62n } })],
    expect: [],
    end: 1009,
  },
];

/** Plays a case and says what was wrong. */
async function play(port: number, { name, send, expect, end }: Case): Promise<void> {
  using peer = await RawPeer.open(port);
  for (const bytes of send) await peer.write(bytes).catch(() => {});
  for (const [opcode, payload] of expect) {
    const frame = await peer.frame();
    assertEquals(
      [frame?.opcode, frame?.fin, frame?.rsv, frame?.masked],
      [opcode, true, 0, false],
      name,
    );
    assertEquals(frame?.payload, payload, name);
  }
  if (end === "open") await peer.write(closeOf(1000, "enough"));
  assertEquals((await peer.close())[0], end === "open" ? 1000 : end, name);
  assertEquals(await peer.rest(), new Uint8Array(0), name);
}

for (
  const [section, cases] of Object.entries({
    "messages of every size": messages,
    "pings and pongs": pings,
    "reserved bits": reservedBits,
    "reserved opcodes": opcodes,
    "fragments": fragments,
    "text that is UTF-8 and text that is not": utf8,
    "closing": closes,
    "masks and lengths": lengths,
  })
) {
  Deno.test(`RFC 6455: ${section}`, async () => {
    await using server = await serve("ws://127.0.0.1:0", echo);
    const port = Number(new URL(server.url).port);
    for (const one of cases) await play(port, one);
    assertEquals(server.stats().opened, cases.length);
  });
}

Deno.test("RFC 6455 5.4: large messages cost the same in many fragments as in few", async () => {
  const most = 4 * 1024 * 1024;
  await using server = await serve("ws://127.0.0.1:0", echo, { maxMessageBytes: most });
  const payload = new Uint8Array(most).map((_, at) => 32 + at % 90);
  for (const opcode of [1, 2]) {
    for (const fragmentBytes of [64, 4096, most]) {
      using peer = await RawPeer.open(Number(new URL(server.url).port));
      const frames = concat(...rawFragments(opcode, payload, fragmentBytes));
      const startedMs = cpuMs();
      await peer.write(frames);
      const answer = await peer.frame();
      // Copying all that came with each fragment of 64 bytes takes a minute.
      assertLess(cpuMs() - startedMs, 15_000, `${opcode} in ${fragmentBytes}`);
      assertEquals(answer?.opcode, opcode);
      assert(answer?.payload.every((byte, at) => byte === payload[at]));
    }
  }
});

/** A payload without the end that RFC 7692 7.2.1 leaves out. */
function deflated(payload: Uint8Array, options = {}): Uint8Array {
  const { Z_SYNC_FLUSH: finishFlush } = constants;
  return new Uint8Array(deflateRawSync(payload, { finishFlush, ...options })).subarray(0, -4);
}

function inflated(payload: Uint8Array, windowBits = 15): Uint8Array {
  const { Z_SYNC_FLUSH: finishFlush } = constants;
  const whole = concat(payload, Uint8Array.of(0, 0, 255, 255));
  return new Uint8Array(inflateRawSync(whole, { finishFlush, windowBits }));
}

function openDeflating(port: number, offer = "permessage-deflate"): Promise<RawPeer> {
  return RawPeer.open(port, { "Sec-WebSocket-Extensions": offer });
}

Deno.test("RFC 7692: compressed messages of every size come back, in any number of frames", async () => {
  await using server = await serve("ws://127.0.0.1:0", echo);
  const port = Number(new URL(server.url).port);
  const offers: [offer: string, windowBits: number][] = [
    ["permessage-deflate", 15],
    ["permessage-deflate; client_max_window_bits", 15],
    ["permessage-deflate; server_no_context_takeover", 15],
    ["permessage-deflate; server_max_window_bits=9", 9],
    ["permessage-deflate; server_max_window_bits=8", 9],
    ["permessage-deflate; server_max_window_bits=12; client_max_window_bits=9", 12],
    ["permessage-deflate; mystery, permessage-deflate; server_max_window_bits=10", 10],
  ];
  const verse = "all hands on deck, 🚢 and the next line is another one; ";
  for (const [offer, windowBits] of offers) {
    using peer = await openDeflating(port, offer);
    for (const size of [0, 16, 64, 256, 1023, 1024, 4096, 65_536, 131_072]) {
      const payload = encoder.encode(verse.repeat(Math.ceil(size / 50)));
      for (const fragmentBytes of [Infinity, 100]) {
        await peer.write(concat(
          ...rawFragments(1, deflated(payload), fragmentBytes, { rsv: 4 }),
        ));
        const { opcode, rsv, payload: answer } = (await peer.frame())!;
        assertEquals([opcode, rsv], [1, payload.length < 1024 ? 0 : 4], `${offer}: ${size}`);
        assertEquals(rsv === 4 ? inflated(answer, windowBits) : answer, payload);
      }
    }
    // A message that is not compressed is as good.
    await peer.write(rawFrame(2, new Uint8Array(2000)));
    assertEquals(inflated((await peer.frame())!.payload), new Uint8Array(2000));
    await peer.write(closeOf(1000));
    assertEquals(await peer.close(), [1000, ""]);
  }
});

Deno.test("RFC 7692: what breaks the rules of compression ends the connection", async () => {
  await using server = await serve("ws://127.0.0.1:0", echo, { maxMessageBytes: 100_000 });
  const port = Number(new URL(server.url).port);
  const compressed: FrameShape = { rsv: 4 };
  const hello = deflated(encoder.encode("Hello"));
  const noise = crypto.getRandomValues(new Uint8Array(50_000));
  const broken: [why: string, send: Uint8Array, end: number][] = [
    [
      "6.1: the bit on a continuation",
      concat(rawFrame(1, hello, { fin: false, rsv: 4 }), rawFrame(0, "", compressed)),
      1002,
    ],
    ["6.1: the bit on a ping", rawFrame(9, "", compressed), 1002],
    ["6.1: the bit on a close", rawFrame(8, "", compressed), 1002],
    ["6: another bit too", rawFrame(1, hello, { rsv: 6 }), 1002],
    ["6: another bit alone", rawFrame(1, hello, { rsv: 1 }), 1002],
    ["7.2.2: no deflate at all", rawFrame(1, [255, 255, 255], compressed), 1007],
    ["7.2.2: cut short", rawFrame(2, hello.subarray(0, -2), compressed), 1007],
    [
      "7.1.1.2: a context that was not agreed on",
      rawFrame(1, [0xf2, 0, 0x11, 0, 0], compressed),
      1007,
    ],
    [
      "8.1: a text that is not UTF-8",
      rawFrame(1, deflated(Uint8Array.of(0x61, 0xff)), compressed),
      1007,
    ],
    ["10.4: a bomb", rawFrame(2, deflated(new Uint8Array(50_000_000)), compressed), 1009],
    ["10.4: one byte too many", rawFrame(2, deflated(new Uint8Array(100_001)), compressed), 1009],
    [
      "10.4: fragments without end",
      concat(
        rawFrame(2, noise, { fin: false, rsv: 4 }),
        rawFrame(0, noise, { fin: false }),
        rawFrame(0, noise, { fin: false }),
      ),
      1009,
    ],
  ];
  for (const [why, send, end] of broken) {
    using peer = await openDeflating(port);
    await peer.write(send);
    assertEquals((await peer.close())[0], end, why);
    assertEquals(await peer.rest(), new Uint8Array(0), why);
  }
  assertEquals(server.stats().oversized, 3);
  using peer = await openDeflating(port);
  const [limit, random] = [new Uint8Array(100_000), concat(noise, noise)];
  await peer.write(concat(
    rawFrame(2, deflated(limit), compressed),
    // What cannot be compressed is a little larger than it was.
    ...rawFragments(2, deflated(random, { memLevel: 1, level: 1 }), 30_000, compressed),
  ));
  assertEquals(inflated((await peer.frame())!.payload), limit);
  assertEquals((await peer.frame())!.payload.length > 50_000, true);
});

Deno.test("without --deflate nothing is agreed on, and a compressed message breaks the protocol", async () => {
  await using server = await serve("ws://127.0.0.1:0", echo, { deflate: false });
  const port = Number(new URL(server.url).port);
  using peer = await openDeflating(port);
  await peer.write(rawFrame(1, deflated(encoder.encode("Hello")), { rsv: 4 }));
  assertEquals((await peer.close())[0], 1002);
});

Deno.test("a malformed list of extensions opens no WebSocket", async () => {
  await using server = await serve("ws://127.0.0.1:0", echo);
  const port = Number(new URL(server.url).port);
  await assertRejects(
    () => openDeflating(port, "permessage-deflate; ="),
    Error,
    "not opened: HTTP/1.1 400 Bad Request",
  );
});
