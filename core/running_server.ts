// What listens, and a server that does.

import type { Acceptor, Connection, DatagramSocket } from "./connection.ts";
import type { Stats } from "./counters.ts";

/** The certificate that a server shows. */
export interface ServerCertificate {
  /** PEM, the server's own certificate first. */
  readonly pem: string;
  /** SHA-256 of the certificate, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** Where a server listens, and what it shows there. */
export interface Listening {
  /** With the port that the system chose. */
  readonly url: string;
  /** As it is now, where it can change. */
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
  /** Where it listens, with the port that the system chose. */
  readonly url: string;
  /** What proves who it is, where something does. */
  readonly certificate?: ServerCertificate;
  /** Takes up certificate files that have changed, where there are any; it does so by itself, too,
   * within a second or two. Connections that are open are not touched. Never rejects: what cannot be
   * used is said in a `notice`, and the old stays in use. */
  reload?(): Promise<void>;
  /** Resolves when the server has stopped, for whatever reason; rejects if it broke. */
  readonly finished: Promise<void>;
  /** A copy of the counters. */
  stats(): Stats;
  /** Stops listening, lets what is being answered finish for `graceMs`, then closes the rest.
   * Resolves when all is closed. Calling it again with a shorter grace shortens the wait. */
  shutdown(options?: { readonly graceMs?: number }): Promise<void>;
}
