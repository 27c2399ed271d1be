// The messages of the nodes of a cluster to each other, beside the shared history: small JSON
// objects. They are read without trust, because a node may be broken, or another program altogether.

import type { RemoteMember } from "../peers.ts";
import { isName, isPlainText, isStanding, isTime, readObject } from "./record.ts";

/** The largest of these messages, in bytes. */
export const MAX_NODE_MESSAGE_BYTES = 512 * 1024;
/** How many members one message lists. */
export const MEMBERS_PER_MESSAGE = 200;
const MAX_WHISPER_LENGTH = 64 * 1024;
/** How many keys one message bans. */
export const BAN_KEYS_PER_MESSAGE = 200;
const MAX_BAN_KEY_LENGTH = 256;

/** A member of a node, with the time since which it has its name. */
export interface Entry extends RemoteMember {
  /** When the name was taken, in milliseconds since the epoch, by the clock of its node. */
  readonly sinceMs: number;
}

export function encodeNodeMessage(message: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(message));
}

/** Reads a message of each kind; undefined when it is malformed. `node` is the sender, `revision` how
 * often its members have changed. */
export const decodeNodeMessage = {
  /** A sign of life, once a second and when a node comes or goes. With `hello` it has just come and
   * asks the others for a beat; with `bye` it goes. */
  beat(bytes: Uint8Array) {
    const { node, revision, hello, bye } = read(bytes);
    if (!isNode(node) || !isCount(revision)) return undefined;
    return { node, revision, hello: hello === true, bye: bye === true };
  },

  /** A change among the members of a node. */
  change(bytes: Uint8Array) {
    const { node, revision, came, went } = read(bytes);
    if (!isNode(node) || !isCount(revision)) return undefined;
    if (!isList(came, isEntry) || !isList(went, isPlace)) return undefined;
    return { node, revision, came, went };
  },

  /** A page of the members of a node. */
  roster(bytes: Uint8Array) {
    const { revision, total, members } = read(bytes);
    if (!isCount(revision) || !isCount(total) || !isList(members, isEntry)) return undefined;
    return { revision, total, members };
  },

  /** Asks for a page; returns how many members to leave out before it. */
  rosterRequest(bytes: Uint8Array): number | undefined {
    const { from } = read(bytes);
    return isCount(from) ? from : undefined;
  },

  /** A node asks for a name; the answers repeat `ref`. */
  claim(bytes: Uint8Array) {
    const { node, ref, ...entry } = read(bytes);
    if (!isNode(node) || !isCount(ref) || !isEntry(entry)) return undefined;
    const { room, name, standing, sinceMs } = entry;
    return { node, ref, room, name, standing, sinceMs };
  },

  /** Whether the node that answers has the name. */
  claimAnswer(bytes: Uint8Array) {
    const { node, ref, taken } = read(bytes);
    if (!isNode(node) || !isCount(ref) || typeof taken !== "boolean") return undefined;
    return { node, ref, taken };
  },

  /** A private message. */
  whisper(bytes: Uint8Array) {
    const { from, to, text } = read(bytes);
    if (!isMember(from) || !isName(to) || !isPlainText(text)) return undefined;
    if (text.length > MAX_WHISPER_LENGTH) return undefined;
    const { room, name, standing } = from;
    return { from: { room, name, standing }, to, text };
  },

  /** Whether the private message reached the member. */
  whisperAnswer(bytes: Uint8Array): boolean {
    return read(bytes)["got"] === true;
  },

  /** An operator removes a member of another node; an answer repeats `ref`, if there is one. */
  expulsion(bytes: Uint8Array) {
    const { node, ref, room, name, ban, reason } = read(bytes);
    if (!isNode(node) || !isName(room) || !isName(name) || typeof ban !== "boolean") {
      return undefined;
    }
    if (!isPlainText(reason) || reason.length > 1024) return undefined;
    if (ref !== undefined && !isCount(ref)) return undefined;
    return { node, ref, room, name, ban, reason };
  },

  /** Whether the node that answers had the member. */
  expulsionAnswer(bytes: Uint8Array) {
    const { node, ref, done } = read(bytes);
    if (!isNode(node) || !isCount(ref) || typeof done !== "boolean") return undefined;
    return { node, ref, done };
  },

  /** An operator bans a client on all nodes; its keys identify it (admission/bans.ts). */
  ban(bytes: Uint8Array) {
    const { node, keys } = read(bytes);
    if (!isNode(node) || !Array.isArray(keys) || keys.length > BAN_KEYS_PER_MESSAGE) {
      return undefined;
    }
    return keys.every(isBanKey) ? { node, keys } : undefined;
  },
} as const;

function read(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  return readObject(bytes, MAX_NODE_MESSAGE_BYTES) ?? {};
}

function isNode(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{16}$/.test(value);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isList<T>(value: unknown, isOne: (one: unknown) => one is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= MEMBERS_PER_MESSAGE && value.every(isOne);
}

function isPlace(value: unknown): value is { readonly room: string; readonly name: string } {
  if (typeof value !== "object" || value === null) return false;
  const { room, name } = value as Readonly<Record<string, unknown>>;
  return isName(room) && isName(name);
}

function isMember(value: unknown): value is RemoteMember {
  return isPlace(value) && isStanding((value as Partial<RemoteMember>).standing);
}

function isBanKey(value: unknown): value is string {
  return isPlainText(value) && value.length <= MAX_BAN_KEY_LENGTH;
}

function isEntry(value: unknown): value is Entry {
  return isMember(value) && isTime((value as Partial<Entry>).sinceMs);
}
