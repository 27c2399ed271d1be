// The two kinds of socket, a stream (Connection) and a DatagramSocket, independent of the runtime's
// API that opened them. A layer takes one of them and returns one of the same kind.

import type { Address } from "./addresses/address.ts";
import type { Identity } from "./session.ts";

/** One stream to one peer. Its owner disposes it; disposal is immediate. */
export interface Connection extends Disposable {
  readonly local: Address;
  readonly remote: Address;
  /** Set once `ready` has resolved, where the handshake proves who the peer is. */
  readonly identity?: Identity | undefined;
  /** Finishes the handshake; absent where there is none.
   * @throws {DeniedPeerError} when the peer proved who it is and is turned away by name */
  ready?(signal: AbortSignal): Promise<void>;
  /** Reads at least one byte into `into`; resolves to how many, or null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Resolves once every byte was handed to the system. */
  write(all: Uint8Array): Promise<void>;
  /** Ends our half; the peer's half stays readable. */
  closeWrite(): Promise<void>;
  /** Resolves once all that was written has left, where a layer holds it back, or the connection was
   * disposed. A session that ends in good order waits for it. */
  flushed?(): Promise<void>;
  /** Ends the connection at once with a reset (RST), where the system lets us; what was sent and not
   * read by the peer may be lost. */
  reset?(): void;
}

/** Thrown by the `ready` of a connection whose peer is turned away by name: not a handshake that
 * failed, but an answer of no. */
export class DeniedPeerError extends Error {
  override readonly name = "DeniedPeerError";
}

/** A listening stream socket. */
export interface Acceptor<C extends Connection = Connection> extends Disposable {
  readonly address: Address;
  /** The next connection, or null once the acceptor was disposed. */
  accept(): Promise<C | null>;
}

/** One result of receiving: bytes from an address; or a peer's notice that it will send no more,
 * though it still receives; or the end of the association with a peer, with the reason and whether
 * the peer was lost, as by a reset, or ended it in good order. */
export type Datagram =
  | { readonly from: Address; readonly bytes: Uint8Array; readonly identity?: Identity }
  | { readonly from: Address; readonly finished: true }
  | { readonly from: Address; readonly ended: string; readonly lost?: true };

/** Progress of the delivery to a peer, from a layer with acknowledgements. */
export interface Delivery {
  /** Messages that were handed over to be sent. */
  readonly sent: number;
  /** Messages that the peer has whole. */
  readonly acknowledged: number;
  /** Datagrams that were sent again. */
  readonly retransmitted: number;
  /** Bytes of messages that the peer has whole or in part. */
  readonly acknowledgedBytes: number;
  /** The smoothed round trip, in milliseconds; undefined before it was measured. */
  readonly roundTripMs: number | undefined;
}

/** A bound datagram socket. */
export interface DatagramSocket extends Disposable {
  readonly address: Address;
  /** The largest datagram that `send` takes, in bytes. */
  readonly maxBytes: number;
  /** Makes the peer known before the first datagram, where a layer has a handshake. */
  connect?(to: Address, signal: AbortSignal): Promise<void>;
  send(bytes: Uint8Array, to: Address): Promise<void>;
  /** Tells a peer, where a layer can, that no more will come. Where a layer sees to the delivery it
   * resolves once the peer has everything, and rejects with an UndeliveredError if it never will. */
  end(to: Address): Promise<void>;
  /** Resolves once the peer has everything that was sent to it, where a layer sees to that; rejects
   * with an UndeliveredError if it never will. */
  delivered?(to: Address): Promise<void>;
  /** Progress of the delivery to a peer, where a layer has acknowledgements. */
  delivery?(to: Address): Delivery | undefined;
  /** Says that the protocol has read a message. A socket that has this holds its peers back while their
   * messages are unread, so that none of them needs to be dropped. */
  consumed?(from: Address, bytes: number): void;
  /** Ends what there is between us and a peer, where a layer keeps something. */
  forget?(to: Address): void;
  /** The next datagram, or null once disposed. `bytes` is valid until the next call. */
  receive(): Promise<Datagram | null>;
}
