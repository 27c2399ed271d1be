// TLS: on node:tls over connections that our own loop accepted, for the reasons in core/node_tls.ts;
// on Deno.listenTls where node:tls is not good enough yet.

import type { Address } from "../core/address.ts";
import { createAdmission } from "../core/admission.ts";
import type { Acceptor, Connection } from "../core/connection.ts";
import { DenoTlsConnection } from "../core/deno_tls_connection.ts";
import { type Endpoint, formatEndpoint, hostOrLoopback, listeningPort } from "../core/endpoint.ts";
import {
  admissionOptions,
  type BacklogLimits,
  backlogOptions,
  handshakeOptions,
  streamOptions,
} from "../core/limits.ts";
import { hasGoodNodeTls, NodeTlsConnection, type NodeTlsOptions } from "../core/node_tls.ts";
import type { Context } from "../core/protocol.ts";
import { type FamilyChoice, familyOptions, resolveHost } from "../core/resolve.ts";
import type { ServerCertificate } from "../core/running_server.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { serveStream } from "../core/stream_server.ts";
import { DenoAcceptor } from "./deno_acceptor.ts";
import { listening } from "./listen_error.ts";
import { listenTcp } from "./tcp.ts";
import { identityError, loadTlsIdentity, type TlsFiles, tlsServerOptions } from "./tls_identity.ts";

const options = {
  ...admissionOptions,
  ...streamOptions,
  ...backlogOptions,
  ...handshakeOptions,
  ...familyOptions,
  ...tlsServerOptions,
} as const;

/** What a TLS listener needs. */
export interface ListenTlsOptions extends BacklogLimits, FamilyChoice, TlsFiles {
  /** Protocols to agree on by ALPN (RFC 7301), the preferred one first. Default: none. */
  readonly alpnProtocols?: readonly string[];
}

/** A listening socket, the URL it is reached at and the certificate it shows. */
export interface ListeningTls<A extends Acceptor = Acceptor> {
  readonly acceptor: A;
  readonly url: string;
  readonly certificate: ServerCertificate;
}

/** Opens a TLS listener on node:tls. A connection it accepts has yet to shake hands: call its
 * `ready`.
 *
 * @throws {UsageError} when the certificate or key cannot be used
 * @throws {Error} when the socket cannot be opened, naming its URL */
export async function listenNodeTls(
  endpoint: Endpoint,
  options: ListenTlsOptions,
  context: Pick<Context, "emit" | "now">,
): Promise<ListeningTls> {
  if (!hasGoodNodeTls()) return await listenTls(endpoint, options, context);
  const host = hostOrLoopback(endpoint);
  const { cert, key, fingerprint } = await loadTlsIdentity(options, { ...context, host });
  const { createSecureContext, TLSSocket } = await import("node:tls");
  const secureContext = createSecureContext({ cert, key });
  const { alpnProtocols: ALPNProtocols } = options;
  const handshake: NodeTlsOptions = {
    done: "secure",
    begin: (stream) =>
      // The types want a socket of node:net; any stream will do.
      new TLSSocket(stream as unknown as ConstructorParameters<typeof TLSSocket>[0], {
        isServer: true,
        secureContext,
        ...(ALPNProtocols && { ALPNProtocols: [...ALPNProtocols] }),
      }),
  };
  const { acceptor, url } = await listenTcp(endpoint, options);
  return {
    acceptor: new NodeTlsAcceptor(acceptor, handshake),
    url,
    certificate: { pem: cert, fingerprint },
  };
}

/** Makes TLS of the connections of another acceptor. */
class NodeTlsAcceptor implements Acceptor {
  readonly address: Address;
  readonly #inner: Acceptor;
  readonly #handshake: NodeTlsOptions;

  constructor(inner: Acceptor, handshake: NodeTlsOptions) {
    this.address = inner.address;
    this.#inner = inner;
    this.#handshake = handshake;
  }

  async accept(): Promise<Connection | null> {
    const connection = await this.#inner.accept();
    return connection === null ? null : new NodeTlsConnection(connection, this.#handshake);
  }

  [Symbol.dispose](): void {
    this.#inner[Symbol.dispose]();
  }
}

/** Opens a TLS listener of Deno's own, for Deno's HTTP engine, which takes nothing else. Aborting
 * `ready` ends a handshake for us, but its socket stays open until the peer leaves.
 *
 * @throws {UsageError} when the certificate or key cannot be used
 * @throws {Error} when the socket cannot be opened, naming its URL */
export async function listenTls(
  endpoint: Endpoint,
  options: ListenTlsOptions,
  context: Pick<Context, "emit" | "now">,
): Promise<ListeningTls<DenoAcceptor<Deno.TlsConn>>> {
  const port = listeningPort(endpoint);
  const host = hostOrLoopback(endpoint);
  const hostname = await resolveHost(host, options);
  const { cert, key, fingerprint } = await loadTlsIdentity(options, { ...context, host });
  const { alpnProtocols } = options;
  const listener = await listening(
    formatEndpoint({ ...endpoint, hostname: host }, port),
    () =>
      Deno.listenTls({
        hostname,
        port,
        cert,
        key,
        tcpBacklog: options.backlog,
        ...(alpnProtocols && { alpnProtocols: [...alpnProtocols] }),
      }),
  ).catch((error: Error) => {
    throw identityError(error.cause, options) ?? error;
  });
  return {
    acceptor: new DenoAcceptor(listener, (conn) => new DenoTlsConnection(conn)),
    url: formatEndpoint({ ...endpoint, hostname: host }, listener.addr.port),
    certificate: { pem: cert, fingerprint },
  };
}

/** `tls://host:port`. */
export const tls: SessionServerKind<typeof options> = {
  name: "tls",
  summary: "TLS, an encrypted stream of bytes",
  addressing: "host",
  carries: "sessions",
  carrier: "stream",
  options,
  async start(endpoint, limits, work) {
    const admits = await createAdmission(limits);
    const { acceptor, url, certificate } = await listenNodeTls(endpoint, limits, work.context);
    return serveStream({ url, acceptor, admits, limits, work, certificate });
  },
};
