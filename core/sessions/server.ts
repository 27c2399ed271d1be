// The life of a server: running, draining, finished.

import { errorText } from "../event.ts";
import type { Listening, RunningServer } from "../running_server.ts";
import type { Ledger } from "./life.ts";

/** How long `shutdown` waits for sessions unless told otherwise, in milliseconds. */
const DEFAULT_GRACE_MS = 5000;

/** What a RunningServer is made of. */
export interface ServerParts {
  readonly listening: Listening;
  readonly ledger: Ledger;
  /** From here on no new peer is served. Called once. */
  stopListening(): void;
  /** Gives back what the server still holds, once no session is open. Called once, last. */
  release(): void;
  /** Resolves when the listening loop has ended, which is after `release` at the latest. */
  readonly loop: Promise<void>;
}

/** Puts the parts of a listening server together. */
export function runningServer(parts: ServerParts): RunningServer {
  const { listening: { url, certificate, reload }, ledger: { sessions, counters } } = parts;
  let stopped = false;
  const finished = Promise.withResolvers<void>();
  // A caller that awaits `finished` sees the error; none has to.
  finished.promise.catch(() => {});

  async function stop(): Promise<void> {
    try {
      parts.stopListening();
      sessions.drain();
      await sessions.idle;
    } finally {
      parts.release();
    }
    // The loop may have taken one more in the meantime.
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

  // A loop that ends by itself takes the server with it.
  parts.loop.then(
    () => shutdown(),
    (error: unknown) => {
      finished.reject(new Error(`${url} stopped: ${errorText(error)}`, { cause: error }));
      return shutdown({ graceMs: 0 });
    },
  ).catch(() => {});

  return {
    url,
    ...(certificate && { certificate }),
    ...(reload && { reload }),
    finished: finished.promise,
    stats: () => ({ ...counters, open: sessions.size }),
    shutdown,
    [Symbol.asyncDispose]: () => shutdown({ graceMs: 0 }),
  };
}
