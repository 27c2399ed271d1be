// The server transports `ws` and `wss`: WebSockets (RFC 6455), plain and over TLS.

import { authenticationNeeds } from "./access/options.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { webSocketOptions, webSocketTlsOptions } from "./websocket/options.ts";

/** `ws://host:port/path`. With a path, only this path opens a WebSocket. */
export const ws: SessionServerKind<typeof webSocketOptions> = {
  name: "ws",
  summary: "WebSocket, messages that browsers can send",
  addressing: "host",
  usesPath: true,
  carries: "sessions",
  carrier: "stream",
  options: webSocketOptions,
  needs: authenticationNeeds,
  start: async (...serve) => (await import("./websocket/serve.ts")).serveWebSocket(...serve),
};

export const wss: SessionServerKind<typeof webSocketTlsOptions> = {
  name: "wss",
  summary: "WebSocket over TLS",
  addressing: "host",
  usesPath: true,
  carries: "sessions",
  carrier: "stream",
  options: webSocketTlsOptions,
  needs: authenticationNeeds,
  start: async (...serve) => (await import("./websocket/serve.ts")).serveWebSocketTls(...serve),
};
