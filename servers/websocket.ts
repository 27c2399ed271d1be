// The server transports `ws` and `wss`: WebSockets (RFC 6455), plain and over TLS.

import { familyOptions } from "../core/addresses/resolve.ts";
import {
  admissionOptions,
  backlogOptions,
  handshakeOptions,
  streamOptions,
} from "../core/limits.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { agreementOptions, keepaliveOptions } from "../core/websocket/options.ts";
import { authenticationOptions, webGuardOptions } from "./http/options.ts";
import { tlsOptions } from "./tls/options.ts";

/** Options of `ws`. */
export const webSocketOptions = {
  ...admissionOptions,
  ...streamOptions,
  ...backlogOptions,
  ...handshakeOptions,
  ...familyOptions,
  ...webGuardOptions,
  ...authenticationOptions,
  ...agreementOptions,
  ...keepaliveOptions,
} as const;

/** Options of `wss`. */
export const webSocketTlsOptions = { ...webSocketOptions, ...tlsOptions } as const;

/** `ws://host:port/path`. With a path, only this path opens a WebSocket. */
export const ws: SessionServerKind<typeof webSocketOptions> = {
  name: "ws",
  summary: "WebSocket, messages that browsers can send",
  addressing: "host",
  carries: "sessions",
  carrier: "stream",
  options: webSocketOptions,
  start: async (...serve) => (await import("./websocket/serve.ts")).serveWebSocket(...serve),
};

/** `wss://host:port/path`, the same over TLS. */
export const wss: SessionServerKind<typeof webSocketTlsOptions> = {
  name: "wss",
  summary: "WebSocket over TLS",
  addressing: "host",
  carries: "sessions",
  carrier: "stream",
  options: webSocketTlsOptions,
  start: async (...serve) => (await import("./websocket/serve.ts")).serveWebSocketTls(...serve),
};
