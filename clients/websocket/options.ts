// Options of WebSocket clients. This file loads no WebSockets, because the command line reads the
// tables for connections that it never opens.

import { clientOptions, routeOptions } from "../../core/client_options.ts";
import { about, text } from "../../core/options/option.ts";
import { agreementOptions, keepaliveOptions } from "../../core/websocket/options.ts";
import { tlsClientOptions } from "../tls/options.ts";

export const webSocketOptions = about("ws", {
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
});

export const webSocketTlsOptions = { ...webSocketOptions, ...tlsClientOptions } as const;
