// WebSocket frames (RFC 6455 5): opcodes, close codes, and encoding.

import type { Message } from "../session.ts";
import { smallBytes } from "../sessions/small_bytes.ts";

/** Opcodes (RFC 6455 5.2 and 11.8). */
export const OPCODE = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** The bit RSV1 in a message's first frame: the message is compressed (RFC 7692 6). */
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

/** Size from which masking four bytes at a time is faster. */
const WORTH_WORDS_BYTES = 512;

/** The largest payload of a close, ping or pong (RFC 6455 5.5). */
export const MAX_CONTROL_BYTES = 125;

// A byte order mark is part of the peer's message.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Parses the payload of a close frame. `code` is 1005 when there is none.
 *
 * The codes from 1012 to 1014, registered after RFC 6455, report states of a server or gateway and
 * are invalid from a client.
 *
 * @throws {WebSocketViolation} when the payload is invalid (RFC 6455 5.5.1, 7.4) */
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

/** Encodes a close frame, with its reason cut to the limit. */
export function closeFrame(code: number, reason: string, masked: boolean): Uint8Array {
  if (code === CLOSE_CODE.none) return encodeFrame(OPCODE.close, NO_BYTES, masked);
  const payload = new Uint8Array(MAX_CONTROL_BYTES);
  payload[0] = code >> 8;
  payload[1] = code & 0xff;
  // encodeInto writes whole characters only.
  const { written } = encoder.encodeInto(reason, payload.subarray(2));
  return encodeFrame(OPCODE.close, payload.subarray(0, 2 + written), masked);
}

/** Encodes a message as one frame, compressed where `compress` makes it smaller. */
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

/** Encodes an unfragmented frame. `opcode` may have the bit `COMPRESSED`. */
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

/** XORs bytes with the four bytes of a mask (RFC 6455 5.3).
 * @param maskAt index of the mask in `holder`
 * @param phase index in the mask for the first byte */
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
    // The mask in memory order, so that the byte order of this machine does not matter.
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

/** Returns an unpredictable mask. Random bytes are cheaper when many are taken at once. */
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
