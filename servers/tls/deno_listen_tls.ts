// `--listener deno`: Deno.listenTls as it is. It is faster with small messages, and the only TLS of
// a runtime whose node:tls cannot take over a connection. Its limits are said at startup.

import {
  type Endpoint,
  formatEndpoint,
  hostOrLoopback,
  listeningPort,
} from "../../core/addresses/endpoint.ts";
import { resolveHost } from "../../core/addresses/resolve.ts";
import type { Context } from "../../core/protocol.ts";
import type { Listener } from "../../core/running_server.ts";
import { hasFeature, needsRuntime } from "../../core/runtime.ts";
import type { DenoConnection } from "../../core/streams/deno_connection.ts";
import { DenoTlsConnection } from "../../core/tls/deno_connection.ts";
import { keyLogWarning } from "../../core/tls/key_log.ts";
import { UsageError } from "../../core/usage_error.ts";
import { refuseAdopted } from "../listeners/adopt.ts";
import { listening } from "../listeners/listen_error.ts";
import { needsNodeTls } from "./options.ts";
import { filesOf, takingUp } from "./contexts.ts";
import { FileWatch } from "./file_watch.ts";
import type { ListenTlsOptions } from "./listen.ts";
import { RenewableAcceptor } from "./renewable_acceptor.ts";
import { identityError, loadTlsIdentity, type TlsIdentity } from "./server_certificate.ts";

const LIMITS =
  "a client that falls silent in its handshake keeps its descriptor until it leaves, " +
  "answers of several records wait for an acknowledgement, and there are no client certificates";

/** Opens a TLS listener of Deno's own, and says what it cannot keep. Aborting `ready` ends a
 * handshake for us, but its socket stays open until the peer leaves.
 * @throws {UsageError} when an option cannot be kept, or the certificate or key cannot be used
 * @throws {Error} when the socket cannot be opened, naming its URL */
export async function listenDenoTls(
  endpoint: Endpoint,
  options: ListenTlsOptions,
  context: Pick<Context, "emit" | "now">,
): Promise<Listener<DenoConnection<Deno.TlsConn>>> {
  const option = needsNodeTls(options);
  if (option !== null) {
    throw new UsageError(`--listener deno cannot keep ${option}; leave one of the two away`);
  }
  refuseAdopted(endpoint, "Deno.listenTls");
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, options);
  const loading = { ...context, host };
  let identity = await loadTlsIdentity(options, loading);
  const { alpnProtocols = [] } = options;
  // Deno's listener keeps its first certificate. Where the files may change, a second listener has
  // to be able to open beside it.
  const files = filesOf(options);
  const reusePort = files.length > 0 && Deno.build.os !== "windows";
  const urlAt = (port: number) => formatEndpoint({ ...endpoint, hostname: host }, port);
  const listenOn = (port: number, { cert, key }: TlsIdentity) =>
    Deno.listenTls({
      hostname,
      port,
      cert,
      key,
      tcpBacklog: options.backlog,
      reusePort,
      ...(alpnProtocols.length > 0 && { alpnProtocols: [...alpnProtocols] }),
    });
  const wanted = listeningPort(endpoint);
  const listener = await listening(urlAt(wanted), wanted, () => {
    let port = wanted;
    if (reusePort) {
      // With reusePort alone, a server of another program on the port would go unnoticed.
      using alone = Deno.listen({ hostname, port });
      port = alone.addr.port;
    }
    return listenOn(port, identity);
  }).catch((error: Error) => {
    throw identityError(error.cause, options) ?? error;
  });
  const { port } = listener.addr;
  const reason = hasFeature("nodeTls")
    ? "--listener deno"
    : needsRuntime("nodeTls", "--listener guarded");
  for (const text of [`Deno.listenTls (${reason}): ${LIMITS}`, keyLogWarning()]) {
    if (text !== null) context.emit?.({ event: "notice", text }, { serverUrl: urlAt(port) });
  }
  const acceptor = new RenewableAcceptor(
    listener,
    (conn: Deno.TlsConn) => new DenoTlsConnection(conn),
  );
  const certificate = {
    get pem() {
      return identity.cert;
    },
    get fingerprint() {
      return identity.fingerprint;
    },
  };
  if (!reusePort) return { acceptor, url: urlAt(port), certificate };
  const reload = takingUp(context.emit, certificate, async () => {
    const next = await loadTlsIdentity(options, loading);
    if (!acceptor.isDisposed) acceptor.renew(listenOn(port, next));
    identity = next;
  });
  acceptor.own(new FileWatch(files, reload));
  return { acceptor, url: urlAt(port), certificate, reload };
}
