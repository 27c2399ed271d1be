// Listening for TLS (RFC 8446, RFC 5246): on node:tls over connections of our own accept loop, for
// the reasons in core/tls/node_connection.ts; on Deno.listenTls for a runtime whose node:tls cannot
// do that.

import { createAdmission } from "../../core/addresses/admission.ts";
import type { DenoConnection } from "../../core/streams/deno_connection.ts";
import { DenoTlsConnection } from "../../core/tls/deno_connection.ts";
import {
  type Endpoint,
  formatEndpoint,
  hostOrLoopback,
  listeningPort,
} from "../../core/addresses/endpoint.ts";
import type { BacklogLimits } from "../../core/limits.ts";
import { hasFeature } from "../../core/runtime.ts";
import { NodeTlsConnection, type NodeTlsOptions } from "../../core/tls/node_connection.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { Context } from "../../core/protocol.ts";
import { type FamilyChoice, resolveHost } from "../../core/addresses/resolve.ts";
import type { Listener, RunningServer } from "../../core/running_server.ts";
import type { SessionWork } from "../../core/server_kind.ts";
import { serveStream } from "../../core/streams/serve_stream.ts";
import { FileWatch } from "./file_watch.ts";
import { listening } from "../listeners/listen_error.ts";
import { wrapAcceptor } from "../listeners/wrapped_acceptor.ts";
import { RenewableAcceptor } from "./renewable_acceptor.ts";
import { listenTcp } from "../tcp.ts";
import { filesOf, takingUp, TlsContexts } from "./contexts.ts";
import { checkTlsOptions, type TlsSettings, type tlsTransportOptions } from "./options.ts";
import { identityError, loadTlsIdentity, type TlsIdentity } from "./server_certificate.ts";

interface ListenTlsOptions extends BacklogLimits, FamilyChoice, TlsSettings {
  /** Protocols to agree on by ALPN (RFC 7301), the preferred one first. Default: none. */
  readonly alpnProtocols?: readonly string[];
}

/** Opens a TLS listener on node:tls. The `ready` of an accepted connection completes its handshake.
 * @throws {UsageError} when an option, certificate or key cannot be used
 * @throws {Error} when the socket cannot be opened, naming its URL */
export async function listenNodeTls(
  endpoint: Endpoint,
  options: ListenTlsOptions,
  context: Pick<Context, "emit" | "now">,
): Promise<Listener> {
  checkTlsOptions(options);
  if (!hasFeature("nodeTls")) return await listenTls(endpoint, options, context);
  const host = hostOrLoopback(endpoint);
  using opened = new DisposableStack();
  const contexts = opened.use(await TlsContexts.load(options, { ...context, host }));
  const { TLSSocket } = await import("node:tls");
  const { alpnProtocols: ALPNProtocols = [] } = options;
  const { clients } = contexts;
  const handshake: NodeTlsOptions = {
    done: "secure",
    begin(stream) {
      // The types require a net.Socket; any stream works.
      const underlying = stream as unknown as ConstructorParameters<typeof TLSSocket>[0];
      const socket = new TLSSocket(underlying, {
        isServer: true,
        secureContext: contexts.contextFor(""),
        ...(contexts.hasNames && {
          SNICallback: (name, done) => done(null, contexts.contextFor(name)),
        }),
        ...(clients !== null && { requestCert: true, rejectUnauthorized: true }),
        ...(ALPNProtocols.length > 0 && { ALPNProtocols: [...ALPNProtocols] }),
      });
      clients?.expect(socket);
      return socket;
    },
    ...(clients !== null && { check: (socket) => clients.verify(socket) }),
  };
  const { acceptor, url } = await listenTcp(endpoint, options);
  return {
    acceptor: wrapAcceptor(
      acceptor,
      (connection) => new NodeTlsConnection(connection, handshake),
      opened.move(),
    ),
    url,
    certificate: contexts.certificate,
    reload: contexts.reload,
  };
}

/** Opens a TLS listener of Deno's own, for Deno's HTTP engine, which takes nothing else. Aborting
 * `ready` ends a handshake for us, but its socket stays open until the peer leaves.
 * @throws {UsageError} when the certificate or key cannot be used
 * @throws {Error} when the socket cannot be opened, naming its URL */
export async function listenTls(
  endpoint: Endpoint,
  options: ListenTlsOptions,
  context: Pick<Context, "emit" | "now">,
): Promise<Listener<DenoConnection<Deno.TlsConn>>> {
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, options);
  const loading = { ...context, host };
  let identity = await loadTlsIdentity(options, loading);
  const { alpnProtocols = [], tlsCert } = options;
  // Deno's listener keeps its first certificate. Where the files may change, a second listener has
  // to be able to open beside it.
  const reusePort = tlsCert !== undefined && tlsCert.length > 0 && Deno.build.os !== "windows";
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
  acceptor.own(new FileWatch(filesOf(options), reload));
  return { acceptor, url: urlAt(port), certificate, reload };
}

/** Serves sessions over TLS until shut down. */
export async function serveTls(
  endpoint: Endpoint,
  limits: OptionValues<typeof tlsTransportOptions>,
  work: SessionWork,
): Promise<RunningServer> {
  const admits = await createAdmission(limits);
  const settings = { ...limits, alpnProtocols: limits.alpn };
  const listener = await listenNodeTls(endpoint, settings, work.context);
  return serveStream(listener, { admits, limits, work });
}
