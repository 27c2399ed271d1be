// Relay: joins every session to one of its own at another endpoint.

import { type TableOf, text } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import type { RelayProtocolOptions } from "./option_types.ts";

const options = {
  to: text({ metavar: "url", help: "where to pass sessions on to" }),
} as const;

/** Passes sessions on to another endpoint, of any transport. Byte streams are passed on as they come;
 * where a stream meets messages, what one read returned becomes one message and a message becomes
 * bytes. The end of one direction is passed on where the other side has such an end, and the end of
 * one side ends the other. */
export const relay: Protocol<TableOf<RelayProtocolOptions>> = {
  name: "relay",
  summary: "Passes sessions on to another endpoint",
  framing: "none",
  // The upstream may answer anything.
  datagramReply: "larger",
  dials: true,
  options,
  open: async (...given) => (await import("./relay/join.ts")).openRelay(...given),
};
