// The options and the events of an association of the layer reliable (association.ts). The sockets
// give both, and associations know no socket.

import type { Address } from "../../core/addresses/address.ts";
import type { Clock } from "../../core/clock.ts";
import type { Counters } from "../../core/counters.ts";
import type { Terms } from "./wire/handshake.ts";
import type { ControlName } from "./congestion/control_names.ts";
import type { KernelBuffer } from "./congestion/kernel_buffer.ts";
import type { Rooms } from "./host_shares.ts";

/** What is known of a path before anything has gone over it. */
export interface PathOptions {
  /** How large datagrams are at first. */
  readonly datagramBytes: number;
  /** How large they may become, where the path takes it. */
  readonly largestDatagramBytes: number;
  /** The buffer of the peer's socket, where it is known. */
  readonly kernelBuffer: KernelBuffer | undefined;
}

/** The options that all associations of a socket share, and those of its path. */
export interface AssociationOptions extends PathOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  /** The limits that this side announced to the peer. */
  readonly terms: Terms;
  /** How many bytes may wait to be acknowledged. */
  readonly sendBufferBytes: number;
  readonly maxUnreadMessages: number;
  /** The memory that it shares with other associations. */
  readonly rooms: Rooms;
  readonly control: ControlName;
  /** How long nothing may be acknowledged before the peer counts as lost. */
  readonly timeoutMs: number;
  /** How long to hear nothing before asking whether the peer is there. Infinity: never. */
  readonly keepAliveMs: number;
  /** How long no message may pass either way. */
  readonly idleMs: number;
}

/** Where the output of an association goes. */
export interface AssociationEvents {
  /** A buffer of at least this length, for one `transmit`. */
  buffer(bytes: number): Uint8Array;
  /** Sends the first `length` bytes of a buffer, which then is the receiver's.
   * @param to where, when that is not where the peer is known to be */
  transmit(buffer: Uint8Array, length: number, to?: Address): void;
  /** Present where the peer may move to another address. */
  readonly moves?: PeerMoves;
  delivered(message: Uint8Array): void;
  /** The peer has ended its half, and all of it was delivered. */
  peerFinished(): void;
  /** The association is over. Called once. */
  ended(end: AssociationEnd): void;
}

/** The moves of a peer, as the socket sees them. */
export interface PeerMoves {
  /** How many attempts there may be in a minute. */
  readonly perMinute: number;
  /** Whether there is room for the peer at this address. */
  admits(to: Address): boolean;
  /** The peer is at another address. Returns what is known of the path to it. */
  moved(to: Address): PathOptions;
}

export interface AssociationEnd {
  /** Such as `closed by the peer`. */
  readonly why: string;
  /** Whether both sides wanted the end, or the peer went when nothing was outstanding. */
  readonly orderly: boolean;
}
