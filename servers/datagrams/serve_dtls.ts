// Serving on DTLS 1.2 (RFC 6347): a UDP socket under a layer with a handshake for each peer.

import { createAdmission } from "../../core/addresses/admission.ts";
import { serveDatagrams } from "../../core/datagrams/serve_datagrams.ts";
import { type Endpoint, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import { type BoundLayer, checkLayers, withLayer } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { SessionWork } from "../../core/server_kind.ts";
import { Ledger } from "../../core/sessions/life.ts";
import { requireFeature } from "../../core/runtime.ts";
import { DTLS_RANK } from "../../layers/dtls/options.ts";
import { DtlsSecrets } from "./dtls_secrets.ts";
import { listenUdp, refuseGroup } from "./serve_udp.ts";
import { systemClock } from "../../core/clock.ts";
import { TicketKeys } from "../../layers/dtls/crypto/tickets.ts";
import { usableSuites } from "../../layers/dtls/crypto/suites.ts";
import { DtlsListenSocket } from "../../layers/dtls/listen_socket.ts";
import type { RunningServer } from "../../core/running_server.ts";
import type { dtlsServerOptions } from "./options.ts";

export async function serveDtls(
  endpoint: Endpoint,
  limits: OptionValues<typeof dtlsServerOptions>,
  work: SessionWork,
): Promise<RunningServer> {
  requireFeature("dtls");
  const host = hostOrLoopback(endpoint);
  const admits = await createAdmission(limits);
  const clock = { ...systemClock, now: work.context.now };
  using opened = new DisposableStack();
  const secrets = opened.use(
    await DtlsSecrets.load(limits, { ...work.context, host }, () => new TicketKeys(clock)),
  );
  const layer: BoundLayer = {
    name: "dtls",
    rank: DTLS_RANK,
    carriers: ["datagram"],
    // The cookie of the handshake proves the address.
    provesSender: true,
    datagram: (inner) =>
      new DtlsListenSocket(inner, {
        secrets: () => secrets.current(),
        clock,
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
  const { certificate, reload } = secrets;
  const server = serveDatagrams(
    { ...listener, certificate, reload },
    { layers, admits, limits, work, ledger },
  );
  const running = opened.move();
  // A server that broke tells so itself.
  server.finished.catch(() => {}).finally(() => running.dispose());
  return server;
}
