// What a server takes of its surroundings.

import type { DialledSession } from "../core/client_kind.ts";
import type { Clock } from "../core/clock.ts";
import type { Emit } from "../core/event.ts";

/** The environment of a server: events, time, chance and the like; tests replace it. */
export interface ServeHooks {
  /** Receives events. Default: none. */
  readonly emit?: Emit;
  /** Whether messages become `received` and `sent` events. Default: false. */
  readonly watch?: boolean;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
  /** At least 0, below 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** The timers of layers. Default: those of this machine. */
  readonly clock?: Clock;
  /** Opens sessions for protocols that dial. Default: `connect`. */
  readonly dial?: (url: string) => Promise<DialledSession>;
  /** Whether every HTTP request becomes an event. Default: as `watch`. */
  readonly requests?: boolean;
  /** Whether the duration of every HTTP request is counted, for metrics. Default: false. */
  readonly measure?: boolean;
  /** Whether faults can be set, and events heard, while the server runs. Without it `setFaults` and
   * `listen` are refused, and a message costs some 50 ns less. With `resets` TCP has a slower
   * listener, whose connections faults can reset too. Default: true. */
  readonly changeable?: boolean | "resets";
  /** Lines typed at the server's terminal, for a protocol that reads them. Default: none. */
  readonly lines?: AsyncIterable<string>;
  /** Aborting it shuts the server down, with the usual grace. */
  readonly signal?: AbortSignal;
  /** Whether an endpoint whose port another program has gets a free one. Default: false, an error. */
  readonly freePortIfTaken?: boolean;
}
