// The messages between a sender and an inbox, as docs/inbox.md describes them: JSON objects, and
// content behind a zero byte.

import { bytesOf, type Message, textOf } from "../../core/session.ts";

/** The version of these messages. */
export const INBOX_VERSION = 1;

/** The longest message that is not content, in bytes. */
export const MAX_CONTROL_BYTES = 16 * 1024;

/** The first byte of a message that is content. No JSON text begins with it. */
const CONTENT_MARK = 0;

export interface OfferedFile {
  /** The path below the inbox, with slashes. */
  readonly name: string;
  readonly bytes: number;
  /** When its content was last changed, in milliseconds since the epoch. */
  readonly modifiedMs: number;
  /** Its number in this session. The answer about its outcome bears the same number, so that the next
   * file may be offered before the inbox has this one in its place. */
  readonly id?: number;
}

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

/** How the fields of each message of a sender are read. */
const senderReaders = {
  hello: (fields: Fields) => ({ version: count(fields, "version") }),
  offer: (fields: Fields): OfferedFile => ({
    name: words(fields, "name"),
    bytes: count(fields, "bytes"),
    modifiedMs: moment(fields, "modifiedMs"),
    ...idOf(fields),
  }),
  folder: (fields: Fields) => ({ name: words(fields, "name") }),
  /** The hash of the part of the file that the inbox asked to check. */
  prefix: (fields: Fields) => ({ sha256: hash(fields) }),
  /** All of the file was sent; this is its hash. */
  end: (fields: Fields) => ({ sha256: hash(fields) }),
  /** The rest of the file will not come. */
  abort: (fields: Fields) => ({ reason: words(fields, "reason") }),
};

/** How the fields of each message of an inbox are read. */
const inboxReaders = {
  welcome: (fields: Fields) => ({
    version: count(fields, "version"),
    /** The most content that one message may hold. */
    chunkBytes: count(fields, "chunkBytes"),
    /** The most content that may be on its way unconfirmed. */
    windowBytes: count(fields, "windowBytes"),
    /** How many files with an id may be sent to their end before the first is in its place. */
    unsettled: fields["unsettled"] === undefined ? 0 : count(fields, "unsettled"),
  }),
  /** The inbox may have this much of the file already: the sender is to prove it by its hash. */
  check: (fields: Fields) => ({ bytes: count(fields, "bytes") }),
  /** The sender is to send the file from this byte on. */
  ready: (fields: Fields) => ({ fromBytes: count(fields, "fromBytes") }),
  /** The inbox has this much of the file now. */
  got: (fields: Fields) => ({ bytes: count(fields, "bytes") }),
  /** The inbox is at work: a sign of life. */
  working: () => ({}),
  /** The file is in its place, under its name, with this hash; a folder has none. */
  done: (fields: Fields) => ({
    ...(fields["sha256"] !== undefined && { sha256: hash(fields) }),
    ...(fields["already"] === true && { already: true }),
    ...idOf(fields),
  }),
  /** The inbox refuses a file, or the session. */
  refused: (fields: Fields): Refused => ({
    // A code of a later version is passed on as it is.
    code: words(fields, "code") as RefusalCode,
    reason: words(fields, "reason"),
    again: fields["again"] === true,
    final: fields["final"] === true,
    ...idOf(fields),
  }),
};

interface Refused {
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

type Readers = Readonly<Record<string, (fields: Fields) => object>>;

type MessageOf<R extends Readers> = {
  [T in keyof R]: { readonly type: T } & Readonly<ReturnType<R[T]>>;
}[keyof R];

export type SenderMessage = MessageOf<typeof senderReaders>;

export type InboxMessage = MessageOf<typeof inboxReaders>;

export type RefusedMessage = InboxMessage & { readonly type: "refused" };

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

/** @throws {WireError} when the message of a sender is malformed */
export function parseSenderMessage(message: Message): SenderMessage {
  return parse(message, senderReaders);
}

/** @throws {WireError} when the message of an inbox is malformed */
export function parseInboxMessage(message: Message): InboxMessage {
  return parse(message, inboxReaders);
}

function parse<R extends Readers>(message: Message, readers: R): MessageOf<R> {
  const fields = parseObject(message);
  const { type } = fields;
  if (typeof type !== "string" || !Object.hasOwn(readers, type)) {
    throw new WireError(`the message type ${shown(type)} is unknown`);
  }
  return { type, ...readers[type]!(fields) } as MessageOf<R>;
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
