// Serving a session protocol on a stream transport: shared by TCP, TLS and Unix sockets.

import type { Admission } from "../addresses/admission.ts";
import { IdleSweep } from "../sessions/idle_sweep.ts";
import { layerStream } from "../layer.ts";
import type { HandshakeLimits, StreamLimits } from "../limits.ts";
import type { Listener, RunningServer } from "../running_server.ts";
import type { SessionWork } from "../server_kind.ts";
import { Ledger } from "../sessions/life.ts";
import { acceptingServer } from "./accept_loop.ts";
import { StreamSession } from "./stream_session.ts";

interface StreamServerOptions {
  readonly admits: Admission;
  readonly limits: StreamLimits & Partial<HandshakeLimits>;
  readonly work: SessionWork;
}

/** Serves until shut down. Takes ownership of the acceptor. */
export function serveStream(
  listener: Listener,
  { admits, limits, work }: StreamServerOptions,
): RunningServer {
  const { protocol: { framing }, service, layers, context } = work;
  const ledger = new Ledger(listener.url, context.emit, context.traffic);
  const { counters } = ledger;
  const { maxMessageBytes, idleTimeoutMs } = limits;
  const idle = new IdleSweep<StreamSession>(idleTimeoutMs, (session) => ledger.closeIdle(session));
  const speak = (session: StreamSession) => service.serve(session);
  const over = (session: StreamSession) => idle.delete(session);
  return acceptingServer(listener, {
    admits,
    limits,
    ledger,
    serve(connection) {
      const layered = layerStream(connection, layers, { role: "listen" }, { counters });
      const session = new StreamSession(layered, { framing, maxMessageBytes, counters });
      idle.add(session);
      return ledger.live(session, speak, over);
    },
    release: () => idle[Symbol.dispose](),
  });
}
