// The options that servers and clients of WebSockets share.

import { about, duration, flag, type OptionValues, text } from "../options/option.ts";

/** Options that client and server negotiate in the handshake. */
export const agreementOptions = about("ws", {
  subprotocol: text.many({
    metavar: "name",
    help: "WebSocket subprotocol to agree on, the preferred one first",
  }),
  deflate: flag({
    default: true,
    help: "compress large messages when the peer can do that too (permessage-deflate)",
  }),
});

export const keepaliveOptions = about("ws", {
  pingIntervalMs: duration({
    default: 20_000,
    min: 1,
    allowNone: true,
    help: "ping a WebSocket peer that is silent for this long; --idle-timeout counts no pings",
  }),
  pingTimeoutMs: duration({
    default: 20_000,
    min: 1,
    allowNone: true,
    help: "close a WebSocket whose peer answers a ping with nothing at all for this long",
  }),
});

export type KeepaliveLimits = OptionValues<typeof keepaliveOptions>;
