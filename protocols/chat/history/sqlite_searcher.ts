// The connection that searches a history, in a Worker of its own. With a write-ahead log, reading and
// writing do not wait for each other.

import { DatabaseSync } from "node:sqlite";
import type { ChatMessage } from "../message.ts";
import { matchExpression, queryWords } from "./search_words.ts";
import { MESSAGE_COLUMNS, messageOf, rowLimit } from "./sqlite_row.ts";

/** A history that is open for searching. */
export class SqliteSearcher {
  readonly #db: DatabaseSync;

  /** @param path of a history that is open for writing already, which made the file what it is */
  constructor(path: string) {
    this.#db = new DatabaseSync(path, { readOnly: true });
    this.#db.exec("pragma busy_timeout = 5000");
  }

  /** As in ChatStore: the newest that match, in their order. */
  search(room: string, words: string, count: number): ChatMessage[] {
    const wanted = queryWords(words);
    const limit = rowLimit(count);
    const number = this.#db.prepare("select id from rooms where name = ?").get(room)?.["id"];
    if (wanted.length === 0 || limit === 0 || number === undefined) return [];
    // The index is read from its end, so that it stops once it has enough.
    return this.#db.prepare(
      `select ${MESSAGE_COLUMNS} from (
         select rowid as found from words where words match ? order by rowid desc limit ?
       ) join messages on messages.n = found join rooms on rooms.id = messages.room
       order by seq is null, seq, n`,
    ).all(`room : "${number}" AND ${matchExpression(wanted)}`, limit).map(messageOf);
  }

  /** Closes the connection. */
  close(): void {
    this.#db.close();
  }
}
