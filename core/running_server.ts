// The life cycle of a server, the same for every transport: listening, draining, finished.

import type { Acceptor, Connection, DatagramSocket } from "./connection.ts";
import type { Stats } from "./counters.ts";
import { errorText } from "./event.ts";
import type { Ledger } from "./session_life.ts";

/** The certificate that a server shows. */
export interface ServerCertificate {
  /** PEM, the server's own certificate first. */
  readonly pem: string;
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** The public part of a listening socket: its URL and its certificate. */
export interface Listening {
  /** With the port that the system chose. */
  readonly url: string;
  /** The certificate in use now; a reload can replace it. */
  readonly certificate?: ServerCertificate | undefined;
  /** Takes up certificate files that have changed, where there are any. Never rejects. */
  readonly reload?: (() => Promise<void>) | undefined;
}

/** A stream socket that listens, and what is known of it. */
export interface Listener<C extends Connection = Connection> extends Listening {
  readonly acceptor: Acceptor<C>;
}

/** A datagram socket that listens, and what is known of it. */
export interface DatagramListener extends Listening {
  readonly socket: DatagramSocket;
}

/** A server that listens. Disposing it stops it now; `shutdown` lets sessions finish first. */
export interface RunningServer extends AsyncDisposable {
  /** URL of the listening socket, with the port that the system chose. */
  readonly url: string;
  /** The server's certificate, on TLS and DTLS. */
  readonly certificate?: ServerCertificate;
  /** Takes up certificate files that have changed, where there are any; it does so by itself, too,
   * within a second or two. Connections that are open are not touched. Never rejects: what cannot be
   * used is said in a `notice`, and the old stays in use. */
  reload?(): Promise<void>;
  /** Resolves when the server has stopped, for any reason; rejects if it broke. */
  readonly finished: Promise<void>;
  /** A copy of the counters. */
  stats(): Stats;
  /** Stops listening, lets what is being answered finish for `graceMs`, then closes the rest.
   * Resolves when all is closed. Calling it again with a shorter grace shortens the wait. */
  shutdown(options?: { readonly graceMs?: number }): Promise<void>;
}

/** Default time that `shutdown` waits for sessions, in milliseconds. */
export const DEFAULT_GRACE_MS = 5000;

/** The parts from which `runningServer` composes a RunningServer. */
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
