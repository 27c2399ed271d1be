// The arithmetic of a slow link: when bytes that are sent now arrive at its other end, given its
// bandwidth, latency and blackouts.

import type { LinkFaults } from "./spec.ts";

/** The queue of a limited bandwidth: short, like that of a modem, and long enough not to run empty
 * while this process has something else to do. */
const SLOW_QUEUE_BYTES = 256 * 1024;
const SLOW_QUEUE_MS = 50;

/** How many bytes may wait for a bandwidth unless the user says otherwise. */
export function slowQueueBytes(bytesPerSecond: number): number {
  return Math.max(SLOW_QUEUE_BYTES, bytesPerSecond * SLOW_QUEUE_MS / 1000);
}

/** The queue, the rate and the length of one direction of a link. It keeps no bytes: from when the
 * link is free again follows how much still waits for it. */
export class Pace {
  /** Whether anything ever has to wait. */
  readonly isNeeded: boolean;
  readonly #faults: LinkFaults;
  readonly #blackout: { readonly startMs: number; readonly endMs: number };
  #freeAtMs = -Infinity;

  /** @param openedMs when the time of a blackout begins to count */
  constructor(faults: LinkFaults, openedMs: number) {
    this.#faults = faults;
    const { startMs, lengthMs } = faults.blackout ?? { startMs: Infinity, lengthMs: 0 };
    this.#blackout = { startMs: openedMs + startMs, endMs: openedMs + startMs + lengthMs };
    this.isNeeded = faults.latencyMs !== undefined || faults.bandwidthBytesPerSecond !== undefined;
  }

  /** The end of the blackout that goes on at this moment, or undefined. */
  blackoutEndMs(nowMs: number): number | undefined {
    const { startMs, endMs } = this.#blackout;
    return nowMs >= startMs && nowMs < endMs ? endMs : undefined;
  }

  /** How many bytes still wait for the link. */
  waitingBytes(nowMs: number): number {
    const { bandwidthBytesPerSecond } = this.#faults;
    if (bandwidthBytesPerSecond === undefined || this.#freeAtMs <= nowMs) return 0;
    return (this.#freeAtMs - nowMs) * bandwidthBytesPerSecond / 1000;
  }

  /** Sends this many bytes; returns when the last of them arrives.
   * @param chance at least 0, below 1: how the latency differs from the usual */
  arrivalMs(bytes: number, nowMs: number, chance: number): number {
    const { bandwidthBytesPerSecond, latencyMs = 0, jitterMs } = this.#faults;
    let sentMs = nowMs;
    if (bandwidthBytesPerSecond !== undefined) {
      this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + bytes * 1000 / bandwidthBytesPerSecond;
      sentMs = this.#freeAtMs;
    }
    return sentMs + latencyMs + jitterMs * (2 * chance - 1);
  }
}
