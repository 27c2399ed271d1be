// Faults of a server that can be replaced while it runs.

import type { Carrier } from "./layer.ts";

/** How often each fault did something, by its name. */
export type FaultCounts = Readonly<Record<string, number>>;

/** The faults that a server has now. */
export interface FaultsInForce {
  /** The faults, as `--fault` takes them. */
  readonly fault: readonly string[];
  /** The seed by which every decision is repeated. */
  readonly seed: number;
  /** When they were set, in ISO 8601. */
  readonly since: string;
  /** What they have done since: to what comes in, and to what goes out. */
  readonly did: { readonly in: FaultCounts; readonly out: FaultCounts };
  /** Whether they may reset connections. */
  readonly resets: boolean;
  /** What differs from what was asked for, such as a reset that can only be an end. */
  readonly note?: string;
}

/** The faults of one endpoint. */
export interface LiveFaults {
  /** What all faults have done since the server was started. */
  readonly done: FaultsInForce["did"];
  /** Null when there are none. */
  readonly inForce: FaultsInForce | null;
  /** Replaces them for sessions that are open and for those to come, or takes them away.
   *
   * The decisions begin anew: the same seed and the same traffic lead to the same ones, however
   * often and however late faults are set. Open connections are numbered in the order in which they
   * were opened, and new ones after them.
   *
   * @param seed default that of the faults before
   * @throws {UsageError} when a fault cannot be had */
  set(fault: readonly string[] | null, carrier: Carrier, seed?: number): void;
}
