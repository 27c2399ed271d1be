// The options that clients share.

import { localOptions } from "./addresses/local_address.ts";
import { familyOptions } from "./addresses/resolve.ts";
import { createCounters } from "./counters.ts";
import type { LayerWork } from "./layer.ts";
import { about, duration, type OptionValues, size } from "./options/option.ts";

export const routeOptions = { ...localOptions, ...familyOptions } as const;

/** Options of every client that opens a session. */
export const clientOptions = about("limits", {
  maxMessageBytes: size({
    default: 16 * 1024 * 1024,
    min: 1,
    help: "largest message to take from the peer",
  }),
});

/** The timeout of every client, sessions and HTTP requests alike. */
export const connectTimeoutOptions = {
  connectTimeoutMs: duration({ default: 10_000, min: 1, help: "how long to try to connect" }),
} as const;

/** The work of layers on a client's socket: one peer, never idle as long as the session is held. */
export function dialledWork({ maxMessageBytes }: OptionValues<typeof clientOptions>): LayerWork {
  return {
    counters: createCounters(),
    limits: {
      maxMessageBytes,
      maxPeers: 1,
      peerTimeoutMs: Infinity,
      inboxMessages: 4096,
      inboxBytes: 64 * 1024 * 1024,
    },
  };
}
