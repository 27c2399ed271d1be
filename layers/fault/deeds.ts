// What the faults of an endpoint work with: their chances, and the record of what they did.

import type { Clock } from "../../core/clock.ts";
import type { Counters } from "../../core/counters.ts";

/** How often each fault did something, in each direction. */
export interface FaultDeeds {
  readonly in: Record<string, number>;
  readonly out: Record<string, number>;
}

/** By what faults decide, from the moment at which they were set. */
export interface Decisions {
  readonly seed: number;
  /** The number of the connection at its endpoint: each has chances of its own. */
  readonly index: number;
  /** When the time of a blackout begins to count. */
  readonly openedMs: number;
  readonly did: FaultDeeds;
}

export interface FaultWork extends Decisions {
  readonly clock: Clock;
  readonly counters: Counters;
  /** Called when the connection was disposed. */
  readonly over?: () => void;
}

/** Notes that a fault did something. */
export function note(did: Record<string, number>, fault: string): void {
  did[fault] = (did[fault] ?? 0) + 1;
}

/** Adds what some faults did to what others did. */
export function addDeeds(sum: FaultDeeds, did: FaultDeeds): void {
  for (const direction of ["in", "out"] as const) {
    for (const [fault, count] of Object.entries(did[direction])) {
      sum[direction][fault] = (sum[direction][fault] ?? 0) + count;
    }
  }
}
