// A message as a record of the shared history: one JSON object. Every program with access to the
// broker can write there, so that reading trusts nothing.

import type { NewMessage, Standing } from "../message.ts";

/** The largest record, in bytes. */
export const MAX_RECORD_BYTES = 256 * 1024;

const MAX_NAME_LENGTH = 256;
/** The range of a Date, in milliseconds either side of the epoch. */
const MAX_TIME_MS = 8.64e15;

const UNRULY = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

interface Recorded {
  readonly message: NewMessage;
  /** As in place.ts. */
  readonly shift: number;
}

/** @throws {RangeError} when the record is too long or could not be read again */
export function encodeRecord(message: NewMessage, shift: number): Uint8Array {
  const { id, name, standing, kind, text, timeMs, sentAtMs } = message;
  const written = {
    v: 1,
    id,
    name,
    standing,
    kind,
    text,
    timeMs,
    sentAtMs,
    shift: shift || undefined,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(written));
  if (decodeRecord(bytes, message.room) === undefined) {
    throw new RangeError(
      `Cannot share the message ${id} of ${bytes.length} bytes: at most ${MAX_RECORD_BYTES} are ` +
        `allowed, and no control characters`,
    );
  }
  return bytes;
}

/** Reads a record; undefined when it is none. */
export function decodeRecord(bytes: Uint8Array, room: string): Recorded | undefined {
  const record = readObject(bytes, MAX_RECORD_BYTES);
  if (record === undefined || record["v"] !== 1) return undefined;
  const { id, name, standing, kind, text, timeMs, sentAtMs, shift = 0 } = record;
  if (
    typeof id !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(id) ||
    !isName(name) || !isName(room) || !isStanding(standing) ||
    (kind !== "say" && kind !== "me") ||
    !isPlainText(text) || !isTime(timeMs) || (sentAtMs !== undefined && !isTime(sentAtMs)) ||
    !isShift(shift)
  ) return undefined;
  return { message: { id, room, name, standing, kind, text, timeMs, sentAtMs }, shift };
}

/** Reads a JSON object of at most so many bytes; undefined when it is none. */
export function readObject(
  bytes: Uint8Array,
  maxBytes: number,
): Readonly<Record<string, unknown>> | undefined {
  if (bytes.length > maxBytes) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** Whether something can be the name of a member or a room. */
export function isName(value: unknown): value is string {
  return isPlainText(value) && value.length > 0 && value.length <= MAX_NAME_LENGTH;
}

/** Whether something is text that breaks no line, commands no terminal and turns no direction. */
export function isPlainText(value: unknown): value is string {
  return typeof value === "string" && !UNRULY.test(value) && value.isWellFormed();
}

export function isStanding(value: unknown): value is Standing {
  return value === "plain" || value === "verified";
}

/** Whether something is a time in milliseconds since the epoch. */
export function isTime(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= MAX_TIME_MS;
}

export function isShift(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 &&
    value < 2 ** 52;
}
