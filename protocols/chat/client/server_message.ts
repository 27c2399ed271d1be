// Reads the messages of a chat server to a rich client (docs/chat.md). The server is not trusted:
// each field is checked, and what is malformed goes no further.

import type { Scope } from "../log.ts";
import type { ChatMessage, Standing } from "../message.ts";

/** A member of a room. */
export interface Member {
  /** Its name. */
  readonly name: string;
  /** Whether it proved to own its name. */
  readonly standing: Standing;
}

/** A room that has members. */
export interface Room {
  /** Its name. */
  readonly room: string;
  /** How many members it has. */
  readonly members: number;
}

/** A private message. */
export interface Whisper {
  /** The name of the sender. */
  readonly name: string;
  /** Whether the sender proved to own its name. */
  readonly standing: Standing;
  /** What it says. */
  readonly text: string;
  /** In milliseconds since the epoch. */
  readonly timeMs: number;
}

/** The longest name or code that is taken from a server; ours gives shorter ones. */
const MAX_NAME_LENGTH = 256;

type Fields = Readonly<Record<string, unknown>>;

/** How the fields of each type of message are read. */
const readers = {
  welcome: (fields: Fields) => ({
    ...readMember(fields),
    ...readWhere(fields),
    timeMs: readTime(fields["time"]),
    limits: readLimits(fields["limits"]),
  }),
  message: (fields: Fields) => ({ message: readMessage(fields) }),
  ack: (fields: Fields) => ({
    id: optional(fields["id"], readName),
    seq: optional(fields["seq"], readNumber),
    scope: readScope(fields["scope"]),
    duplicate: fields["duplicate"] === true,
  }),
  joined: readWhere,
  named: readMember,
  came: readWho,
  went: (fields: Fields) => ({ ...readWho(fields), reason: optional(fields["reason"], readText) }),
  renamed: (fields: Fields) => ({ ...readWho(fields), to: readName(fields["to"]) }),
  private: (fields: Fields) => ({
    whisper: {
      ...readMember(fields),
      text: readText(fields["text"]),
      timeMs: readTime(fields["time"]),
    },
  }),
  rooms: (fields: Fields) => ({ rooms: readList(fields["rooms"], readRoom) }),
  who: (fields: Fields) => ({
    room: readName(fields["room"]),
    members: readList(fields["members"], readMember),
  }),
  history: (fields: Fields) => {
    const room = readName(fields["room"]);
    return {
      room,
      messages: readList(fields["messages"], (one) => readMessage({ room, ...one })),
    };
  },
  missed: (fields: Fields) => ({ count: readNumber(fields["count"]) }),
  notice: (fields: Fields) => ({ text: readText(fields["text"]) }),
  error: (fields: Fields) => ({ code: readName(fields["code"]), text: readText(fields["text"]) }),
  pong: (fields: Fields) => ({ timeMs: readTime(fields["time"]) }),
};

type Type = keyof typeof readers;

/** One message of a server; `ref` is the reference of the request that it answers. */
export type ServerMessage =
  & { readonly ref?: unknown }
  & { [T in Type]: { readonly type: T } & Readonly<ReturnType<(typeof readers)[T]>> }[Type];

/** Reads one message; undefined when it is malformed or of a type that we do not know. */
export function parseServerMessage(text: string): ServerMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return undefined;
    const { type } = value;
    if (typeof type !== "string" || !Object.hasOwn(readers, type)) return undefined;
    const ref = Object.hasOwn(value, "ref") ? { ref: value["ref"] } : {};
    return { type, ...readers[type as Type](value), ...ref } as ServerMessage;
  } catch (error) {
    if (error instanceof MalformedError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

class MalformedError extends Error {}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

/** Reads the room and the name of the member that a message is about. */
function readWho(fields: Fields): { room: string; name: string } {
  return { room: readName(fields["room"]), name: readName(fields["name"]) };
}

/** Our room, and how many members it has; undefined when the server does not say. */
function readWhere(fields: Fields): { room: string; members: number | undefined } {
  return { room: readName(fields["room"]), members: readMemberCount(fields["members"]) };
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
  if (!isObject(value)) return {};
  const limits = Object.entries(value).filter((entry): entry is [string, number] =>
    typeof entry[1] === "number"
  );
  return Object.fromEntries(limits);
}

function readList<T>(value: unknown, readOne: (fields: Fields) => T): readonly T[] {
  if (!Array.isArray(value)) throw new MalformedError();
  return value.map((one: unknown) => {
    if (!isObject(one)) throw new MalformedError();
    return readOne(one);
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
