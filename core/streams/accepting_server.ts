// A server that accepts connections: what TCP, TLS, Unix sockets, WebSocket and HTTP share.

import { acceptLoop } from "./accept_loop.ts";
import type { Admission } from "../addresses/admission.ts";
import type { Acceptor, Connection } from "../connection.ts";
import type { Counters } from "../counters.ts";
import type { Emit } from "../event.ts";
import {
  type OpenSessions,
  type RunningServer,
  runningServer,
  type ServerCertificate,
} from "../running_server.ts";

/** What such a server is made of. */
export interface AcceptingServerOptions<C extends Connection> {
  readonly url: string;
  readonly acceptor: Acceptor<C>;
  readonly admits: Admission;
  readonly limits: { readonly maxConnections: number; readonly handshakeTimeoutMs?: number };
  /** The certificate that the acceptor shows. */
  readonly certificate: ServerCertificate | undefined;
  /** Takes up changed certificate files. */
  readonly reload?: (() => Promise<void>) | undefined;
  readonly counters: Counters;
  readonly sessions: OpenSessions;
  readonly emit: Emit;
  /** Serves one connection whose handshake is done. */
  serve(connection: C): Promise<void>;
  /** Gives back what the server still holds, once all is closed. */
  release(): void;
}

/** Accepts and serves until shut down. Takes the acceptor over. */
export function acceptingServer<C extends Connection>(
  options: AcceptingServerOptions<C>,
): RunningServer {
  const { acceptor, certificate, reload, limits, url, counters, sessions } = options;
  return runningServer({
    url,
    ...(certificate && { certificate }),
    ...(reload && { reload }),
    counters,
    sessions,
    stopListening: () => acceptor[Symbol.dispose](),
    loop: acceptLoop({
      url,
      acceptor,
      admits: options.admits,
      maxConnections: limits.maxConnections,
      ...(limits.handshakeTimeoutMs !== undefined &&
        { handshakeTimeoutMs: limits.handshakeTimeoutMs }),
      sessions,
      counters,
      emit: options.emit,
      serve: (connection) => options.serve(connection),
    }),
    release: () => options.release(),
  });
}
