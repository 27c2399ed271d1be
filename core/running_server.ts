// The interfaces of listening sockets and of running servers.

import type { Address } from "./addresses/address.ts";
import type { Acceptor, Connection, DatagramSocket } from "./connection.ts";
import type { Stats } from "./counters.ts";
import type { Identity, Message, SessionOrigin } from "./session.ts";
import type { Durations } from "./durations.ts";

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

export interface Listener<C extends Connection = Connection> extends Listening {
  readonly acceptor: Acceptor<C>;
}

export interface DatagramListener extends Listening {
  readonly socket: DatagramSocket;
  /** Calls `dropped` for each datagram that the socket drops because too many are unread, where the
   * socket itself does so. */
  readonly onDropped?: (dropped: () => void) => void;
}

/** A session, or an HTTP connection, that is open. */
export interface OpenSession {
  /** The session itself, with what can be asked of it. */
  readonly session: SessionOrigin & {
    readonly identity?: Identity | undefined;
    readonly bytesReceived: number;
    readonly bytesSent: number;
    /** Sends the peer a message besides those of the protocol; absent on HTTP connections. */
    send?(message: Message): Promise<void>;
    /** Ends it now. */
    close(reason?: string): void;
  };
  /** By `performance.now`. */
  readonly openedMs: number;
}

/** A running server. Disposing it stops it now; `shutdown` lets sessions finish first. */
export interface RunningServer extends AsyncDisposable {
  /** URL of the listening socket, with the port that the system chose. */
  readonly url: string;
  /** The address of the listening socket. */
  readonly address: Address;
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
  /** What is open now. */
  sessions(): Iterable<OpenSession>;
  /** How long its sessions were open, HTTP connections among them; and how long its requests took,
   * where `measure` was asked for. */
  readonly durations: { readonly sessions: Durations; readonly requests?: Durations };
  /** Stops listening, lets open sessions and requests finish for `graceMs`, then closes the rest.
   * Resolves when all are closed. Calling it again with a shorter grace shortens the wait. */
  shutdown(options?: { readonly graceMs?: number }): Promise<void>;
}
