// The life of a server: running, draining, finished.

import type { Counters, Stats } from "./counters.ts";
import { errorText } from "./event.ts";

/** The certificate that a server shows. */
export interface ServerCertificate {
  /** PEM, the server's own certificate first. */
  readonly pem: string;
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** A server that listens. Disposing it stops it now; `shutdown` lets sessions finish first. */
export interface RunningServer extends AsyncDisposable {
  /** Where it listens, with the port that the system chose. */
  readonly url: string;
  /** What proves who it is, where something does. */
  readonly certificate?: ServerCertificate;
  /** Takes up certificate files that have changed, where there are any; it does so by itself, too,
   * within a second or two. Connections that are open are not touched. Never rejects: what cannot be
   * used is said in a `notice`, and the old stays in use. */
  reload?(): Promise<void>;
  /** Resolves when the server has stopped, whoever stopped it; rejects if it broke. */
  readonly finished: Promise<void>;
  /** A copy of the counters. */
  stats(): Stats;
  /** Stops listening, lets what is being answered finish for `graceMs`, then closes the rest.
   * Resolves when all is closed. Calling it again with a shorter grace shortens the wait. */
  shutdown(options?: { readonly graceMs?: number }): Promise<void>;
}

/** How long `shutdown` waits for sessions unless told otherwise, in milliseconds. */
export const DEFAULT_GRACE_MS = 5000;

/** Something open that a shutdown has to end. */
export interface Drainable {
  /** End at the next safe point. */
  drain(): void;
  /** End now. */
  close(reason?: string): void;
}

/** The sessions that are open on a server. */
export class OpenSessions implements Drainable {
  readonly #open = new Set<Drainable>();
  #draining = false;
  #idle = Promise.withResolvers<void>();

  constructor() {
    this.#idle.resolve();
  }

  get size(): number {
    return this.#open.size;
  }

  [Symbol.iterator](): Iterator<Drainable> {
    return this.#open.values();
  }

  add(session: Drainable): void {
    if (this.#open.size === 0) this.#idle = Promise.withResolvers();
    this.#open.add(session);
    if (this.#draining) session.drain();
  }

  delete(session: Drainable): void {
    if (this.#open.delete(session) && this.#open.size === 0) this.#idle.resolve();
  }

  drain(): void {
    this.#draining = true;
    for (const session of this.#open) session.drain();
  }

  close(reason?: string): void {
    for (const session of this.#open) session.close(reason);
  }

  /** Resolves when none is open. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }
}

/** What a RunningServer is made of. */
export interface ServerParts {
  readonly url: string;
  readonly certificate?: ServerCertificate;
  /** Takes up changed certificate files. */
  readonly reload?: () => Promise<void>;
  readonly counters: Counters;
  readonly sessions: OpenSessions;
  /** From here on nobody new is served. Called once. */
  stopListening(): void;
  /** Gives back what the server still holds, once no session is open. Called once, last. */
  release(): void;
  /** Resolves when the listening loop has ended, which is after `release` at the latest. */
  readonly loop: Promise<void>;
}

/** Puts the parts of a listening server together. */
export function runningServer(parts: ServerParts): RunningServer {
  let stopped = false;
  const finished = Promise.withResolvers<void>();
  // Whoever awaits `finished` sees the error; nobody has to.
  finished.promise.catch(() => {});

  async function stop(): Promise<void> {
    try {
      parts.stopListening();
      parts.sessions.drain();
      await parts.sessions.idle;
    } finally {
      parts.release();
    }
    // The loop may have taken one more in the meantime.
    await parts.loop;
    await parts.sessions.idle;
  }

  function shutdown({ graceMs = DEFAULT_GRACE_MS } = {}): Promise<void> {
    if (!stopped) {
      stopped = true;
      stop().then(finished.resolve, finished.reject);
    }
    if (graceMs <= 0) {
      parts.sessions.close("shutdown");
      return finished.promise;
    }
    const timer = setTimeout(() => parts.sessions.close("shutdown"), graceMs);
    return finished.promise.finally(() => clearTimeout(timer));
  }

  // A loop that ends by itself takes the server with it.
  parts.loop.then(
    () => shutdown(),
    (error: unknown) => {
      finished.reject(new Error(`${parts.url} stopped: ${errorText(error)}`, { cause: error }));
      return shutdown({ graceMs: 0 });
    },
  ).catch(() => {});

  return {
    url: parts.url,
    ...(parts.certificate && { certificate: parts.certificate }),
    ...(parts.reload && { reload: parts.reload }),
    finished: finished.promise,
    stats: () => ({ ...parts.counters, open: parts.sessions.size }),
    shutdown,
    [Symbol.asyncDispose]: () => shutdown({ graceMs: 0 }),
  };
}
