// The options of the layer.

import { duration, size } from "../../core/options/option.ts";

/** For servers and clients alike. */
export const reliableOptions = {
  reliableWindowBytes: size({
    default: 1024 * 1024,
    min: 16 * 1024,
    max: 1024 ** 3,
    help: "bytes under way to one peer at most, and unread from it",
  }),
  reliableTimeoutMs: duration({
    default: 30_000,
    min: 100,
    help: "give a peer up that acknowledges nothing for this long",
  }),
  reliableDatagramBytes: size({
    min: 600,
    max: 65_507,
    help: "largest datagram to send (default 1200, and 15872 to this machine)",
  }),
} as const;

/** What goes through any network (RFC 9000 14). */
const DEFAULT_DATAGRAM_BYTES = 1200;

/** On this machine larger ones cost hardly more each. Of this size, with what layers below add, 12
 * fill the memory that a socket has for what it has not read. */
const LOCAL_DATAGRAM_BYTES = 15_872;

/** The largest datagram for a peer. */
export function datagramBytesFor(
  isLocal: boolean,
  chosen: number | undefined,
  maxBytes: number,
): number {
  return Math.min(maxBytes, chosen ?? (isLocal ? LOCAL_DATAGRAM_BYTES : DEFAULT_DATAGRAM_BYTES));
}
