// Serving on DTLS 1.2 (RFC 6347): a UDP socket under a layer with a handshake for each peer.

import { createAdmission } from "../../core/addresses/admission.ts";
import { serveDatagrams } from "../../core/datagrams/serve_datagrams.ts";
import { type Endpoint, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import { createIdentityList } from "../../core/certificates/identity.ts";
import { type BoundLayer, checkLayers, withLayer } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { Context } from "../../core/protocol.ts";
import type { SessionWork } from "../../core/server_kind.ts";
import { Ledger } from "../../core/sessions/life.ts";
import { requireFeature } from "../../core/runtime.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { ServerPeerOptions } from "../../layers/dtls/server_peer.ts";
import { DTLS_RANK } from "../../layers/dtls/options.ts";
import { readAuthorities } from "../tls/client_certificates.ts";
import { checkClientCertificateOptions } from "../tls/options.ts";
import { loadTlsIdentities, type TlsIdentity } from "../tls/server_certificate.ts";
import { listenUdp, refuseGroup } from "./serve_udp.ts";
import { systemClock } from "../../core/clock.ts";
import { credentialsOf } from "../../layers/dtls/certificates/credentials.ts";
import { TicketKeys } from "../../layers/dtls/crypto/tickets.ts";
import { usableSuites } from "../../layers/dtls/crypto/suites.ts";
import { DtlsListenSocket } from "../../layers/dtls/listen_socket.ts";
import { readPskFile } from "../../layers/dtls/psk_file.ts";
import type { RunningServer } from "../../core/running_server.ts";
import type { dtlsServerOptions } from "./options.ts";

export async function serveDtls(
  endpoint: Endpoint,
  limits: OptionValues<typeof dtlsServerOptions>,
  work: SessionWork,
): Promise<RunningServer> {
  requireFeature("dtls");
  const host = hostOrLoopback(endpoint);
  const { identity, secrets } = await loadSecrets(limits, { ...work.context, host });
  const admits = await createAdmission(limits);
  const clock = { ...systemClock, now: work.context.now };
  const tickets = new TicketKeys(clock);
  const layer: BoundLayer = {
    name: "dtls",
    rank: DTLS_RANK,
    carriers: ["datagram"],
    // The cookie of the handshake proves the address.
    provesSender: true,
    datagram: (inner) =>
      new DtlsListenSocket(inner, {
        ...secrets,
        clock,
        tickets,
        mtuBytes: limits.dtlsMtuBytes,
        packBytes: limits.dtlsPack ? limits.dtlsMtuBytes : 0,
        suites: usableSuites(),
        maxPeers: limits.maxPeers,
        maxHandshakes: limits.maxHandshakes,
        handshakeTimeoutMs: limits.handshakeTimeoutMs,
        peerTimeoutMs: limits.peerTimeoutMs,
        connectionIds: limits.dtlsConnectionId,
        hooks: {
          handshakeFailed(from, { alert, byPeer, message }) {
            if (alert === "access_denied" && !byPeer) {
              ledger.denied(from, message, "identitiesDenied");
            } else {
              ledger.failed(from, `handshake: ${message}`, "handshakesFailed");
            }
          },
          refused() {
            ledger.counters.peersRefused++;
          },
          heldBack() {
            ledger.counters.repliesLimited++;
          },
        },
      }),
  };
  const layers = withLayer(work.layers, layer);
  checkLayers(layers, "datagram", endpoint.text);
  // Every peer has proved its address by its cookie, so replies cannot be directed at a victim.
  const listener = await listenUdp(
    endpoint,
    limits,
    (wanted, hostname) => refuseGroup(wanted, hostname, "dtls"),
  );
  const ledger = new Ledger(listener.url, work.context.emit, work.context.traffic);
  const certificate = identity && { pem: identity.cert, fingerprint: identity.fingerprint };
  return serveDatagrams({ ...listener, certificate }, { layers, admits, limits, work, ledger });
}

/** Ed25519, with which handshakes cost this runtime least, and P-256 for peers that do not have it. */
const keyTypes = ["ed25519", "ecdsa"] as const;

/** Loads the certificates and keys of the server, and the requirements on its clients.
 * @throws {UsageError} when a file cannot be used or options exclude each other */
async function loadSecrets(
  limits: OptionValues<typeof dtlsServerOptions>,
  context: Pick<Context, "emit" | "now"> & { readonly host: string },
): Promise<{
  readonly identity: TlsIdentity | undefined;
  readonly secrets: Pick<
    ServerPeerOptions,
    "credentials" | "psk" | "clientTrust" | "admitsIdentity"
  >;
}> {
  checkClientCertificateOptions(limits);
  const { allowIdentity, requireClientCert, tlsCa, tlsCert, tlsKey, pskFile } = limits;
  if (requireClientCert && pskFile !== undefined) {
    throw new UsageError(
      "--require-client-cert and --psk-file exclude each other: who has a key needs no certificate",
    );
  }
  // With pre-shared keys, a certificate is needed only where the options name one.
  const shows = pskFile === undefined || [tlsCert ?? [], tlsKey ?? []].flat().length > 0;
  const identities = shows ? await loadTlsIdentities(limits, { ...context, keyTypes }) : [];
  const keys = pskFile === undefined ? undefined : await readPskFile(pskFile);
  const { certificates: authorities } = await readAuthorities(tlsCa, limits.dataFolder);
  const admitsIdentity = createIdentityList(allowIdentity);
  return {
    identity: identities[0],
    secrets: {
      credentials: identities.map(credentialsOf),
      ...(keys && { psk: (name: string) => keys.get(name) }),
      ...(requireClientCert && {
        clientTrust: { by: "authority", authorities },
        admitsIdentity,
      }),
    },
  };
}
