// Options that many commands share.

import { about, choice, flag, text } from "../../core/options/option.ts";

export const printingOptions = about("output", {
  json: flag({ help: "print one JSON object a line, for programs", negatable: false }),
  quiet: flag({ short: "q", help: "print nothing but data and errors", negatable: false }),
  verbose: flag({
    short: "v",
    help: "show what passes, and the stack of errors",
    negatable: false,
  }),
  color: choice(["auto", "always", "never"], {
    default: "auto",
    metavar: "when",
    help: "when to colour: auto, always or never",
  }),
});

/** For commands that show what passes on sessions of theirs. */
export const hexOptions = about("output", {
  hex: flag({ help: "show what passes in hexadecimal too", negatable: false }),
});

export const recordOptions = about("output", {
  record: text({
    metavar: "file",
    help: "append all events to this file: JSON lines, or packets where its name ends in .pcapng",
  }),
});

export const requestLogOptions = about("output", {
  logFormat: choice(["common", "json"], {
    default: "common",
    metavar: "form",
    help: "form of the log: common or json",
  }),
});

/** For commands that serve. */
export const qrOptions = about("output", {
  qr: flag({ help: "show the first URL for other devices as a QR code", negatable: false }),
});

/** For commands that serve. A program that starts servers holds their standard input open, and
 * however it ends, be it by SIGKILL, the system closes that pipe and the servers end with it. */
export const untilEofOptions = {
  untilEof: flag({
    help: "stop when stdin ends, as when its parent process exits",
    negatable: false,
  }),
} as const;

export const editorOptions = about("output", {
  editor: flag({ default: true, help: "edit the line being typed, below what comes in" }),
});
