// Dialling TLS (RFC 8446, RFC 5246), on node:tls. Deno.startTls would lose the answer of one in three
// servers that close without waiting for our end (Python's ssl, Deno 2.9.6), sends no alert, and
// trusts no single certificate.

import type { ConnectionOptions } from "node:tls";
import type { DialledSession, DialWork } from "../../core/client_kind.ts";
import type { Connection } from "../../core/connection.ts";
import { createCounters } from "../../core/counters.ts";
import {
  diallingPort,
  type Endpoint,
  formatEndpoint,
  hostOrLoopback,
} from "../../core/addresses/endpoint.ts";
import { layerStream } from "../../core/layer.ts";
import { parseFingerprint } from "../../core/certificates/fingerprint.ts";
import { asciiHost } from "../../core/certificates/names.ts";
import { hasFeature, requireFeature } from "../../core/runtime.ts";
import { NodeTlsConnection } from "../../core/tls/node_connection.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { StreamSession } from "../../core/streams/stream_session.ts";
import { tlsFilePairs } from "../../core/tls/options.ts";
import { UsageError } from "../../core/usage_error.ts";
import { dialTcp } from "../tcp.ts";
import type { Offer } from "./alert.ts";
import { secureByDeno } from "./deno_tls.ts";
import { DialledTlsConnection } from "./dialled_connection.ts";
import { handshakeFailure, isVague, type ValidityDates, WrongFingerprintError } from "./error.ts";
import { writesKeys } from "./key_log.ts";
import { type ClientCertificate, loadClientCertificate, loadTrust, type Trust } from "./trust.ts";
import type { tlsTransportOptions } from "./options.ts";

export interface DialTlsOptions
  extends OptionValues<Omit<typeof tlsTransportOptions, "maxMessageBytes">> {
  /** Protocols to offer by ALPN (RFC 7301), the preferred one first. Default: none. */
  readonly alpnProtocols?: readonly string[];
}

/** Opens a TLS connection and verifies the server, for tls, wss and https clients.
 * @throws {UsageError} when an option cannot be used
 * @throws {Error} naming the URL, the check of the server that failed if one did, and the remedy */
export async function dialTls(
  endpoint: Endpoint,
  port: number,
  options: DialTlsOptions,
  signal: AbortSignal,
): Promise<Connection> {
  const handshake = await prepareTls(endpoint, port, options);
  const dial = () => dialTcp(endpoint, port, options, signal);
  return await handshake(await dial(), signal, dial);
}

/** Starts TLS on a connection to the server, and takes ownership of it.
 * @param dialAgain opens another connection, to find out more about a certificate that was refused */
type TlsHandshake = (
  connection: Connection,
  signal: AbortSignal,
  dialAgain: () => Promise<Connection>,
) => Promise<Connection>;

/** Reads the files of the options before dialling, so that an error in one costs no connection. The
 * function returned throws as `dialTls` does.
 * @throws {UsageError} when an option cannot be used */
export async function prepareTls(
  endpoint: Endpoint,
  port: number,
  options: DialTlsOptions,
): Promise<TlsHandshake> {
  const trust = await loadTrust(options);
  const host = hostOrLoopback(endpoint);
  const name = options.serverName === undefined ? asciiHost(host) : parseName(options.serverName);
  refuseOnOldRuntime(options);
  const certificate = await loadClientCertificate(options);
  const { alpnProtocols = [] } = options;
  const offer: Offer = { name, certificate: certificate?.name, alpnProtocols };
  return async (connection, signal, dialAgain) => {
    const startedMs = performance.now();
    const secure: SecureOptions = { name, trust, certificate, alpnProtocols, signal };
    try {
      const byNode = hasFeature("nodeTls") && !writesKeys(options);
      const secured = byNode
        ? await secureByNode(connection, secure)
        : await secureByDeno(connection, secure);
      // A write of nothing fails after a reset. Deno.startTls takes the connection away: whether the
      // server has taken anything is unknown, which is no answer.
      const isTaking = () =>
        byNode
          ? connection.write(new Uint8Array(0)).then(() => true, () => false)
          : Promise.resolve(false);
      const handshakeMs = performance.now() - startedMs;
      return new DialledTlsConnection(secured, { offer, handshakeMs, isTaking });
    } catch (error) {
      connection[Symbol.dispose]();
      const dates = isVague(error) ? await datesOf(name, dialAgain, signal) : undefined;
      const reason = signal.aborted ? signal.reason : error;
      const why = signal.aborted
        ? `given up: ${reason instanceof Error ? reason.message : reason}`
        : handshakeFailure(error, { ...offer, trust, dates });
      const url = formatEndpoint({ ...endpoint, hostname: host }, port);
      throw new Error(`Cannot connect to ${url}: ${why}`, { cause: reason });
    }
  };
}

