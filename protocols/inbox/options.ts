// The options of an inbox, apart from the code that they are for: the command line reads them without
// loading what receives files.

import { hiddenOption, overwriteOption } from "../../core/files/options.ts";
import { duration, integer, type OptionValues, size, text } from "../../core/options/option.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

export const inboxOptions = {
  into: text({
    default: "inbox",
    metavar: "folder",
    help: "the folder that files are received in, made if it is not there",
  }),
  overwrite: overwriteOption,
  hidden: hiddenOption,
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

export type InboxOptions = OptionValues<typeof inboxOptions>;
