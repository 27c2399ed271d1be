// The file of a history: its default place, how it is made, and what is wrong with one that SQLite
// does not open.

import { dirname, join } from "node:path";
import { errorText } from "../../../core/event.ts";
import { userDataFolder } from "../../../core/files/data_folder.ts";
import { UsageError } from "../../../core/usage_error.ts";

/** The history in the user's data folder; null when the environment does not name that folder, or may
 * not be read. */
export function defaultHistoryFile(
  dataFolder: string | null = userDataFolder(),
): string | null {
  return dataFolder === null ? null : join(dataFolder, "chat.sqlite");
}

/** Makes the file where there is none, readable by its owner alone; SQLite gives the files beside it
 * the same mode.
 * @throws {UsageError} when it cannot be made, saying why */
export async function makeHistoryFile(path: string): Promise<void> {
  try {
    await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Only by name: closing a file releases all locks that this process has on it (fcntl).
    const found = await Deno.stat(path).catch(() => null);
    if (found !== null && !found.isFile) throw new Error("it is no file");
    for (const file of [path, `${path}-lock`]) {
      try {
        (await Deno.open(file, { write: true, createNew: true, mode: 0o600 })).close();
      } catch (error) {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      }
    }
  } catch (error) {
    throw new UsageError(`Cannot keep the history in ${path}: ${errorText(error)}`, {
      cause: error,
    });
  }
}

/** Removes the lock file that was made beside a file which is no history. */
export async function leaveAlone(path: string): Promise<void> {
  await Deno.remove(`${path}-lock`).catch(() => {});
}

/** Whether an error says that the file holds something else than a history. */
export function isForeign(error: unknown): boolean {
  return /not a database|holds something else/.test(errorText(error));
}

/** The reason that SQLite does not open a history, and the remedy. */
export function cannotOpen(path: string, error: unknown): UsageError {
  const text = errorText(error);
  const why = /database is locked/.test(text)
    ? "another server has its history there; stop that one, or give this one a file of its own " +
      "with --history FILE"
    : /not a database/.test(text)
    ? "it is no file of SQLite; name another file with --history"
    : /is damaged|malformed/.test(text)
    ? `it is damaged (${
      text.replace(/^is damaged: /, "")
    }); put a copy of it back, or move it away ` +
      "with the files -wal and -shm beside it and begin a new one; sqlite3 FILE .recover writes " +
      "down what can still be read"
    : /holds something else|newer sockdock/.test(text)
    ? `it ${text}; name another file with --history`
    : /readonly database/.test(text)
    ? "it may not be written to; make it writable, or name another file with --history"
    : text;
  return new UsageError(`Cannot keep the history in ${path}: ${why}`, { cause: error });
}
