// WebSockets (RFC 6455), plain and over TLS, from the dialling side.

import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions, routeOptions } from "../core/client_options.ts";
import { text } from "../core/options/option.ts";
import { agreementOptions, keepaliveOptions } from "../core/websocket/options.ts";
import { tlsClientOptions } from "./tls.ts";

/** Options of `ws`. */
export const webSocketOptions = {
  ...routeOptions,
  ...clientOptions,
  ...agreementOptions,
  ...keepaliveOptions,
  header: text.many({
    short: "H",
    metavar: "name: value",
    separator: "\n",
    help: "send this header with the request that opens the WebSocket",
  }),
  origin: text({ metavar: "origin", help: "say that a page of this origin opens the WebSocket" }),
} as const;

/** Options of `wss`. */
export const webSocketTlsOptions = { ...webSocketOptions, ...tlsClientOptions } as const;

/** Where servers listen whose URL names no port (RFC 6455 3). */
const PORT = 80;
const TLS_PORT = 443;

/** `ws://host:port/path`. */
export const ws: ClientKind<typeof webSocketOptions> = {
  name: "ws",
  addressing: "host",
  usualPort: PORT,
  usesPath: true,
  carrier: "stream",
  options: webSocketOptions,
  connect: async (...dial) => (await import("./websocket/dial.ts")).connectWebSocket(PORT, ...dial),
};

/** `wss://host:port/path`, the same over TLS. */
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
