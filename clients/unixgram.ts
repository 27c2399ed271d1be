// The client transport `unixgram`: Unix datagram sockets.

import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions } from "../core/client_options.ts";
import { text } from "../core/options/option.ts";

/** Options of `unixgram`. */
export const unixgramOptions = {
  ...clientOptions,
  localPath: text({
    metavar: "path",
    help: "bind our own Unix datagram socket here, where the answers arrive",
  }),
} as const;

/** `unixgram://path`, or `unixgram://@name` for an abstract socket. */
export const unixgram: ClientKind<typeof unixgramOptions> = {
  name: "unixgram",
  addressing: "path",
  carrier: "datagram",
  options: unixgramOptions,
  connect: async (...dial) =>
    (await import("./datagrams/dial_unixgram.ts")).connectUnixgram(...dial),
};
