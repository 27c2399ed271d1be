// The SQLite file of a history, open for writing and locked against other processes.

import { DatabaseSync } from "node:sqlite";
import { migrate } from "./sqlite_schema.ts";

/** How long to wait for a lock that another program, such as a backup, holds for a moment. */
const BUSY_TIMEOUT_MS = 5_000;

/** The size to which the write-ahead log is cut after a long search, during which it only grows. */
const JOURNAL_SIZE_BYTES = 16 * 1024 * 1024;

/** A history that cannot be read as a whole. */
class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";
  constructor(found: string) {
    super(`is damaged: ${found.replace(/\s+/g, " ")}`);
  }
}

/** An open file with the tables of a history. */
export class SqliteFile {
  readonly #lock: DatabaseSync;
  readonly db: DatabaseSync;

  /** @param maxBytes how large the file may grow
   * @throws {Error} when the file is locked, is no history or cannot be opened */
  constructor(path: string, maxBytes: number) {
    // WAL lets any number of processes write in turns, but two servers on one history would each
    // show half of it. This lock goes with the process, however that ends.
    this.#lock = new DatabaseSync(`${path}-lock`);
    try {
      // Nothing is ever written to it, so it needs no journal beside it.
      this.#lock.exec("pragma busy_timeout = 0; pragma journal_mode = memory; begin exclusive");
      this.db = new DatabaseSync(path);
    } catch (error) {
      this.#lock.close();
      throw error;
    }
    try {
      this.#prepare(maxBytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Closes it; what was written is in the file itself then. */
  close(): void {
    this.db.close();
    this.#lock.close();
  }

  #prepare(maxBytes: number): void {
    this.db.exec(`pragma busy_timeout = ${BUSY_TIMEOUT_MS}`);
    // Before anything is changed: a file of another program stays as it is.
    migrate(this.db);
    // Otherwise each client would find the damage by itself, once it asks for what lies there.
    const found = this.db.prepare("pragma quick_check(1)").get()?.["quick_check"];
    if (found !== "ok") throw new DamagedFileError(String(found));
    const mode = this.db.prepare("pragma journal_mode = wal").get()?.["journal_mode"];
    if (mode !== "wal") throw new Error("the file system does not allow a write-ahead log");
    // A commit is on the disk before it is acknowledged. Many messages share one, so that it costs
    // little, and a power failure takes nothing that was acknowledged.
    this.db.exec("pragma synchronous = full");
    this.db.exec(`pragma journal_size_limit = ${JOURNAL_SIZE_BYTES}`);
    if (Number.isFinite(maxBytes)) {
      const pageBytes = Number(this.db.prepare("pragma page_size").get()?.["page_size"]);
      this.db.exec(`pragma max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`);
    }
  }
}
