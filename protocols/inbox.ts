// Inbox: receives files, checks and keeps them. docs/inbox.md has its messages.

import { duration, integer, size, text } from "../core/options/option.ts";
import { overwriteOption } from "../core/files/place_file.ts";
import type { Protocol } from "../core/protocol.ts";

export {
  type FileOutcome,
  InboxRefusedError,
  sendFiles,
  type SendFilesOptions,
} from "./inbox/send_files.ts";
export type { LocalFile } from "./inbox/local_files.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const options = {
  into: text({
    default: "inbox",
    metavar: "folder",
    help: "the folder that files are received in, made if it is not there",
  }),
  overwrite: overwriteOption,
  maxFileBytes: size({ default: 8 * 1024 ** 3, min: 1, help: "largest file to receive" }),
  quotaBytes: size({
    default: 32 * 1024 ** 3,
    min: 1,
    help: "most that the folder of an inbox may hold; a file counts as 4k at least",
  }),
  filesPerSession: integer({
    default: 100_000,
    min: 1,
    max: 1_000_000_000,
    help: "files that one sender may offer before it has to connect again",
  }),
  maxTransfers: integer({
    default: 64,
    min: 1,
    max: 10_000,
    help: "files to receive at the same time; senders of more are asked to wait",
  }),
  maxDepth: integer({
    default: 32,
    min: 1,
    max: 255,
    help: "folders that a received file may lie deep",
  }),
  keepPartialMs: duration({
    default: 7 * DAY_MS,
    min: 0,
    help: "how long to keep what came of a file whose sender has not come back",
  }),
} as const;

/** Receives files into a folder, under the names that their senders give them below it. A file takes
 * its name when all of it has come and its SHA-256 is what the sender says; what came of one that
 * broke off is kept, and its sender goes on from there. Beyond this machine only senders that have
 * proved who they are send anything. */
export const inbox: Protocol<typeof options> = {
  name: "inbox",
  summary: "Receives files and folders, which the command copy sends",
  framing: "length",
  datagramReply: "bounded",
  needsOrder: true,
  options,
  operand: "into",
  // What follows is loaded by those alone who receive files.
  open: async (given, context) =>
    (await import("./inbox/receive_files.ts")).openInbox(given, context),
};
