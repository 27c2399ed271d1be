// Defaults of a server from its user's data folder: a local authority, and a file for the history
// of a chat. The library uses no folder that was not given to it; the program does so for its user.

import { errorText } from "../../core/event.ts";
import type { Given, OptionTable } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Stdio } from "../terminal/stdio.ts";

/** The same options, with those that say where a server keeps its authority and a chat its history, when
 * they have an effect and nothing else was said.
 *
 * @param table the options that have an effect on the server
 * @param notes receives notes for the user, to be printed once all servers have started: a command
 * that fails prints one line
 * @throws {UsageError} when there is an authority that must not be used */
export async function withUserDefaults(
  options: Given,
  table: OptionTable,
  notes: string[],
): Promise<Given> {
  return await withHistory(await withLocalAuthority(options, table, notes), table, notes);
}

/** Whether a server's authority is the one that its user's clients know as `local`. */
export async function usesLocalAuthority({ dataFolder }: Given): Promise<boolean> {
  return dataFolder !== undefined && dataFolder === await usersFolder();
}

/** The same options, with the log of requests for a person at a terminal, where nothing else was said.
 *
 * @param table the options that have an effect on the server */
export function withRequestLog(
  options: Given,
  table: OptionTable,
  { quiet, json, stderrIsTerminal }: Pick<Stdio, "quiet" | "json" | "stderrIsTerminal">,
): Given {
  return Object.hasOwn(table, "logRequests") && stderrIsTerminal && !quiet && !json
    ? { logRequests: true, ...options }
    : options;
}

/** Creates the authority when there is none yet. If it cannot be kept, the server makes a
 * self-signed certificate. */
async function withLocalAuthority(
  options: Given,
  table: OptionTable,
  notes: string[],
): Promise<Given> {
  const { tlsCert, tlsKey, dataFolder: given } = options;
  const isNeeded = Object.hasOwn(table, "dataFolder") &&
    tlsCert === undefined && tlsKey === undefined;
  if (!isNeeded) return options;
  const dataFolder = typeof given === "string" ? given : await usersFolder();
  if (dataFolder === null || !mayUse(dataFolder)) return options;
  const { openAuthority } = await import("../../core/certificates/authority_folder.ts");
  try {
    const { made } = await openAuthority(dataFolder, Date.now());
    if (made) {
      notes.push(
        `made a local authority in ${dataFolder} for certificates of servers; clients here trust ` +
          `it with --tls-ca local, and "sockdock cert trust" says how others do`,
      );
    }
    return { ...options, dataFolder };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    notes.push(
      `no local authority can be kept in ${dataFolder} (${errorText(error)}); ` +
        "the certificate is made on the spot",
    );
    const { dataFolder: _useless, ...rest } = options;
    return rest;
  }
}

/** Adds a file for the history, where one can be kept; elsewhere the history stays in memory. */
async function withHistory(options: Given, table: OptionTable, notes: string[]): Promise<Given> {
  const isNeeded = Object.hasOwn(table, "history") && options.history === undefined &&
    options.bare !== true;
  if (!isNeeded) return options;
  const { dataFolder: given } = options;
  const dataFolder = typeof given === "string" ? given : await usersFolder();
  if (dataFolder === null || !mayUse(dataFolder)) {
    const why = dataFolder === null
      ? "nothing says where your data folder is"
      : `${dataFolder} may not be used`;
    notes.push(`the history stays in memory (${why}); --history FILE keeps it`);
    return options;
  }
  try {
    await Deno.mkdir(dataFolder, { recursive: true, mode: 0o700 });
    const { defaultHistoryFile } = await import("../../protocols/chat/history/history_file.ts");
    return { ...options, history: defaultHistoryFile(dataFolder) };
  } catch (error) {
    notes.push(
      `no history can be kept in ${dataFolder} (${errorText(error)}); it stays in memory`,
    );
    return options;
  }
}

/** Loaded on demand: the modules for paths double the start of a small server. */
async function usersFolder(): Promise<string | null> {
  return (await import("../../core/files/data_folder.ts")).userDataFolder();
}

/** Whether the folder may be used without asking the user for permission. */
function mayUse(path: string): boolean {
  return (["read", "write"] as const).every((name) =>
    Deno.permissions.querySync({ name, path }).state === "granted"
  );
}
