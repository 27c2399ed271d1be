// The messages between a sender and an inbox, as docs/inbox.md describes them: JSON objects, and
// content behind a zero byte.

import { bytesOf, type Message, textOf } from "../../core/session.ts";

/** The version of these messages. */
export const INBOX_VERSION = 1;

/** The longest message that is not content, in bytes. */
export const MAX_CONTROL_BYTES = 16 * 1024;

/** The first byte of a message that is content. No JSON text begins with it. */
const CONTENT_MARK = 0;

/** A file as it is offered. */
export interface OfferedFile {
  /** The path below the inbox, with slashes. */
  readonly name: string;
  readonly bytes: number;
  /** When its content was last changed, in milliseconds since the epoch. */
  readonly modifiedMs: number;
  /** Its permissions, as POSIX has them; absent where the sender has none. */
  readonly mode?: number;
  /** Its number in this session. The answer about its outcome bears the same number, so that the next
   * file may be offered before the inbox has this one in its place. */
  readonly id?: number;
}

/** A message of a sender. */
export type SenderMessage =
  | { readonly type: "hello"; readonly version: number }
  | ({ readonly type: "offer" } & OfferedFile)
  | { readonly type: "folder"; readonly name: string }
  /** The SHA-256 of the part of the file that the inbox asked to check. */
  | { readonly type: "prefix"; readonly sha256: string }
  /** All of the file was sent; this is its SHA-256. */
  | { readonly type: "end"; readonly sha256: string }
  /** The rest of the file will not come. */
  | { readonly type: "abort"; readonly reason: string };

/** The reasons for which an inbox refuses. */
export type RefusalCode =
  | "busy"
  | "changed"
  | "disk"
  | "exists"
  | "hash"
  | "limit"
  | "name"
  | "protocol"
  | "quota"
  | "taken-over"
  | "unverified";

/** An inbox refuses a file, or the session. */
export interface RefusedMessage {
  readonly type: "refused";
  readonly code: RefusalCode;
  /** A sentence for people. */
  readonly reason: string;
  /** Whether to try again a little later. */
  readonly again?: boolean;
  /** Whether the session ends with it. */
  readonly final?: boolean;
  /** The number of the file, if it has one. */
  readonly id?: number;
}

/** A message of an inbox. */
export type InboxMessage =
  | {
    readonly type: "welcome";
    readonly version: number;
    /** The most content that one message may hold. */
    readonly chunkBytes: number;
    /** The most content that may be on its way unconfirmed. */
    readonly windowBytes: number;
    /** How many files with an id may be sent to their end before the first is in its place. */
    readonly unsettled: number;
  }
  /** The inbox may have this much of the file already: the sender is to prove it by its hash. */
  | { readonly type: "check"; readonly bytes: number }
  /** The sender is to send the file from this byte on. */
  | { readonly type: "ready"; readonly fromBytes: number }
  /** The inbox has this much of the file now. */
  | { readonly type: "got"; readonly bytes: number }
  /** The inbox is at work: a sign of life. */
  | { readonly type: "working" }
  /** The file is in its place, under its name, with this SHA-256; a folder has none. */
  | {
    readonly type: "done";
    readonly sha256?: string;
    readonly already?: boolean;
    readonly id?: number;
  }
  | RefusedMessage;

/** A message of the peer is malformed. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** A message that is not content, for sending. */
export function encodeControl(message: SenderMessage | InboxMessage): Uint8Array {
  return bytesOf(JSON.stringify(message));
}

/** Room for a message with content, and the part of it that the content goes into. */
export function contentRoom(bytes: number): { message: Uint8Array; content: Uint8Array } {
  const message = new Uint8Array(bytes + 1);
  message[0] = CONTENT_MARK;
  return { message, content: message.subarray(1) };
}

/** The content that a message holds, or null when it is none. A view of the message. */
export function contentOf(message: Message): Uint8Array | null {
  if (typeof message === "string" || message[0] !== CONTENT_MARK) return null;
  return message.subarray(1);
}

/** Reads a message of a sender.
 * @throws {WireError} when it is malformed */
export function parseSenderMessage(message: Message): SenderMessage {
  const fields = parseObject(message);
  switch (fields["type"]) {
    case "hello":
      return { type: "hello", version: count(fields, "version") };
    case "offer": {
      const mode = fields["mode"] === undefined ? undefined : count(fields, "mode");
      return {
        type: "offer",
        name: words(fields, "name"),
        bytes: count(fields, "bytes"),
        modifiedMs: moment(fields, "modifiedMs"),
        ...(mode !== undefined && { mode }),
        ...idOf(fields),
      };
    }
    case "folder":
      return { type: "folder", name: words(fields, "name") };
    case "prefix":
    case "end":
      return { type: fields["type"], sha256: hash(fields) };
    case "abort":
      return { type: "abort", reason: words(fields, "reason") };
    default:
      throw new WireError(`the message type ${shown(fields["type"])} is unknown`);
  }
}

/** Reads a message of an inbox.
 * @throws {WireError} when it is malformed */
export function parseInboxMessage(message: Message): InboxMessage {
  const fields = parseObject(message);
  switch (fields["type"]) {
    case "welcome":
      return {
        type: "welcome",
        version: count(fields, "version"),
        chunkBytes: count(fields, "chunkBytes"),
        windowBytes: count(fields, "windowBytes"),
        unsettled: fields["unsettled"] === undefined ? 0 : count(fields, "unsettled"),
      };
    case "check":
    case "got":
      return { type: fields["type"], bytes: count(fields, "bytes") };
    case "ready":
      return { type: "ready", fromBytes: count(fields, "fromBytes") };
    case "working":
      return { type: "working" };
    case "done":
      return {
        type: "done",
        ...(fields["sha256"] !== undefined && { sha256: hash(fields) }),
        ...(fields["already"] === true && { already: true }),
        ...idOf(fields),
      };
    case "refused":
      return {
        type: "refused",
        // A code of a later version is passed on as it is.
        code: words(fields, "code") as RefusalCode,
        reason: words(fields, "reason"),
        again: fields["again"] === true,
        final: fields["final"] === true,
        ...idOf(fields),
      };
    default:
      throw new WireError(`the message type ${shown(fields["type"])} is unknown`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(message: Message): Fields {
  const { length } = bytesOf(message);
  if (length > MAX_CONTROL_BYTES) {
    throw new WireError(`a message of ${length} bytes is too long for one without content`);
  }
  let value: unknown;
  try {
    value = JSON.parse(textOf(message));
  } catch {
    throw new WireError("a message is neither content nor JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new WireError("a message is no JSON object");
  }
  return value as Fields;
}

function count(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new WireError(`${key} is ${shown(value)} and should be a whole number`);
}

function idOf(fields: Fields): { readonly id?: number } {
  return fields["id"] === undefined ? {} : { id: count(fields, "id") };
}

/** A time within the range of `Date`. */
function moment(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value === "number" && Math.abs(value) <= 8.64e15) return value;
  throw new WireError(`${key} is ${shown(value)} and should be a time in milliseconds`);
}

function words(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value === "string") return value;
  throw new WireError(`${key} is ${shown(value)} and should be a text`);
}

function hash(fields: Fields): string {
  const value = fields["sha256"];
  if (typeof value === "string" && /^[0-9a-f]{64}$/.test(value)) return value;
  throw new WireError(`sha256 is ${shown(value)} and should be 64 hexadecimal digits`);
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? "missing").slice(0, 60);
}
