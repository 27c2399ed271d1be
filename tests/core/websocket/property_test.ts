/** Random frames, whole and damaged, cut at random places: what our reader and session make of them,
 * beside the plainest reader there could be. */

import { assert, assertEquals } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import type { Connection } from "../../../core/connection.ts";
import { createCounters } from "../../../core/counters.ts";
import type { Message } from "../../../core/session.ts";
import { openDeflate } from "../../../core/websocket/deflate.ts";
import { WebSocketViolation } from "../../../core/websocket/frame.ts";
import { ControlFrame, FrameReader } from "../../../core/websocket/reader.ts";
import { WebSocketSession } from "../../../core/websocket/websocket_session.ts";
import { type Below, damaged, goodStream, pieces } from "../../random_frames.ts";
import { concat, rawFrame } from "../../raw_websocket.ts";
import { newSeed, seeded } from "../../seeded.ts";

const MAX_MESSAGE_BYTES = 3000;
const ADDRESS: Address = { transport: "tcp", hostname: "127.0.0.1", port: 1 };

const deflate = await openDeflate({ sendWindowBits: 15, peerKeepsContext: false });

/** What is made of a stream: messages, control frames as `9:payload`, and how it ends. */
interface Outcome {
  readonly items: readonly (Message | string)[];
  /** The code of a violation; null when there was none so far. */
  readonly code: number | null;
}

/** A message that is not whole yet. */
interface Begun {
  readonly opcode: number;
  readonly compressed: boolean;
  payload: Uint8Array;
}

/** All of it at once, with nothing thought of but the rules. */
function plainly(bytes: Uint8Array): Outcome {
  const items: (Message | string)[] = [];
  let message: Begun | null = null;
  for (let at = 0; bytes.length - at >= 2;) {
    const [first, second] = [bytes[at]!, bytes[at + 1]!];
    const [fin, rsv, opcode] = [first >= 0x80, first >> 4 & 7, first & 15];
    const short = second & 0x7f;
    if (rsv !== 0 && !(rsv === 4 && (opcode === 1 || opcode === 2))) return { items, code: 1002 };
    if (opcode > 10 || (opcode > 2 && opcode < 8)) return { items, code: 1002 };
    if (opcode > 7 && (!fin || short > 125)) return { items, code: 1002 };
    if (opcode < 8 && (opcode === 0) !== (message !== null)) return { items, code: 1002 };
    if (second < 0x80) return { items, code: 1002 };
    const more = short === 126 ? 2 : short === 127 ? 8 : 0;
    if (bytes.length - at < 6 + more) break;
    let length = BigInt(short);
    if (more > 0) {
      length = 0n;
      for (let index = 0; index < more; index++) {
        length = length << 8n | BigInt(bytes[at + 2 + index]!);
      }
      if (length < (more === 2 ? 126n : 65_536n) || length >> 63n) return { items, code: 1002 };
    }
    const current: Begun = message ??
      { opcode, compressed: rsv === 4, payload: new Uint8Array(0) };
    const most = current.compressed
      ? MAX_MESSAGE_BYTES + Math.ceil(MAX_MESSAGE_BYTES / 16) + 64
      : MAX_MESSAGE_BYTES;
    if (opcode < 8 && BigInt(current.payload.length) + length > BigInt(most)) {
      return { items, code: 1009 };
    }
    const mask = bytes.subarray(at + 2 + more, at + 6 + more);
    const payload = bytes.slice(at + 6 + more, at + 6 + more + Number(length))
      .map((byte, index) => byte ^ mask[index % 4]!);
    const isWhole = payload.length === Number(length);
    at += 6 + more + Number(length);
    if (opcode > 7) {
      if (isWhole) items.push(`${opcode}:${payload}`);
      continue;
    }
    current.payload = concat(current.payload, payload);
    message = current;
    const isLast = fin && isWhole;
    if (current.opcode === 1 && !current.compressed) {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      try {
        const text = decoder.decode(current.payload, { stream: !isLast });
        if (isLast) items.push(text);
      } catch {
        return { items, code: 1007 };
      }
    } else if (isLast && !current.compressed) {
      items.push(current.payload);
    } else if (isLast) {
      try {
        const inflated = deflate.inflate(current.payload, MAX_MESSAGE_BYTES);
        const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
        items.push(current.opcode === 1 ? text.decode(inflated) : inflated);
      } catch (error) {
        return { items, code: error instanceof WebSocketViolation ? error.code : 1007 };
      }
    }
    if (isLast) message = null;
  }
  return { items, code: null };
}

/** The same by our reader, from pieces of random sizes. */
function byReader(bytes: Uint8Array, below: Below): Outcome {
  const reader = new FrameReader({
    masked: true,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    inflate: (payload, maxBytes) => deflate.inflate(payload, maxBytes),
  });
  const items: (Message | string)[] = [];
  try {
    for (const piece of pieces(bytes, below)) {
      reader.push(piece);
      for (let item; (item = reader.next()) !== null;) {
        items.push(item instanceof ControlFrame ? `${item.opcode}:${item.payload}` : item);
      }
    }
  } catch (error) {
    if (!(error instanceof WebSocketViolation)) throw error;
    return { items, code: error.code };
  }
  return { items, code: null };
}

