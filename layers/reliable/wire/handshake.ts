// The datagrams of the handshake of the layer reliable: HELLO, RETRY, HELLO with its cookie, ACCEPT;
// and RESET, the answer to a datagram that belongs to no association (docs/reliable.md).

import { COOKIE_BYTES } from "../../peers/cookie.ts";
import {
  type ConnectionId,
  kinds,
  PREFIX_BYTES,
  readConnectionId,
  readUint32,
  readUint48,
  sealCrc,
  writeConnectionId,
  writePrefix,
  writeUint32,
  writeUint48,
} from "./prefix.ts";

/** The length of every HELLO: padded, so that no answer to it is longer. */
export const HELLO_BYTES = 64;

const MAX_MESSAGE_AT = PREFIX_BYTES;
const WINDOW_AT = MAX_MESSAGE_AT + 4;
const COOKIE_AT = WINDOW_AT + 6;

const FEATURES_AT = COOKIE_AT + COOKIE_BYTES;

/** What a side understands besides what every one does, a bit each. One that announces nothing is
 * sent nothing of it. */
export const features = {
  /** PATH_CHALLENGE and MOVED, by which an association outlives a change of address. */
  moves: 1,
} as const;

const RETRY_BYTES = PREFIX_BYTES + COOKIE_BYTES;
const ACCEPT_BYTES = PREFIX_BYTES + 8 + 4 + 6;

/** The limits that one side announces to the other. */
export interface Terms {
  /** The largest message that it takes, in bytes. */
  readonly maxMessageBytes: number;
  /** How much of the stream may be sent to it before it says more. */
  readonly windowBytes: number;
}

/** The datagram HELLO, which begins an association. */
export interface Hello {
  /** The id by which the dialling side wants to be addressed. */
  readonly id: ConnectionId;
  readonly terms: Terms;
  /** What it understands besides, as bits of `features`. */
  readonly features: number;
  /** All zeros when it has none yet. */
  readonly cookie: Uint8Array;
  /** The bytes that the cookie is bound to besides the address. */
  readonly withoutCookie: Uint8Array;
}

/** The datagram ACCEPT, which ends the handshake. */
export interface Accept {
  /** The id by which the listening side wants to be addressed. */
  readonly id: ConnectionId;
  readonly terms: Terms;
}

export function encodeHello(id: ConnectionId, terms: Terms, cookie?: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HELLO_BYTES);
  writePrefix(bytes, kinds.hello, id);
  writeTerms(bytes, MAX_MESSAGE_AT, terms);
  if (cookie !== undefined) bytes.set(cookie, COOKIE_AT);
  bytes[FEATURES_AT] = features.moves;
  sealCrc(bytes, bytes.length);
  return bytes;
}

/** A HELLO with a good prefix, or null when it is none. What it returns is a copy. */
export function decodeHello(bytes: Uint8Array): Hello | null {
  if (bytes.length !== HELLO_BYTES) return null;
  return {
    id: readConnectionId(bytes),
    terms: readTerms(bytes, MAX_MESSAGE_AT),
    features: bytes[FEATURES_AT]!,
    cookie: bytes.slice(COOKIE_AT, COOKIE_AT + COOKIE_BYTES),
    withoutCookie: bytes.slice(PREFIX_BYTES - 8, COOKIE_AT),
  };
}

export function encodeRetry(id: ConnectionId, cookie: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(RETRY_BYTES);
  writePrefix(bytes, kinds.retry, id);
  bytes.set(cookie, PREFIX_BYTES);
  sealCrc(bytes, bytes.length);
  return bytes;
}

/** The cookie of a RETRY, or null. */
export function decodeRetry(bytes: Uint8Array): Uint8Array | null {
  return bytes.length === RETRY_BYTES ? bytes.slice(PREFIX_BYTES) : null;
}

export function encodeAccept(to: ConnectionId, { id, terms }: Accept): Uint8Array {
  const bytes = new Uint8Array(ACCEPT_BYTES);
  writePrefix(bytes, kinds.accept, to);
  writeConnectionId(bytes, PREFIX_BYTES, id);
  writeTerms(bytes, PREFIX_BYTES + 8, terms);
  sealCrc(bytes, bytes.length);
  return bytes;
}

export function decodeAccept(bytes: Uint8Array): Accept | null {
  if (bytes.length !== ACCEPT_BYTES) return null;
  return {
    id: readConnectionId(bytes, PREFIX_BYTES),
    terms: readTerms(bytes, PREFIX_BYTES + 8),
  };
}

/** Answers a datagram whose id no association has: a peer that knows the id learns it is void. */
export function encodeReset(id: ConnectionId): Uint8Array {
  const bytes = new Uint8Array(PREFIX_BYTES);
  writePrefix(bytes, kinds.reset, id);
  sealCrc(bytes, bytes.length);
  return bytes;
}

function writeTerms(bytes: Uint8Array, at: number, terms: Terms): void {
  writeUint32(bytes, at, terms.maxMessageBytes);
  writeUint48(bytes, at + 4, terms.windowBytes);
}

function readTerms(bytes: Uint8Array, at: number): Terms {
  return { maxMessageBytes: readUint32(bytes, at), windowBytes: readUint48(bytes, at + 4) };
}
