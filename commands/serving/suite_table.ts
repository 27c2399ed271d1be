// The table of what `up` has started: what it is, and a command that talks to it.

import type { Listening } from "../../core/running_server.ts";
import type { PlannedEntry } from "../line/serve_options.ts";
import { commandLine, wrap } from "../manual/labels.ts";
import { alignedRows } from "../terminal/table.ts";
import type { Stdio } from "../terminal/stdio.ts";

/** An entry that was started. */
export interface StartedEntry extends Pick<PlannedEntry, "what" | "urls"> {
  /** Whether its certificates come from the user's local authority, which clients know. */
  readonly isLocal: boolean;
  /** A path that shows what an application is, for the command that fetches it. */
  readonly path?: string;
}

/** The lines of the table, no wider than the terminal.
 * @param program the words before a command */
export function suiteTable(
  entries: readonly StartedEntry[],
  docks: readonly { readonly servers: readonly Listening[] }[],
  program: string,
  io: Pick<Stdio, "columns" | "paintStdout">,
): readonly string[] {
  const taken = new Set<number>();
  const rows = entries.flatMap((entry, index) =>
    docks[index]!.servers.map(({ url, certificate }, at) => {
      const { scheme, port } = entry.urls[at]!;
      const isMoved = port !== undefined && port !== 0 && portOf(url) !== port;
      if (isMoved) taken.add(port);
      const trust = certificate === undefined
        ? ""
        : entry.isLocal
        ? "--tls-ca local "
        : `--tls-fingerprint ${certificate.fingerprint} `;
      const talk = talkTo(entry, scheme, url, trust);
      return [entry.what.name + (isMoved ? "*" : ""), `${program} ${talk}`] as const;
    })
  );
  const note = wrap(
    `* on a free port, because another program has ${[...taken].join(", ")}`,
    io.columns,
    2,
  );
  return [...aligned(rows, io), ...taken.size === 0 ? [] : ["", ...note.split("\n")]];
}

type Row = readonly [what: string, command: string];

/** The rows below each other, a command that is too long on several lines. */
function aligned(
  rows: readonly Row[],
  io: Pick<Stdio, "columns" | "paintStdout">,
): readonly string[] {
  const left = Math.max(...rows.map(([what]) => what.length)) + 2;
  return alignedRows([
    ["WHAT", "TALK TO IT WITH"].map((word) => io.paintStdout("dim", word)),
    ...rows.flatMap(([what, command]) => {
      const [first = "", ...more] = commandLine(command, io.columns - left, 4).split("\n");
      return [[io.paintStdout("bold", what), first], ...more.map((line) => ["", line])];
    }),
  ]);
}

function portOf(url: string): number | undefined {
  const [, port] = /:(\d+)\/?$/.exec(url) ?? [];
  return port === undefined ? undefined : Number(port);
}

/** The command with which a user can talk to an endpoint. */
function talkTo(
  { what, path = "" }: StartedEntry,
  scheme: string,
  url: string,
  trust: string,
): string {
  if (what.name === "chat") return `chat ${url}`;
  if (scheme === "http" || scheme === "https") return `fetch ${trust}${url}${path}`;
  return `send ${url} ${trust}hi`;
}