Deno.test("the reader makes of any bytes what the rules say, wherever they are cut", () => {
  const random = seeded(newSeed());
  const below: Below = (most) => Math.floor(random() * most);
  const codes = new Map<number | null, number>();
  for (let round = 0; round < 6000; round++) {
    const good = goodStream(below);
    const bytes = round % 3 === 0 ? good : damaged(good, below);
    const expected = plainly(bytes);
    assertEquals(byReader(bytes, below), expected, `round ${round}`);
    codes.set(expected.code, (codes.get(expected.code) ?? 0) + 1);
  }
  for (const code of [null, 1002, 1007, 1009]) assert((codes.get(code) ?? 0) > 20, `${code}`);
});

/** A connection in memory that gives what it was told and keeps what it is given. */
class Scripted implements Connection {
  readonly local = ADDRESS;
  readonly remote = ADDRESS;
  readonly written: Uint8Array[] = [];
  readonly #pieces: Uint8Array[];
  #isClosed = false;

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = [...pieces];
  }

  async read(into: Uint8Array): Promise<number | null> {
    await Promise.resolve();
    if (this.#isClosed) throw new Deno.errors.BadResource("closed");
    const piece = this.#pieces.shift();
    if (piece === undefined) return null;
    into.set(piece.subarray(0, into.length));
    if (piece.length > into.length) this.#pieces.unshift(piece.subarray(into.length));
    return Math.min(piece.length, into.length);
  }

  async write(all: Uint8Array): Promise<void> {
    await Promise.resolve();
    if (this.#isClosed) throw new Deno.errors.BrokenPipe("closed");
    this.written.push(all.slice());
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
  }
}

/** The frames that a server wrote. */
function framesOf(bytes: Uint8Array): [opcode: number, payload: Uint8Array][] {
  const frames: [number, Uint8Array][] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const short = bytes[at + 1]!;
    assert(short < 0x80, "a server does not mask");
    const length = short < 126
      ? short
      : short === 126
      ? view.getUint16(at + 2)
      : view.getUint32(at + 6);
    const start = at + 2 + (short < 126 ? 0 : short === 126 ? 2 : 8);
    frames.push([bytes[at]! & 0x4f, bytes.slice(start, start + length)]);
    at = start + length;
  }
  return frames;
}

Deno.test("a session echoes what came before it broke, and closes with the right code", async () => {
  const random = seeded(newSeed());
  const below: Below = (most) => Math.floor(random() * most);
  const codes = new Map<number, number>();
  for (let round = 0; round < 3000; round++) {
    const good = goodStream(below);
    const bytes = below(3) === 0 ? concat(good, rawFrame(8, [3, 232])) : damaged(good, below);
    const { items, code } = plainly(bytes);
    const connection = new Scripted(pieces(bytes, below));
    const session = new WebSocketSession(connection, {
      role: "server",
      maxMessageBytes: MAX_MESSAGE_BYTES,
      counters: createCounters(),
      head: new Uint8Array(0),
      deflate,
    });
    try {
      for await (const message of session) await session.send(message);
    } catch {
      // It was broken off.
    }
    await session.finish();

    const frames = framesOf(concat(...connection.written));
    const messages = frames.filter(([opcode]) => (opcode & 15) < 8).map(([opcode, payload]) => {
      const whole = opcode > 15 ? deflate.inflate(payload, MAX_MESSAGE_BYTES) : payload;
      return (opcode & 15) === 1
        ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(whole)
        : whole;
    });
    const isControl = (item: Message | string) =>
      typeof item === "string" && /^(?:8|9|10):[\d,]*$/.test(item);
    const closeAt = items.findIndex((item) => typeof item === "string" && /^8:[\d,]*$/.test(item));
    const before = closeAt < 0 ? items : items.slice(0, closeAt);
    assertEquals(messages, before.filter((item) => !isControl(item)), `round ${round}`);
    const pongs = frames.filter(([opcode]) => opcode === 10).map(([, payload]) => `9:${payload}`);
    assertEquals(
      pongs,
      before.filter((item) => /^9:[\d,]*$/.test(String(item)) && isControl(item)),
    );

    const close = frames.find(([opcode]) => opcode === 8)?.[1];
    if (closeAt >= 0) {
      // What the peer's own close frame says, if that is allowed, is said back.
      assert(close !== undefined, `round ${round}`);
    } else if (code !== null) {
      assertEquals(close && (close[0]! << 8 | close[1]!), code, `round ${round}`);
    } else {
      // The peer left, which needs no answer.
      assertEquals(close, undefined, `round ${round}`);
    }
    const said = close === undefined || close.length < 2 ? 0 : close[0]! << 8 | close[1]!;
    codes.set(said, (codes.get(said) ?? 0) + 1);
  }
  for (const code of [0, 1000, 1002, 1007, 1009]) assert((codes.get(code) ?? 0) > 10, `${code}`);
});
