// The client transports `ws` and `wss`: WebSockets (RFC 6455), plain and over TLS.

import type { ClientKind } from "../core/client_kind.ts";
import { webSocketOptions, webSocketTlsOptions } from "./websocket/options.ts";

/** Where servers listen whose URL names no port (RFC 6455 3). */
const PORT = 80;
const TLS_PORT = 443;

export const ws: ClientKind<typeof webSocketOptions> = {
  name: "ws",
  addressing: "host",
  usualPort: PORT,
  usesPath: true,
  carrier: "stream",
  options: webSocketOptions,
  connect: async (...dial) => (await import("./websocket/dial.ts")).connectWebSocket(PORT, ...dial),
};

export const wss: ClientKind<typeof webSocketTlsOptions> = {
  name: "wss",
  addressing: "host",
  usualPort: TLS_PORT,
  usesPath: true,
  carrier: "stream",
  options: webSocketTlsOptions,
  connect: async (...dial) =>
    (await import("./websocket/dial.ts")).connectWebSocketTls(TLS_PORT, ...dial),
};