/** The dates of the server's certificate, in which its refusal may lie; undefined when the server does
 * not show it again. */
async function datesOf(
  name: string,
  dialAgain: () => Promise<Connection>,
  signal: AbortSignal,
): Promise<ValidityDates | undefined> {
  try {
    const { readChain } = await import("./chain.ts");
    const { X509Certificate } = await import("node:crypto");
    const { certificates: [first] } = await readChain(await dialAgain(), name, signal);
    const { validFromDate: from, validToDate: to } = new X509Certificate(first!);
    return { from, to };
  } catch {
    return undefined;
  }
}

interface SecureOptions {
  /** The name or address that the certificate must be for. */
  readonly name: string;
  readonly trust: Trust;
  /** Certificate for a server that requests one. */
  readonly certificate: ClientCertificate | undefined;
  readonly alpnProtocols: readonly string[];
  /** Aborting it ends the handshake. */
  readonly signal: AbortSignal;
}

async function secureByNode(
  inner: Connection,
  { name, trust, certificate, alpnProtocols, signal }: SecureOptions,
): Promise<NodeTlsConnection> {
  const { connect } = await import("node:tls");
  const connection = new NodeTlsConnection(inner, {
    done: "secureConnect",
    watches: true,
    begin: (stream) => {
      const options: ConnectionOptions & { readonly allowHalfOpen: boolean } = {
        socket: stream,
        host: name,
        // Set explicitly: an environment variable of Node's could change the default.
        rejectUnauthorized: trust.by === "authority",
        ...(trust.by === "authority" && trust.pems.length > 0 && { ca: [...trust.pems] }),
        ...(certificate && { cert: certificate.cert, key: certificate.key }),
        ...(alpnProtocols.length > 0 && { ALPNProtocols: [...alpnProtocols] }),
        // A peer that has ended its side may still read.
        allowHalfOpen: true,
      };
      return connect(options);
    },
    check: (socket) => {
      if (trust.by !== "fingerprint") return undefined;
      const found = parseFingerprint(socket.getPeerCertificate().fingerprint256)!;
      if (found !== trust.fingerprint) throw new WrongFingerprintError(found);
      return undefined;
    },
  });
  await connection.ready(signal);
  return connection;
}

function refuseOnOldRuntime(options: DialTlsOptions): void {
  const flag = options.insecure
    ? "--insecure"
    : options.tlsFingerprint !== undefined
    ? "--tls-fingerprint"
    : tlsFilePairs(options).length > 0
    ? "--tls-cert with --tls-key"
    : undefined;
  if (flag !== undefined) requireFeature("nodeTls", flag);
}

function parseName(written: string): string {
  const name = asciiHost(written);
  if (/^[\w.:-]+$/.test(name)) return name;
  throw new UsageError(`--server-name: expected a host name or address, got "${written}"`);
}

export async function connectTls(
  endpoint: Endpoint,
  options: OptionValues<typeof tlsTransportOptions>,
  { layers, signal }: DialWork,
): Promise<DialledSession> {
  const connection = await dialTls(endpoint, diallingPort(endpoint), options, signal);
  const serverName = options.serverName ?? hostOrLoopback(endpoint);
  const counters = createCounters();
  const side = { role: "dial", to: connection.remote, serverName } as const;
  return new StreamSession(
    layerStream(connection, layers, side, { counters }),
    { framing: "none", maxMessageBytes: options.maxMessageBytes, counters },
  );
}
