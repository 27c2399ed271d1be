// Reads the messages of a chat server to a rich client (docs/chat.md). The server is not trusted: each
// field is checked, and what is malformed goes no further.

import type { Scope } from "../log.ts";
import type { ChatMessage, Standing } from "../message.ts";

/** A member of a room. */
export interface Member {
  readonly name: string;
  readonly standing: Standing;
}

/** A room that has members. */
export interface Room {
  readonly room: string;
  readonly members: number;
}

/** A private message. */
export interface Whisper {
  readonly name: string;
  readonly standing: Standing;
  readonly text: string;
  /** In milliseconds since the epoch. */
  readonly timeMs: number;
}

/** One message of a server; `ref` is the reference of the request that it answers. */
export type ServerMessage =
  & { readonly ref?: unknown }
  & (
    | {
      readonly type: "welcome";
      readonly name: string;
      readonly standing: Standing;
      readonly room: string;
      /** How many are in the room; undefined when the server does not say. */
      readonly members: number | undefined;
      readonly timeMs: number;
      readonly limits: Readonly<Record<string, number>>;
    }
    | { readonly type: "message"; readonly message: ChatMessage }
    | {
      readonly type: "ack";
      readonly id: string | undefined;
      readonly seq: number | undefined;
      readonly scope: Scope;
      readonly duplicate: boolean;
    }
    | { readonly type: "joined"; readonly room: string; readonly members: number | undefined }
    | { readonly type: "named"; readonly name: string; readonly standing: Standing }
    | { readonly type: "came"; readonly room: string; readonly name: string }
    | {
      readonly type: "went";
      readonly room: string;
      readonly name: string;
      readonly reason: string | undefined;
    }
    | {
      readonly type: "renamed";
      readonly room: string;
      readonly name: string;
      readonly to: string;
    }
    | { readonly type: "private"; readonly whisper: Whisper }
    | { readonly type: "rooms"; readonly rooms: readonly Room[] }
    | { readonly type: "who"; readonly room: string; readonly members: readonly Member[] }
    | {
      readonly type: "history";
      readonly room: string;
      readonly messages: readonly ChatMessage[];
    }
    | { readonly type: "missed"; readonly count: number }
    | { readonly type: "notice"; readonly text: string }
    | { readonly type: "error"; readonly code: string; readonly text: string }
    | { readonly type: "pong"; readonly timeMs: number }
  );

/** The longest name or code that is taken from a server; ours gives shorter ones. */
const MAX_NAME_LENGTH = 256;

type Fields = Readonly<Record<string, unknown>>;

/** Reads one message; undefined when it is malformed or of a type that we do not know. */
export function parseServerMessage(text: string): ServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  try {
    const fields = value as Fields;
    const message = read(fields);
    return Object.hasOwn(fields, "ref") ? { ...message, ref: fields["ref"] } : message;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

class MalformedError extends Error {}

function read(fields: Fields): ServerMessage {
  const { type } = fields;
  switch (type) {
    case "welcome":
      return {
        type,
        ...readMember(fields),
        room: readName(fields["room"]),
        members: readMemberCount(fields["members"]),
        timeMs: readTime(fields["time"]),
        limits: readLimits(fields["limits"]),
      };
    case "message":
      return { type, message: readMessage(fields) };
    case "ack":
      return {
        type,
        id: optional(fields["id"], readName),
        seq: optional(fields["seq"], readNumber),
        scope: readScope(fields["scope"]),
        duplicate: fields["duplicate"] === true,
      };
    case "joined":
      return {
        type,
        room: readName(fields["room"]),
        members: readMemberCount(fields["members"]),
      };
    case "named":
      return { type, ...readMember(fields) };
    case "came":
      return { type, room: readName(fields["room"]), name: readName(fields["name"]) };
    case "went":
      return {
        type,
        room: readName(fields["room"]),
        name: readName(fields["name"]),
        reason: optional(fields["reason"], readText),
      };
    case "renamed":
      return {
        type,
        room: readName(fields["room"]),
        name: readName(fields["name"]),
        to: readName(fields["to"]),
      };
    case "private":
      return {
        type,
        whisper: {
          ...readMember(fields),
          text: readText(fields["text"]),
          timeMs: readTime(fields["time"]),
        },
      };
    case "rooms":
      return { type, rooms: readList(fields["rooms"], readRoom) };
    case "who":
      return {
        type,
        room: readName(fields["room"]),
        members: readList(fields["members"], readMember),
      };
    case "history": {
      const room = readName(fields["room"]);
      const messages = readList(fields["messages"], (one) => readMessage({ room, ...one }));
      return { type, room, messages };
    }
    case "missed":
      return { type, count: readNumber(fields["count"]) };
    case "notice":
      return { type, text: readText(fields["text"]) };
    case "error":
      return { type, code: readName(fields["code"]), text: readText(fields["text"]) };
    case "pong":
      return { type, timeMs: readTime(fields["time"]) };
    default:
      throw new MalformedError();
  }
}

function readMessage(fields: Fields): ChatMessage {
  return {
    ...readMember(fields),
    id: readName(fields["id"]),
    room: readName(fields["room"]),
    seq: optional(fields["seq"], readNumber),
    kind: fields["kind"] === "me" ? "me" : "say",
    text: readText(fields["text"]),
    timeMs: readTime(fields["time"]),
    sentAtMs: optional(fields["sentAt"], readTime),
  };
}

function readMember(fields: Fields): Member {
  return {
    name: readName(fields["name"]),
    standing: fields["standing"] === "verified" ? "verified" : "plain",
  };
}

function readRoom(fields: Fields): Room {
  return { room: readName(fields["room"]), members: readNumber(fields["members"]) };
}

/** How many members there are: a number, or the length of a list of them. */
function readMemberCount(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  return optional(value, readNumber);
}

function readLimits(value: unknown): Readonly<Record<string, number>> {
  if (typeof value !== "object" || value === null) return {};
  const limits = Object.entries(value).filter((entry): entry is [string, number] =>
    typeof entry[1] === "number"
  );
  return Object.fromEntries(limits);
}

function readList<T>(value: unknown, readOne: (fields: Fields) => T): readonly T[] {
  if (!Array.isArray(value)) throw new MalformedError();
  return value.map((one: unknown) => {
    if (typeof one !== "object" || one === null) throw new MalformedError();
    return readOne(one as Fields);
  });
}

function readName(value: unknown): string {
  const name = readText(value);
  if (name === "" || name.length > MAX_NAME_LENGTH) throw new MalformedError();
  return name;
}

function readText(value: unknown): string {
  if (typeof value !== "string") throw new MalformedError();
  return value;
}

function readNumber(value: unknown): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new MalformedError();
  }
  return value;
}

function readTime(value: unknown): number {
  const time = Date.parse(readText(value));
  if (Number.isNaN(time)) throw new MalformedError();
  return time;
}

function readScope(value: unknown): Scope {
  if (value === "stored" || value === "local" || value === "memory") return value;
  throw new MalformedError();
}

function optional<T>(value: unknown, readOne: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : readOne(value);
}
