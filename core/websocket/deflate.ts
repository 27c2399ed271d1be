// Compressed messages: the extension permessage-deflate (RFC 7692). How two sides agree on it, and
// what one of them does with a message then.
//
// We never keep a compressor between messages, which would cost each connection some 300 KiB: every
// message is compressed by itself. Where the other side keeps its own (a server may; of clients we
// ask that they do not), the last 32 KiB that came are kept and put in front of the next message,
// which has the same effect.

import type * as zlib from "node:zlib";
import { concat } from "@std/bytes/concat";
import { CLOSE_CODE, WebSocketViolation } from "./frame.ts";
import type { Extension } from "./extensions.ts";

const NAME = "permessage-deflate";

/** Smaller messages are sent as they are: compressing them costs more time than it saves. */
const WORTH_BYTES = 1024;

/** Level 6 needs five times as long for a large message and saves a tenth more. */
const LEVEL = 3;

/** What reaches furthest back in a message (RFC 1951). */
const WINDOW_BYTES = 32 * 1024;

/** How often a message may end a stream of deflate and begin another (RFC 7692 7.2.3.4): each
 * costs a context of its own. */
const MAX_STREAMS = 16;

/** Left out at the end of every message (RFC 7692 7.2.1). */
const FLUSH = [0x00, 0x00, 0xff, 0xff];
/** Put behind that, an empty last block shows whether the message ended where a block does. */
const TAIL = Uint8Array.from([...FLUSH, 0x03, 0x00]);

const NO_BYTES = new Uint8Array(0);

/** What was agreed on, from one side's point of view. */
export interface DeflateTerms {
  /** How far back, as a power of two, what we send may refer. */
  readonly sendWindowBits: number;
  /** Whether what the peer sends may refer to its earlier messages. */
  readonly peerKeepsContext: boolean;
}

/** What a client asks for: that the server may choose how far back we refer. */
export const DEFLATE_OFFER = `${NAME}; client_max_window_bits`;

/** The first offer that a server can serve, with the element that answers it.
 *
 * An offer with a parameter that is unknown, repeated or has a wrong value is passed over (RFC 7692
 * 7.1). */
export function acceptDeflate(
  offers: readonly Extension[],
): { readonly terms: DeflateTerms; readonly answer: string } | undefined {
  for (const { name, parameters } of offers) {
    const offered = name === NAME ? readParameters(parameters, "offer") : null;
    if (typeof offered !== "object" || offered === null) continue;
    const bits = offered.get("server_max_window_bits");
    return {
      terms: { sendWindowBits: bits ?? 15, peerKeepsContext: false },
      answer: [
        NAME,
        "server_no_context_takeover",
        "client_no_context_takeover",
        ...(bits === undefined ? [] : [`server_max_window_bits=${bits}`]),
      ].join("; "),
    };
  }
  return undefined;
}

/** What a server's answer to `DEFLATE_OFFER` means; undefined when it turned nothing on.
 * @throws {Error} saying what is wrong with it */
export function checkDeflate(answer: readonly Extension[]): DeflateTerms | undefined {
  const [extension, ...more] = answer;
  if (extension === undefined) return undefined;
  if (extension.name !== NAME) {
    throw new Error(
      `the server turned on the extension "${extension.name}", which was not offered`,
    );
  }
  if (more.length > 0) throw new Error("the server turned on more than one extension");
  const agreed = readParameters(extension.parameters, "answer");
  if (typeof agreed === "string") throw new Error(`the server's answer to ${NAME} has ${agreed}`);
  return {
    sendWindowBits: agreed.get("client_max_window_bits") ?? 15,
    peerKeepsContext: !agreed.has("server_no_context_takeover"),
  };
}

/** The parameters by name, with the window bits of those that have some, or what is wrong. In an
 * offer, `client_max_window_bits` without a value says that the server may choose one. */
function readParameters(
  parameters: Extension["parameters"],
  place: "offer" | "answer",
): Map<string, number | undefined> | string {
  const read = new Map<string, number | undefined>();
  for (const [name, value] of parameters) {
    const shown = value === null ? name : `${name}=${value}`;
    if (read.has(name)) return `the parameter ${name} twice`;
    if (name === "server_no_context_takeover" || name === "client_no_context_takeover") {
      if (value !== null) return `the parameter ${shown}, which takes no value`;
      read.set(name, undefined);
    } else if (name === "server_max_window_bits" || name === "client_max_window_bits") {
      const isOpen = value === null && place === "offer" && name === "client_max_window_bits";
      if (!isOpen && !/^(?:[89]|1[0-5])$/.test(value ?? "")) {
        return `the parameter ${shown}, whose value is not from 8 to 15`;
      }
      read.set(name, value === null ? undefined : Number(value));
    } else {
      return `the unknown parameter ${shown}`;
    }
  }
  return read;
}

/** Those that keep nothing of a session, which sessions share. */
const shared = new Map<number, MessageDeflate>();

