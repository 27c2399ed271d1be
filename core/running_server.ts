// The life cycle of a server, the same for every transport: listening, draining, finished.

import type { Acceptor, Connection, DatagramSocket } from "./connection.ts";
import type { Stats } from "./counters.ts";
import { errorText } from "./event.ts";
import type { Ledger } from "./session_life.ts";

/** The certificate of a server. */
export interface ServerCertificate {
  /** PEM, the server's own certificate first. */
  readonly pem: string;
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** The public part of a listening socket: its URL and its certificate. */
export interface Listening {
  /** URL with the port that the system chose. */
  readonly url: string;
  /** The certificate in use now; a reload can replace it. */
  readonly certificate?: ServerCertificate | undefined;
  /** Reloads certificate files that have changed, where there are any. Never rejects. */
  readonly reload?: (() => Promise<void>) | undefined;
}

/** A listening stream socket. */
export interface Listener<C extends Connection = Connection> extends Listening {
  readonly acceptor: Acceptor<C>;
}

/** A listening datagram socket. */
export interface DatagramListener extends Listening {
  readonly socket: DatagramSocket;
}

/** A running server. Disposing it stops it now; `shutdown` lets sessions finish first. */
export interface RunningServer extends AsyncDisposable {
  /** URL of the listening socket, with the port that the system chose. */
  readonly url: string;
  /** The server's certificate, on TLS and DTLS. */
  readonly certificate?: ServerCertificate;
  /** Reloads certificate files that have changed, where there are any; the server also does so by
   * itself, within a second or two. Open connections are not affected. Never rejects: an error is
   * emitted as a `notice`, and the old certificate stays in use. */
  reload?(): Promise<void>;
  /** Resolves when the server has stopped, for any reason; rejects if it broke. */
  readonly finished: Promise<void>;
  /** A copy of the counters. */
  stats(): Stats;
  /** Stops listening, lets open sessions and requests finish for `graceMs`, then closes the rest.
   * Resolves when all are closed. Calling it again with a shorter grace shortens the wait. */
  shutdown(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Default time that `shutdown` waits for sessions, in milliseconds. */
export const DEFAULT_GRACE_MS = 5000;

/** The parts from which `runningServer` composes a RunningServer. */
export interface ServerParts {
  readonly listening: Listening;
  readonly ledger: Ledger;
  /** Stops serving new peers. Called once. */
  stopListening(): void;
  /** Releases the remaining resources, once no session is open. Called once, last. */
  release(): void;
  /** Resolves when the listening loop has ended, which is after `release` at the latest. */
  readonly loop: Promise<void>;
}

/** Composes a RunningServer from its parts. */
export function runningServer(parts: ServerParts): RunningServer {
  const { listening: { url, certificate, reload }, ledger: { sessions, counters } } = parts;
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
    ...(certificate && { certificate }),
    ...(reload && { reload }),
    finished: finished.promise,
    stats: () => ({ ...counters, open: sessions.size }),
    shutdown,
    [Symbol.asyncDispose]: () => shutdown({ graceMs: 0 }),
  };
}
