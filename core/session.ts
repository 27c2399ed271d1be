// The interface between protocols and transports: a session is one peer with messages in and out,
// on any transport.

import type { Address } from "./addresses/address.ts";

/** Bytes, or the text of a WebSocket text frame. Text is converted to bytes as UTF-8. */
export type Message = Uint8Array | string;

/** The identity that a peer proved, by a certificate or a key. */
export interface Identity {
  /** A subject alternative name or the name under which a key is listed, never a common name; for a
   * certificate without a name, `sha256:` and its fingerprint. */
  readonly name: string;
  /** How it was proved: by a certificate, a pre-shared key or a signature. */
  readonly source: "certificate" | "psk" | "signature";
  /** SHA-256 of the certificate or key, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** Whether two identities are the same; two peers that proved none count as the same. */
export function sameIdentity(one: Identity | undefined, other: Identity | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one === other || one.source === other.source && one.fingerprint === other.fingerprint &&
      one.name === other.name;
}

/** What a datagram transport and its layers guarantee, as in LayerTraits. */
export interface DatagramGuarantees {
  /** Whether the address of the sender is proved, so that it cannot be spoofed. */
  readonly provesSender: boolean;
  /** Whether messages arrive once and in order, or the session ends in an error. */
  readonly ordered: boolean;
}

/** Whom an event is about: a peer, and the server that it is a peer of. */
export interface EventOrigin {
  /** The address of the peer. */
  readonly peer: Address;
  /** URL of the server: the one that serves the session, or that was dialled. Empty until then. */
  readonly serverUrl: string;
  /** Number of the session, unique in this process. */
  readonly sessionId?: number | undefined;
}

/** The same for a session. */
export interface SessionOrigin extends EventOrigin {
  /** Number of the session, unique in this process. */
  readonly sessionId: number;
}

let sessions = 0;

/** A number that no other session of this process has, or will have. */
export function nextSessionId(): number {
  return ++sessions;
}

/** One peer. Iterating yields what it sends, once; leaving the loop stops reading.
 *
 * On byte streams a message is what one read returned, unless the protocol frames lines or
 * lengths; on datagram and WebSocket transports it is one datagram or one frame.
 *
 * Iterating the session itself is the fast way: a `Uint8Array` that it yields is a view of a buffer
 * that the next read overwrites. Use it before the loop goes on, as `send` and `textOf` do, and
 * keep a copy (`message.slice()`) of what is needed later. `messages()` yields copies, which stay as
 * they are. */
export interface Session extends AsyncIterable<Message>, SessionOrigin {
  /** The identity that the peer proved, if it proved any. */
  readonly identity?: Identity | undefined;
  /** Whether the transport keeps the boundaries of messages. */
  readonly boundary: "bytes" | "messages";
  /** On datagrams, what the transport and its layers guarantee. Streams guarantee all of it. */
  readonly guarantees?: DatagramGuarantees | undefined;
  /** The largest message that can be sent or received, in bytes. */
  readonly maxMessageBytes: number;
  /** Aborted when the session has ended or must end. */
  readonly signal: AbortSignal;
  /** The same messages, each a copy that nothing overwrites: `Array.fromAsync(session.messages())`.
   * Iterate either this or the session. */
  messages(): AsyncIterableIterator<Message>;
  /** Resolves once the message was handed to the system. */
  send(message: Message): Promise<void>;
  /** Sends messages that are framed already and follow one another in `bytes`, in one write.
   * Present only on some streams, whose protocol has framing.
   * @param messages the number of messages */
  sendFramed?(bytes: Uint8Array, messages: number): Promise<void>;
  /** Ends the sending side; the peer may still send. */
  end(): Promise<void>;
  /** Ends the session now. */
  close(reason?: string): void;
}

const encoder = new TextEncoder();
// A byte order mark is part of the peer's message.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A message as bytes. */
export function bytesOf(message: Message): Uint8Array {
  return typeof message === "string" ? encoder.encode(message) : message;
}

/** A message as text; malformed UTF-8 becomes U+FFFD. */
export function textOf(message: Message): string {
  return typeof message === "string" ? message : decoder.decode(message);
}

/** Length of a message on the wire, in bytes. */
export function byteLength(message: Message): number {
  return typeof message === "string" ? encoder.encode(message).length : message.length;
}

/** Yields copies of messages that are views of a buffer. */
export async function* copies(messages: AsyncIterable<Message>): AsyncGenerator<Message, void> {
  for await (const message of messages) {
    yield typeof message === "string" ? message : message.slice();
  }
}

/** Yields a session's messages as text. On a byte stream, a character that was split between two
 * reads is completed with the second. */
export async function* texts(session: Session): AsyncGenerator<string> {
  if (session.boundary === "messages") {
    for await (const message of session) yield textOf(message);
    return;
  }
  const streaming = new TextDecoder("utf-8", { ignoreBOM: true });
  for await (const message of session) {
    const text = streaming.decode(bytesOf(message), { stream: true });
    if (text !== "") yield text;
  }
  const rest = streaming.decode();
  if (rest !== "") yield rest;
}
