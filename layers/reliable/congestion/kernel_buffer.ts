// The receive buffer that the system gives a socket on this machine. It silently drops what does not
// fit, so no more than that should be on its way to a peer that may not read fast enough.

import { type Address, isLoopback } from "../../../core/addresses/address.ts";

/** The part of a receiving socket's buffer that may be used. */
export interface KernelBuffer {
  readonly bytes: number;
}

/** Linux gives a socket 212,992 bytes unless told otherwise, and may take a quarter of them for used
 * until a while after they were read. */
const DEFAULT_BYTES = Math.floor(212_992 * 0.72);

/** What the kernel adds to a datagram, before and after rounding up to a power of two.
 * Measured: 92 datagrams of 1,000 to 1,452 bytes fit, 48 of 2,000, 12 of 8,000 to 16,000. */
const HEAD_BYTES = 384;
const RECORD_BYTES = 256;

/** The largest datagram to this machine. Each costs hardly more than a small one, and four of this
 * size fit into the buffer, so that one is read while others wait; of the largest, only one does. A
 * little less than a power of two, for what layers below add. */
export const LOCAL_DATAGRAM_BYTES = 2 ** 15 - HEAD_BYTES - 128;

/** The buffer of a peer on this machine; undefined for others, whose datagrams come evenly paced and
 * of whose system nothing is known. */
export function kernelBufferOf(peer: Address): KernelBuffer | undefined {
  const isLocal = "path" in peer || isLoopback(peer.hostname);
  return isLocal ? { bytes: DEFAULT_BYTES } : undefined;
}

/** How long a datagram stays in the buffer at most, where its reader is not held up. */
const READ_WITHIN_MS = 5;

/** How much of it what is on its way may take. On a path whose least round trip is longer than one to a
 * socket of this machine, a relay holds back most of that, and the socket has only what came last. */
export function usableBytes({ bytes }: KernelBuffer, leastRoundTripMs: number): number {
  const isKnown = Number.isFinite(leastRoundTripMs);
  return isKnown ? bytes * Math.max(1, leastRoundTripMs / READ_WITHIN_MS) : bytes;
}

/** About how much of the buffer a datagram takes. */
export function kernelBytes(datagramBytes: number): number {
  return 2 ** (32 - Math.clz32(datagramBytes + HEAD_BYTES - 1)) + RECORD_BYTES;
}
