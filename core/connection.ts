// The two kinds of socket, a stream (Connection) and a DatagramSocket, independent of the runtime's
// API that opened them. A layer takes one of them and returns one of the same kind.

import type { Address } from "./addresses/address.ts";
import type { Identity } from "./session.ts";

/** What a handshake of TLS has agreed on. */
export interface TlsFacts {
  /** As node:tls names it: `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite, by its name in the standard. */
  readonly cipher: string;
  /** The protocol agreed on by ALPN, if any. */
  readonly alpnProtocol?: string | undefined;
  /** The certificate of the peer, DER, if it showed one. */
  readonly certificate?: Uint8Array<ArrayBuffer>;
}

/** One stream to one peer. Its owner disposes it; disposal is immediate. */
export interface Connection extends Disposable {
  /** Our own address. */
  readonly local: Address;
  /** The address of the peer. */
  readonly remote: Address;
  /** The identity that the peer proved in its handshake; set once `ready` has resolved. */
  readonly identity?: Identity | undefined;
  /** The protocol that both sides agreed on by ALPN (RFC 7301), if any; set once `ready` has resolved. */
  readonly alpnProtocol?: string | undefined;
  /** What the handshake of TLS agreed on, where the transport tells. */
  tlsFacts?(): TlsFacts | undefined;
  /** Completes the handshake; absent where there is none.
   * @throws {DeniedPeerError} when the peer proved its identity and is not admitted */
  ready?(signal: AbortSignal): Promise<void>;
  /** Reads at least one byte into `into`; resolves to the number of bytes, or null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Resolves once every byte was handed to the system. */
  write(all: Uint8Array): Promise<void>;
  /** Writes what the system takes at once, and at least one byte, where the system tells. Not while
   * another write is pending. */
  writeSome?(bytes: Uint8Array): Promise<number>;
  /** Ends our half; the peer's half stays readable. */
  closeWrite(): Promise<void>;
  /** Resolves once all written bytes have been sent, where a layer delays them, or the connection
   * was disposed. A session that ends in good order waits for it. */
  flushed?(): Promise<void>;
  /** Closes the connection at once with a reset (RST), where the system supports it; data that the
   * peer has not read may be lost. */
  reset?(): void;
}

/** Thrown by `ready` for a peer that is not admitted: the handshake itself did not fail. */
export class DeniedPeerError extends Error {
  override readonly name = "DeniedPeerError";
}

/** Thrown by reads and writes of a connection that we dialled: the peer said in so many words that it
 * does not admit us, after the handshake. Trying again does not help. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** A listening stream socket. */
export interface Acceptor<C extends Connection = Connection> extends Disposable {
  /** The address that it listens on. */
  readonly address: Address;
  /** The next connection, or null once the acceptor was disposed. */
  accept(): Promise<C | null>;
}

/** One result of receiving: bytes from an address; or a peer's notice that it will send no more,
 * though it still receives; or that the peer of an association is at another address from here on; or
 * the end of the association with a peer, with the reason and whether the peer was lost, as by a reset,
 * or ended it in good order. */
export type Datagram =
  | { readonly from: Address; readonly bytes: Uint8Array; readonly identity?: Identity }
  | { readonly from: Address; readonly finished: true }
  | { readonly from: Address; readonly movedTo: Address }
  | { readonly from: Address; readonly ended: string; readonly lost?: true };

/** Progress of the delivery to a peer, from a layer with acknowledgements. */
export interface Delivery {
  /** Messages that the session has sent. */
  readonly sent: number;
  /** Messages that the peer has received whole. */
  readonly acknowledged: number;
  /** Datagrams that were sent again. */
  readonly retransmitted: number;
  /** Bytes of messages that the peer has received, whole or in part. */
  readonly acknowledgedBytes: number;
  /** The smoothed round trip, in milliseconds; undefined before it was measured. */
  readonly roundTripMs: number | undefined;
}

/** A bound datagram socket. */
export interface DatagramSocket extends Disposable {
  readonly address: Address;
  /** The largest datagram that `send` takes, in bytes. */
  readonly maxBytes: number;
  /** Completes a layer's handshake with the peer before the first datagram. */
  connect?(to: Address, signal: AbortSignal): Promise<void>;
  send(bytes: Uint8Array, to: Address): Promise<void>;
  /** Tells the peer, where a layer can, that no more messages will follow. With acknowledgements it
   * resolves once the peer has everything, and rejects with an UndeliveredError otherwise. */
  end(to: Address): Promise<void>;
  /** Resolves once the peer has acknowledged everything sent to it, where a layer has
   * acknowledgements; rejects with an UndeliveredError if it never will. */
  delivered?(to: Address): Promise<void>;
  /** Progress of the delivery to a peer, where a layer has acknowledgements. */
  delivery?(to: Address): Delivery | undefined;
  /** Tells the socket that the protocol has read a message. A socket with this method has flow
   * control: peers wait while their messages are unread, so that none has to be dropped. The bytes of
   * its messages are the reader's, and stay as they are. */
  consumed?(from: Address, bytes: number): void;
  /** Ends the association with a peer, where a layer keeps one. */
  forget?(to: Address): void;
  /** The next datagram, or null once disposed. `bytes` is valid until the next call. */
  receive(): Promise<Datagram | null>;
}
