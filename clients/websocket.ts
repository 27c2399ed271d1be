// The client transports `ws` and `wss`: WebSockets (RFC 6455), plain and over TLS.

import type { ClientKind } from "../core/client_kind.ts";
import { webSocketOptions, webSocketTlsOptions } from "./websocket/options.ts";

/** `ws://host:port/path`. */
export const ws: ClientKind<typeof webSocketOptions> = {
  name: "ws",
  addressing: "host",
  carrier: "stream",
  options: webSocketOptions,
  connect: async (...dial) => (await import("./websocket/dial.ts")).connectWebSocket(...dial),
};

/** `wss://host:port/path`, the same over TLS. */
export const wss: ClientKind<typeof webSocketTlsOptions> = {
  name: "wss",
  addressing: "host",
  carrier: "stream",
  options: webSocketTlsOptions,
  connect: async (...dial) => (await import("./websocket/dial.ts")).connectWebSocketTls(...dial),
};
