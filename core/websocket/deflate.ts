// Compression of WebSocket messages, the extension permessage-deflate (RFC 7692): its negotiation,
// and a compressor and decompressor for one side.
//
// We never keep a compressor between messages, which would cost each connection some 300 KiB: every
// message is compressed by itself. Where the other side keeps its own (a server may; clients are
// asked not to), the last 32 KiB received are kept and put in front of the next message, which has
// the same effect.

import type * as zlib from "node:zlib";
import { concat } from "@std/bytes/concat";
import { CLOSE_CODE, WebSocketViolation } from "./frame.ts";
import type { Extension } from "./extensions.ts";

const NAME = "permessage-deflate";

/** Smaller messages are sent uncompressed: compressing them costs more time than it saves. */
const WORTH_BYTES = 1024;

/** Compression level: 6 would need five times as long for a large message and save a tenth more. */
const LEVEL = 3;

/** The largest window of deflate (RFC 1951). */
const WINDOW_BYTES = 32 * 1024;

/** Limit of the deflate streams in one message (RFC 7692 7.2.3.4): each costs a context. */
const MAX_STREAMS = 16;

/** Bytes omitted at the end of every message (RFC 7692 7.2.1). */
const FLUSH = [0x00, 0x00, 0xff, 0xff];
/** The same and an empty last block, which shows whether the message ended at a block's end. */
const TAIL = Uint8Array.from([...FLUSH, 0x03, 0x00]);

const NO_BYTES = new Uint8Array(0);

/** The negotiated parameters, from the point of view of one side. */
export interface DeflateTerms {
  /** Size of the window for messages that we send, as a power of two. */
  readonly sendWindowBits: number;
  /** Whether the peer's messages may refer to its earlier ones. */
  readonly peerKeepsContext: boolean;
}

/** A client's offer: the server may choose the size of our window. */
export const DEFLATE_OFFER = `${NAME}; client_max_window_bits`;

/** Returns the first acceptable offer, with the element that answers it. An offer with a parameter
 * that is unknown, repeated or has a wrong value is declined (RFC 7692 7.1). */
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

/** Parses a server's answer to `DEFLATE_OFFER`; undefined when it declined compression.
 * @throws {Error} saying what is wrong with the answer */
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

/** Parses the parameters, or returns what is wrong with them. In an offer, `client_max_window_bits`
 * without a value means that the server may choose one. */
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

/** Instances without context takeover, which sessions share. */
const shared = new Map<number, MessageDeflate>();

/** Creates the compressor of one session, which processes its messages one at a time. */
export async function openDeflate(terms: DeflateTerms): Promise<MessageDeflate> {
  const known = terms.peerKeepsContext ? undefined : shared.get(terms.sendWindowBits);
  if (known !== undefined) return known;
  // Loaded on demand, because it takes a large part of the time to start the program.
  const deflate = new MessageDeflate(terms, await import("node:zlib"));
  if (!terms.peerKeepsContext) shared.set(terms.sendWindowBits, deflate);
  return deflate;
}

/** Compresses and decompresses the messages of one session. */
export class MessageDeflate {
  readonly #zlib: typeof zlib;
  readonly #options: zlib.ZlibOptions;
  readonly #keepsContext: boolean;
  /** The last bytes received, if the peer may refer to them. */
  #context = NO_BYTES;

  constructor({ sendWindowBits, peerKeepsContext }: DeflateTerms, library: typeof zlib) {
    this.#zlib = library;
    this.#keepsContext = peerKeepsContext;
    this.#options = {
      level: LEVEL,
      finishFlush: library.constants.Z_SYNC_FLUSH,
      // zlib has no window of 8 bits, but with one of 9 it refers at most 250 bytes back.
      windowBits: Math.max(9, sendWindowBits),
    };
  }

  /** Compresses the payload of a message; null where that is not worth it. */
  compress(payload: Uint8Array): Uint8Array | null {
    if (payload.length < WORTH_BYTES) return null;
    const deflated = this.#zlib.deflateRawSync(payload, this.#options);
    const length = deflated.length - FLUSH.length;
    return length < payload.length ? deflated.subarray(0, length) : null;
  }

  /** Decompresses a message to at most `maxBytes`.
   * @param payload the payloads of all its frames
   * @throws {WebSocketViolation} when it is malformed (1007) or larger than `maxBytes` (1009) */
  inflate(payload: Uint8Array, maxBytes: number): Uint8Array {
    // zlib itself compresses an empty message to no bytes after another one.
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
      // A last block that ended the message needs nothing after it.
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
    // Deno 2.9.6 ignores the dictionary of a raw stream, so the window is put in front of the
    // message, as a block that is not compressed (RFC 1951 3.2.4).
    const { length } = context;
    const before = length === 0 ? NO_BYTES : concat([
      Uint8Array.of(0, length, length >> 8, ~length, ~length >> 8),
      context,
    ]);
    try {
      // The types lack the effect of `info`.
      const { buffer, engine } = this.#zlib.inflateRawSync(
        before.length === 0 ? bytes : concat([before, bytes]),
        {
          // zlib refuses a limit of 0.
          maxOutputLength: Math.max(1, length + maxBytes),
          info: true,
        },
      ) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
      return {
        // A copy, because zlib returns a view of a much larger buffer.
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

/** The window for the next message: a copy of the last bytes of those received. */
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
