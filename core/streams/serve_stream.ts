// Serving a session protocol on any stream transport: what TCP, TLS and Unix sockets share.

import { acceptingServer } from "./accepting_server.ts";
import { formatAddress } from "../addresses/address.ts";
import type { Admission } from "../addresses/admission.ts";
import type { Acceptor, Connection } from "../connection.ts";
import { createCounters } from "../counters.ts";
import { errorText } from "../event.ts";
import { IdleSweep } from "../idle_sweep.ts";
import { layerStream } from "../layer.ts";
import type { HandshakeLimits, StreamLimits } from "../limits.ts";
import { OpenSessions, type RunningServer, type ServerCertificate } from "../running_server.ts";
import type { SessionWork } from "../server_kind.ts";
import { StreamSession } from "./stream_session.ts";

/** What a stream server is made of. */
export interface StreamServerOptions {
  readonly url: string;
  readonly acceptor: Acceptor;
  readonly admits: Admission;
  readonly limits: StreamLimits & Partial<HandshakeLimits>;
  readonly work: SessionWork;
  /** The certificate that the acceptor shows. */
  readonly certificate?: ServerCertificate;
  /** Takes up changed certificate files. */
  readonly reload?: (() => Promise<void>) | undefined;
}

/** Serves until shut down. Takes the acceptor over. */
export function serveStream(options: StreamServerOptions): RunningServer {
  const { url, acceptor, limits, work } = options;
  const { emit } = work.context;
  const counters = createCounters();
  const sessions = new OpenSessions();
  const idle = new IdleSweep<StreamSession>(limits.idleTimeoutMs, (session) => {
    counters.idle++;
    session.close("idle");
  });

  async function serve(connection: Connection): Promise<void> {
    const session = new StreamSession(
      layerStream(connection, work.layers, { role: "listen" }, { counters }),
      { framing: work.protocol.framing, maxMessageBytes: limits.maxMessageBytes, counters },
    );
    const peer = formatAddress(session.peer);
    counters.opened++;
    sessions.add(session);
    idle.add(session);
    const { identity } = session;
    emit({ event: "opened", url, peer, ...(identity && { identity }) });
    let reason = "done";
    try {
      await work.service.serve(session);
      await session.finish();
    } catch (error) {
      // What failed because we closed the session is not a failure.
      if (session.reason === undefined) {
        counters.failed++;
        reason = errorText(error);
      }
    } finally {
      idle.delete(session);
      session.close();
      sessions.delete(session);
      emit({
        event: "closed",
        url,
        peer,
        reason: session.reason ?? reason,
        bytesReceived: session.bytesReceived,
        bytesSent: session.bytesSent,
      });
    }
  }

  return acceptingServer({
    url,
    acceptor,
    admits: options.admits,
    limits,
    certificate: options.certificate,
    reload: options.reload,
    counters,
    sessions,
    emit,
    serve,
    release: () => idle[Symbol.dispose](),
  });
}
