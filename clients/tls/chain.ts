// Fetches the certificates of a TLS server, trusted or not: for `cert show`, and to say what is wrong
// with one that was refused.

import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import type { Endpoint } from "../../core/addresses/endpoint.ts";
import { diallingPort, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import { asciiHost } from "../../core/certificates/names.ts";
import type { Connection } from "../../core/connection.ts";
import { requireFeature } from "../../core/runtime.ts";
import { NodeTlsConnection } from "../../core/tls/node_connection.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { routeOptions } from "../../core/client_options.ts";
import { dialTcp } from "../tcp.ts";
import { handshakeFailure } from "./error.ts";

/** Limit of certificates in a chain. */
const MAX_CERTIFICATES = 20;

interface ShownChain {
  /** DER, the server's own certificate first. */
  readonly certificates: readonly Uint8Array<ArrayBuffer>[];
  /** Such as `TLSv1.3`. */
  readonly version: string;
}

/** Completes a handshake without verifying the server, and closes the connection.
 * @throws {UsageError} on a runtime that cannot
 * @throws {Error} when the server cannot be reached or does not speak TLS */
export async function fetchChain(
  endpoint: Endpoint,
  options: OptionValues<typeof routeOptions> & { readonly serverName: string | undefined },
  signal: AbortSignal,
): Promise<ShownChain> {
  requireFeature("nodeTls", "showing the certificate of a server");
  const inner = await dialTcp(endpoint, diallingPort(endpoint), options, signal);
  const name = options.serverName ?? asciiHost(hostOrLoopback(endpoint));
  try {
    return await readChain(inner, name, signal);
  } catch (error) {
    signal.throwIfAborted();
    const why = handshakeFailure(error, { name, trust: { by: "nothing" } });
    throw new Error(`Cannot connect to ${endpoint.text}: ${why}`, { cause: error });
  }
}

/** The same on a connection, which it closes.
 * @throws the error of node:tls */
export async function readChain(
  inner: Connection,
  name: string,
  signal: AbortSignal,
): Promise<ShownChain> {
  const { connect } = await import("node:tls");
  let socket: TLSSocket | undefined;
  using connection = new NodeTlsConnection(inner, {
    done: "secureConnect",
    begin: (stream) => socket = connect({ socket: stream, host: name, rejectUnauthorized: false }),
  });
  await connection.ready(signal);
  return {
    certificates: chainOf(socket!.getPeerCertificate(true)),
    version: socket!.getProtocol() ?? "",
  };
}

function chainOf(first: DetailedPeerCertificate): Uint8Array<ArrayBuffer>[] {
  const certificates: Uint8Array<ArrayBuffer>[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = first;
  // A self-signed certificate is its own issuer here.
  while (next?.raw && !seen.has(next.fingerprint256) && certificates.length < MAX_CERTIFICATES) {
    seen.add(next.fingerprint256);
    certificates.push(Uint8Array.from(next.raw));
    next = next.issuerCertificate;
  }
  return certificates;
}
