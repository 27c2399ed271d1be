// What the frames of a WebSocket are made of (RFC 6455 5), and how they are written.

import type { Message } from "../session.ts";
import { smallBytes } from "../sessions/small_bytes.ts";

/** What a frame is (RFC 6455 5.2 and 11.8). */
export const OPCODE = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** In the first byte of a message's first frame: the message is compressed (RFC 7692 6). */
export const COMPRESSED = 0x40;

/** The status codes of a close frame that we use (RFC 6455 7.4.1). */
export const CLOSE_CODE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  /** Stands for a close frame without a code; never sent. */
  none: 1005,
  malformedText: 1007,
  tooLarge: 1009,
  internalError: 1011,
} as const;

/** The peer broke the protocol; the connection has to be failed with this code (RFC 6455 7.1.7). */
export class WebSocketViolation extends Error {
  override readonly name = "WebSocketViolation";
  readonly code: number;
  constructor(code: number, message: string) {
    super(`${message} (${code})`);
    this.code = code;
  }
}

const NO_BYTES = new Uint8Array(0);

/** From how many bytes on it is faster to mask four of them at a time. */
const WORTH_WORDS_BYTES = 512;

/** The largest payload of a close, ping or pong (RFC 6455 5.5). */
export const MAX_CONTROL_BYTES = 125;

// A byte order mark is the sender's business.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** What a close frame says. `code` is 1005 when it says nothing.
 *
 * The codes from 1012 to 1014 came after RFC 6455 and tell what a server or gateway goes through;
 * from a client they mean nothing.
 *
 * @throws {WebSocketViolation} when its payload is none (RFC 6455 5.5.1, 7.4) */
export function parseClose(
  payload: Uint8Array,
  sender: "client" | "server",
): { readonly code: number; readonly reason: string } {
  if (payload.length === 0) return { code: CLOSE_CODE.none, reason: "" };
  if (payload.length === 1) throw protocolError("a close frame has half a code");
  const code = payload[0]! << 8 | payload[1]!;
  const isKnown = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1011) ||
    (sender === "server" && code >= 1012 && code <= 1014);
  if (!isKnown && (code < 3000 || code > 4999)) {
    throw protocolError(`close code ${code} must not be sent`);
  }
  try {
    return { code, reason: decoder.decode(payload.subarray(2)) };
  } catch {
    throw malformedText();
  }
}

/** A close frame, its reason cut to what fits. */
export function closeFrame(code: number, reason: string, masked: boolean): Uint8Array {
  if (code === CLOSE_CODE.none) return encodeFrame(OPCODE.close, NO_BYTES, masked);
  const payload = new Uint8Array(MAX_CONTROL_BYTES);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  // encodeInto writes whole characters only.
  const { written } = encoder.encodeInto(reason, payload.subarray(2));
  return encodeFrame(OPCODE.close, payload.subarray(0, 2 + written), masked);
}

/** One message as one frame, compressed when `compress` makes something of it. */
export function messageFrame(
  message: Message,
  masked: boolean,
  compress?: (payload: Uint8Array) => Uint8Array | null,
): Uint8Array {
  const isText = typeof message === "string";
  const opcode = isText ? OPCODE.text : OPCODE.binary;
  const payload = isText ? encoder.encode(message) : message;
  const compressed = compress?.(payload) ?? null;
  return compressed === null
    ? encodeFrame(opcode, payload, masked)
    : encodeFrame(opcode | COMPRESSED, compressed, masked);
}

/** A frame that is not fragmented. `opcode` may have the bit `COMPRESSED`. */
export function encodeFrame(opcode: number, payload: Uint8Array, masked: boolean): Uint8Array {
  const { length } = payload;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const headBytes = 2 + lengthBytes + (masked ? 4 : 0);
  const frame = smallBytes(headBytes + length);
  frame[0] = 0x80 | opcode;
  frame[1] = lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127;
  if (lengthBytes === 2) {
    frame[2] = length >> 8;
    frame[3] = length & 0xff;
  } else if (lengthBytes === 8) {
    const view = new DataView(frame.buffer, frame.byteOffset);
    view.setUint32(2, Math.floor(length / 2 ** 32));
    view.setUint32(6, length % 2 ** 32);
  }
  frame.set(payload, headBytes);
  if (masked) {
    frame[1]! |= 0x80;
    frame.set(newMask(), headBytes - 4);
    applyMask(frame.subarray(headBytes), frame, headBytes - 4, 0);
  }
  return frame;
}

/** XORs bytes with the four of a mask (RFC 6455 5.3).
 *
 * @param maskAt where in `holder` the mask begins
 * @param phase which byte of the mask is the first to be used */
export function applyMask(
  bytes: Uint8Array,
  holder: Uint8Array,
  maskAt: number,
  phase: number,
): void {
  const { length } = bytes;
  let at = 0;
  if (length >= WORTH_WORDS_BYTES) {
    const lead = (4 - bytes.byteOffset % 4) % 4;
    for (; at < lead; at++) bytes[at]! ^= holder[maskAt + ((phase + at) & 3)]!;
    // The mask as the bytes stand in memory, so that this machine's order of bytes does not matter.
    const turned = [0, 1, 2, 3].map((index) => holder[maskAt + ((phase + at + index) & 3)]!);
    const mask = new Int32Array(new Uint8Array(turned).buffer)[0]!;
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, (length - at) >> 2);
    for (let index = 0; index < words.length; index++) words[index]! ^= mask;
    at += words.length * 4;
  }
  for (; at < length; at++) bytes[at]! ^= holder[maskAt + ((phase + at) & 3)]!;
}

const randomBytes = new Uint8Array(1024);
let randomAt = randomBytes.length;

/** A mask that cannot be foreseen. Random bytes are cheaper by the many. */
function newMask(): Uint8Array {
  if (randomAt === randomBytes.length) {
    crypto.getRandomValues(randomBytes);
    randomAt = 0;
  }
  randomAt += 4;
  return randomBytes.subarray(randomAt - 4, randomAt);
}

export function protocolError(message: string): WebSocketViolation {
  return new WebSocketViolation(CLOSE_CODE.protocolError, message);
}

export function malformedText(): WebSocketViolation {
  return new WebSocketViolation(CLOSE_CODE.malformedText, "a text is not UTF-8");
}
