// Dialling DTLS 1.2 (RFC 6347): a UDP socket under a layer that verifies the server.

import { canonicalHost } from "../../core/addresses/address.ts";
import { asciiHost } from "../../core/certificates/names.ts";
import type { DialledSession, DialWork } from "../../core/client_kind.ts";
import { dialledWork } from "../../core/client_options.ts";
import { systemClock } from "../../core/clock.ts";
import { DatagramClientSession } from "../../core/datagrams/client_session.ts";
import { type Endpoint, formatEndpoint, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import { type BoundLayer, checkLayers, layerDatagrams, withLayer } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { requireFeature } from "../../core/runtime.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { DtlsTrust } from "../../layers/dtls/certificates/chain.ts";
import { certificatesIn, credentialsOf } from "../../layers/dtls/certificates/credentials.ts";
import type { OwnPsk } from "../../layers/dtls/client_peer.ts";
import { usableSuites } from "../../layers/dtls/crypto/suites.ts";
import { DtlsDialSocket } from "../../layers/dtls/dial_socket.ts";
import { DTLS_RANK } from "../../layers/dtls/options.ts";
import { readPskFile } from "../../layers/dtls/psk_file.ts";
import { dialling } from "../dial_error.ts";
import type { dtlsClientOptions } from "./options.ts";
import { handshakeFailure, WrongFingerprintError } from "../tls/error.ts";
import { loadClientCertificate, loadTrust, type Trust } from "../tls/trust.ts";
import { resuming } from "../../layers/dtls/kept_sessions.ts";
import { dialUdp } from "./dial_udp.ts";

type Given = OptionValues<typeof dtlsClientOptions>;

export async function connectDtls(
  endpoint: Endpoint,
  given: Given,
  { layers, signal }: DialWork,
): Promise<DialledSession> {
  requireFeature("dtls");
  const host = hostOrLoopback(endpoint);
  const name = given.serverName ?? canonicalHost(asciiHost(host));
  const trust = await loadTrust(given);
  const certificate = await loadClientCertificate(given);
  const psk = await loadPsk(given);
  // With a pre-shared key the server presents no certificate.
  const dtlsTrust = psk === undefined
    ? await trustOf(trust)
    : { by: "authority", authorities: [] } as const;
  const url = formatEndpoint({ ...endpoint, hostname: host }, endpoint.port);
  const shown = {
    trust: dtlsTrust,
    serverName: name,
    ...(certificate && { credentials: credentialsOf(certificate) }),
    ...(psk && { psk }),
  };
  return await dialling(url, async () => {
    const { socket: bare, to } = await dialUdp(endpoint, given);
    let secured: DtlsDialSocket | undefined;
    const layer: BoundLayer = {
      name: "dtls",
      rank: DTLS_RANK,
      carriers: ["datagram"],
      datagram: (inner) =>
        secured = new DtlsDialSocket(inner, to, {
          ...shown,
          ...resuming({ ...shown, url }),
          clock: systemClock,
          mtuBytes: given.dtlsMtuBytes,
          packBytes: given.dtlsPack ? given.dtlsMtuBytes : 0,
          // We name the server; it has only one of us, and needs no name.
          ...(given.dtlsConnectionId && { connectionId: new Uint8Array(0) }),
          suites: usableSuites().filter(({ authentication }) =>
            // A client with a pre-shared key authenticates by it, and so does its server.
            psk === undefined || authentication === "psk"
          ),
        }),
    };
    const stack = withLayer(layers, layer);
    checkLayers(stack, "datagram", endpoint.text);
    const socket = layerDatagrams(
      bare,
      stack,
      { role: "dial", to, serverName: name },
      dialledWork(given),
    );
    try {
      await secured!.connect(to, signal);
      if (socket !== secured) await socket.connect?.(to, signal);
    } catch (error) {
      socket[Symbol.dispose]();
      if (signal.aborted) throw error;
      throw new Error(whyOf(error, { name, trust, psk }), { cause: error });
    }
    return new DatagramClientSession(socket, to, given.maxMessageBytes, secured!.identity);
  });
}

/** The trust that the options select; without authorities in them, the well-known ones. */
async function trustOf(trust: Trust): Promise<DtlsTrust> {
  if (trust.by !== "authority") return trust;
  if (trust.pems.length > 0) {
    return { by: "authority", authorities: trust.pems.flatMap(certificatesIn) };
  }
  return { by: "authority", authorities: (await wellKnown()).flatMap(certificatesIn) };
}

/** The well-known authorities. Deno provides them only with --allow-sys=ca; without it there are
 * none, and the options have to name an authority. */
async function wellKnown(): Promise<readonly string[]> {
  try {
    const { rootCertificates } = await import("node:tls");
    // Copied here, because the permission is checked when the list is read.
    return [...rootCertificates];
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return [];
    throw error;
  }
}

/** The key with the given name, or the only key of the file.
 * @throws {UsageError} when there is no such key, or a name without a file */
async function loadPsk(
  { pskFile, pskIdentity }: Pick<Given, "pskFile" | "pskIdentity">,
): Promise<OwnPsk | undefined> {
  if (pskFile === undefined) {
    if (pskIdentity === undefined) return undefined;
    throw new UsageError(`--psk-identity ${pskIdentity} needs its key; add --psk-file FILE`);
  }
  const keys = await readPskFile(pskFile);
  const [only, ...others] = keys.keys();
  const identity = pskIdentity ?? only!;
  if (pskIdentity === undefined && others.length > 0) {
    throw new UsageError(
      `--psk-file: ${pskFile} holds ${keys.size} keys; say which with --psk-identity, such as ${only}`,
    );
  }
  const key = keys.get(identity);
  if (key === undefined) {
    throw new UsageError(`--psk-identity: ${pskFile} has no key of ${identity}`);
  }
  return { identity, key };
}

/** Explains the failure of a handshake, with the messages for TLS. */
function whyOf(
  error: unknown,
  { psk, ...context }: {
    readonly name: string;
    readonly trust: Trust;
    readonly psk: OwnPsk | undefined;
  },
): string {
  const { code, message = "" } = error as { readonly code?: unknown; readonly message?: string };
  const { alert } = error as { readonly alert?: unknown };
  if (psk !== undefined && (alert === "bad_record_mac" || alert === "decrypt_error")) {
    // A server may hide which of the two it is (RFC 4279 2), as ours does.
    return `the server's key of ${psk.identity} is another one, or it does not know that identity`;
  }
  if (psk !== undefined && alert === "unknown_psk_identity") {
    return `the server does not know the identity ${psk.identity}`;
  }
  if (code !== "WRONG_FINGERPRINT") return handshakeFailure(error, context);
  const found = /[0-9a-f]{64}/.exec(message)?.[0] ?? "";
  return handshakeFailure(new WrongFingerprintError(found), context);
}
