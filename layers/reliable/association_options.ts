// The options and the events of an association of the layer reliable (association.ts). The sockets
// give both, and associations know no socket.

import type { Clock } from "../../core/clock.ts";
import type { Counters } from "../../core/counters.ts";
import type { Terms } from "./wire/handshake.ts";
import type { ControlName } from "./congestion/control_names.ts";
import type { KernelBuffer } from "./congestion/kernel_buffer.ts";
import type { Rooms } from "./host_shares.ts";

/** The options that all associations of a socket share. */
export interface AssociationOptions {
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
  /** How large datagrams are at first. */
  readonly datagramBytes: number;
  /** How large they may become, where the path takes it. */
  readonly largestDatagramBytes: number;
  readonly control: ControlName;
  /** The buffer of the peer's socket, where it is known. */
  readonly kernelBuffer: KernelBuffer | undefined;
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
  /** Sends the first `length` bytes of a buffer, which then is the receiver's. */
  transmit(buffer: Uint8Array, length: number): void;
  delivered(message: Uint8Array): void;
  /** The peer has ended its half, and all of it was delivered. */
  peerFinished(): void;
  /** The association is over. Called once. */
  ended(end: AssociationEnd): void;
}

export interface AssociationEnd {
  /** Such as `closed by the peer`. */
  readonly why: string;
  /** Whether both sides wanted the end, or the peer went when nothing was outstanding. */
  readonly orderly: boolean;
}
