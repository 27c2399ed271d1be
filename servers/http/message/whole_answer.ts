// Answers whose body is known, as bytes. Most are so small that a new array for each would cost as
// much as all else that is done for them here, so that theirs are used again.

import { Buffer } from "node:buffer";
import type { Outgoing } from "./outgoing.ts";

const SMALL_BYTES = 4096;
/** The most arrays that stand by. */
const MAX_FREE = 32;

const free: ArrayBuffer[] = [];
const encoder = new TextEncoder();

/** Puts a head and its body together. Pass the bytes to `giveBack` when they were written. */
export function wholeAnswer(
  { head, length }: Outgoing,
  body: string | Uint8Array | null,
): Uint8Array<ArrayBuffer> {
  const total = head.length + (body === null ? 0 : length!);
  const bytes = total > SMALL_BYTES
    ? new Uint8Array(total)
    : new Uint8Array(free.pop() ?? new ArrayBuffer(SMALL_BYTES), 0, total);
  const isText = typeof body === "string";
  const text = isText ? head + body : head;
  const { read, written } = encoder.encodeInto(text, bytes);
  // Nearly every head is ASCII; what is not needs more room in UTF-8 than there is.
  if (read !== text.length || !isText && written !== head.length) {
    bytes.set(Buffer.from(head, "latin1"));
    if (isText) encoder.encodeInto(body, bytes.subarray(head.length));
  }
  if (!isText && body !== null) bytes.set(body, head.length);
  return bytes;
}

/** Takes bytes back that nobody reads any more. */
export function giveBack({ buffer }: Uint8Array<ArrayBuffer>): void {
  if (buffer.byteLength === SMALL_BYTES && free.length < MAX_FREE) free.push(buffer);
}
