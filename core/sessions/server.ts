// The life cycle of a server, the same for every transport: running, draining, finished.

import type { Address } from "../addresses/address.ts";
import { errorText } from "../event.ts";
import type { Listening, RunningServer } from "../running_server.ts";
import type { Ledger } from "./life.ts";

/** Default time that `shutdown` waits for sessions, in milliseconds. */
const DEFAULT_GRACE_MS = 5000;

export interface ServerParts {
  readonly listening: Listening;
  readonly address: Address;
  readonly ledger: Ledger;
  /** Stops serving new peers. Called once. */
  stopListening(): void;
  /** Releases the remaining resources, once no session is open. Called once, last. */
  release(): void;
  /** Resolves when the listening loop has ended, which is after `release` at the latest. */
  readonly loop: Promise<void>;
}

export function runningServer(parts: ServerParts): RunningServer {
  const { listening: { url, certificate, reload }, address, ledger } = parts;
  const { sessions, counters, sessionDurations, requestDurations } = ledger;
  let stopped = false;
  const finished = Promise.withResolvers<void>();
  // A caller that awaits `finished` sees the error; no caller has to.
  finished.promise.catch(() => {});

  async function stop(): Promise<void> {
    try {
      parts.stopListening();
      sessions.drain();
      await sessions.idle;
    } finally {
      parts.release();
    }
    // The loop may have accepted one more peer in the meantime.
    await parts.loop;
    await sessions.idle;
  }

  function shutdown({ graceMs = DEFAULT_GRACE_MS } = {}): Promise<void> {
    if (!stopped) {
      stopped = true;
      stop().then(finished.resolve, finished.reject);
    }
    if (graceMs <= 0) {
      sessions.close("shutdown");
      return finished.promise;
    }
    const timer = setTimeout(() => sessions.close("shutdown"), graceMs);
    return finished.promise.finally(() => clearTimeout(timer));
  }

  // When the loop ends by itself, the server stops.
  parts.loop.then(
    () => shutdown(),
    (error: unknown) => {
      finished.reject(new Error(`${url} stopped: ${errorText(error)}`, { cause: error }));
      return shutdown({ graceMs: 0 });
    },
  ).catch(() => {});

  return {
    url,
    address,
    ...(certificate && { certificate }),
    ...(reload && { reload }),
    finished: finished.promise,
    sessions: () => sessions,
    stats: () => ({ ...counters, open: sessions.size }),
    durations: {
      sessions: sessionDurations,
      ...(requestDurations && { requests: requestDurations }),
    },
    shutdown,
    [Symbol.asyncDispose]: () => shutdown({ graceMs: 0 }),
  };
}
