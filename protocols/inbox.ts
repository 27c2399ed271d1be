// Inbox: receives files over any ordered transport, checks and keeps them. See docs/inbox.md.

import type { TableOf } from "../core/options/option.ts";
import type { Protocol } from "../core/protocol.ts";
import { inboxOptions } from "./inbox/options.ts";
import type { InboxProtocolOptions } from "./option_types.ts";

/** Receives files into a folder, under the names that their senders give them below it. A file takes
 * its name when all of it has come and its SHA-256 is what the sender says; what came of one that
 * broke off is kept, and its sender goes on from there. Beyond this machine only senders that have
 * proved who they are send anything. */
export const inbox: Protocol<TableOf<InboxProtocolOptions>> = {
  name: "inbox",
  summary: "Receives files and folders, which the command copy sends",
  framing: "length",
  datagramReply: "bounded",
  needsOrder: true,
  options: inboxOptions,
  operand: "into",
  // A program that only sends files does not load what receives them.
  open: async (options, context) =>
    (await import("./inbox/receive_files.ts")).openInbox(options, context),
};