/** Gets ready to compress on these terms. What it resolves to is for one session, in which it is
 * for every message in turn. */
export async function openDeflate(terms: DeflateTerms): Promise<MessageDeflate> {
  const known = terms.peerKeepsContext ? undefined : shared.get(terms.sendWindowBits);
  if (known !== undefined) return known;
  // Loading it takes a good part of what starting the program does.
  const deflate = new MessageDeflate(terms, await import("node:zlib"));
  if (!terms.peerKeepsContext) shared.set(terms.sendWindowBits, deflate);
  return deflate;
}

/** Compresses and inflates the messages of one session. */
export class MessageDeflate {
  readonly #zlib: typeof zlib;
  readonly #options: zlib.ZlibOptions;
  readonly #keepsContext: boolean;
  /** The last that came, where the peer may refer to it. */
  #context = NO_BYTES;

  constructor({ sendWindowBits, peerKeepsContext }: DeflateTerms, library: typeof zlib) {
    this.#zlib = library;
    this.#keepsContext = peerKeepsContext;
    this.#options = {
      level: LEVEL,
      finishFlush: library.constants.Z_SYNC_FLUSH,
      // zlib has no window of 8 bits, but in one of 9 it refers no more than 250 bytes back.
      windowBits: Math.max(9, sendWindowBits),
    };
  }

  /** A message's payload compressed, or null where that is not worth it. */
  compress(payload: Uint8Array): Uint8Array | null {
    if (payload.length < WORTH_BYTES) return null;
    const deflated = this.#zlib.deflateRawSync(payload, this.#options);
    const length = deflated.length - FLUSH.length;
    return length < payload.length ? deflated.subarray(0, length) : null;
  }

  /** A message as it was before its sender compressed it. Never makes more than `maxBytes` of it.
   *
   * @param payload all of its frames
   * @throws {WebSocketViolation} when it is malformed (1007) or larger than `maxBytes` (1009) */
  inflate(payload: Uint8Array, maxBytes: number): Uint8Array {
    // zlib itself writes an empty message so after another one.
    if (payload.length === 0) return NO_BYTES;
    const parts: Uint8Array[] = [];
    let rest = concat([payload, TAIL]);
    let context = this.#context;
    let length = 0;
    for (let streams = 0; rest.length > 0; streams++) {
      if (streams === MAX_STREAMS) throw malformed();
      const { inflated, consumed } = this.#inflateStream(rest, context, maxBytes - length);
      length += inflated.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      parts.push(inflated);
      rest = rest.subarray(consumed);
      // A last block that ended the message needs nothing behind it.
      if (rest.length === TAIL.length) break;
      if (rest.length > 0) context = lastOf(context, inflated);
    }
    const whole = parts.length === 1 ? parts[0]! : concat(parts);
    if (this.#keepsContext) this.#context = lastOf(this.#context, whole);
    return whole;
  }

  #inflateStream(
    bytes: Uint8Array,
    context: Uint8Array,
    maxBytes: number,
  ): { readonly inflated: Uint8Array; readonly consumed: number } {
    // Deno 2.9.6 leaves out the dictionary of a raw stream, so what came before is put in front of
    // it, as a block that is not compressed (RFC 1951 3.2.4).
    const { length } = context;
    const before = length === 0 ? NO_BYTES : concat([
      Uint8Array.of(0, length, length >> 8, ~length, ~length >> 8),
      context,
    ]);
    try {
      // The types do not know what `info` does.
      const { buffer, engine } = this.#zlib.inflateRawSync(
        before.length === 0 ? bytes : concat([before, bytes]),
        {
          // It has to be positive.
          maxOutputLength: Math.max(1, length + maxBytes),
          info: true,
        },
      ) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
      return {
        // A copy: however short, what zlib gives out holds on to all that it made room for.
        inflated: new Uint8Array(buffer.subarray(length)),
        consumed: engine.bytesWritten - before.length,
      };
    } catch (error) {
      // Errors of zlib have a code.
      if (!(error instanceof Error && "code" in error)) throw error;
      throw error.code === "ERR_BUFFER_TOO_LARGE" ? tooLarge(maxBytes) : malformed();
    }
  }
}

/** What of all that came a later message may refer to. A copy. */
function lastOf(before: Uint8Array, latest: Uint8Array): Uint8Array<ArrayBuffer> {
  if (latest.length >= WINDOW_BYTES) return latest.slice(-WINDOW_BYTES);
  return concat([
    before.subarray(Math.max(0, before.length + latest.length - WINDOW_BYTES)),
    latest,
  ]);
}

function malformed(): WebSocketViolation {
  return new WebSocketViolation(
    CLOSE_CODE.malformedText,
    "a compressed message cannot be inflated",
  );
}

function tooLarge(maxBytes: number): WebSocketViolation {
  return new WebSocketViolation(
    CLOSE_CODE.tooLarge,
    `a message is larger than ${maxBytes} bytes`,
  );
}
