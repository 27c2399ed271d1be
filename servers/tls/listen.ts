// Listening for TLS (RFC 8446, RFC 5246): on node:tls over connections of our own accept loop, for
// the reasons in core/tls/node_connection.ts; on Deno.listenTls where that is asked for, or where
// the runtime's node:tls cannot do it.

import { createAdmission } from "../../core/addresses/admission.ts";
import { type Endpoint, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import type { BacklogLimits } from "../../core/limits.ts";
import { hasFeature } from "../../core/runtime.ts";
import { keyLogWarning } from "../../core/tls/key_log.ts";
import { NodeTlsConnection, type NodeTlsOptions } from "../../core/tls/node_connection.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { Context } from "../../core/protocol.ts";
import type { FamilyChoice } from "../../core/addresses/resolve.ts";
import type { Listener, RunningServer } from "../../core/running_server.ts";
import type { SessionWork } from "../../core/server_kind.ts";
import { serveStream } from "../../core/streams/serve_stream.ts";
import { wrapAcceptor } from "../listeners/wrapped_acceptor.ts";
import { listenTcp } from "../tcp.ts";
import { TlsContexts } from "./contexts.ts";
import { checkTlsOptions, type TlsSettings, type tlsTransportOptions } from "./options.ts";

export interface ListenTlsOptions extends BacklogLimits, FamilyChoice, TlsSettings {
  /** Protocols to agree on by ALPN (RFC 7301), the preferred one first. Default: none. */
  readonly alpnProtocols?: readonly string[];
  /** Whether to use the native sockets of connections. Default: true. */
  readonly native?: boolean;
}

/** Opens a TLS listener. The `ready` of an accepted connection completes its handshake.
 * @throws {UsageError} when an option, certificate or key cannot be used
 * @throws {Error} when the socket cannot be opened, naming its URL */
export async function listenTls(
  endpoint: Endpoint,
  options: ListenTlsOptions,
  context: Pick<Context, "emit" | "now">,
): Promise<Listener> {
  checkTlsOptions(options);
  if (options.listener === "deno" || !hasFeature("nodeTls")) {
    const { listenDenoTls } = await import("./deno_listen_tls.ts");
    return await listenDenoTls(endpoint, options, context);
  }
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
    ...(options.native !== undefined && { native: options.native }),
  };
  const { acceptor, url } = await listenTcp(endpoint, options);
  const warning = keyLogWarning("node:tls gives none; --listener deno writes them");
  if (warning !== null) context.emit?.({ event: "notice", text: warning }, { serverUrl: url });
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

/** Serves sessions over TLS until shut down. */
export async function serveTls(
  endpoint: Endpoint,
  limits: OptionValues<typeof tlsTransportOptions>,
  work: SessionWork,
): Promise<RunningServer> {
  const admits = await createAdmission(limits);
  const settings = { ...limits, alpnProtocols: limits.alpn };
  const listener = await listenTls(endpoint, settings, work.context);
  return serveStream(listener, { admits, limits, work });
}
