// The module of the two Workers of a history, one that writes and one that searches. Requests are
// carried out in their order, and an answer has the number of its request.

import { DatabaseSync } from "node:sqlite";
import type { ChatMessage } from "../message.ts";
import type { Retention } from "../store.ts";
import { matchExpression, queryWords } from "./search_words.ts";
import { SqliteFile } from "./sqlite_file.ts";
import { MESSAGE_COLUMNS, messageOf, rowLimit } from "./sqlite_row.ts";
import { SqliteWriter, type Writing } from "./sqlite_writer.ts";

/** A request to a Worker. `open` and `openSearch` come first. */
export type SqliteRequest =
  | { readonly do: "open"; readonly path: string; readonly maxBytes: number }
  | { readonly do: "openSearch"; readonly path: string }
  | { readonly do: "write"; readonly writings: readonly Writing[]; readonly nowMs: number }
  | {
    readonly do: "last";
    readonly room: string;
    readonly count: number;
    readonly before?: number | undefined;
  }
  | { readonly do: "after"; readonly room: string; readonly seq: number; readonly count: number }
  | {
    readonly do: "search";
    readonly room: string;
    readonly words: string;
    readonly count: number;
  }
  | { readonly do: "owed"; readonly count: number }
  | { readonly do: "highest" }
  | { readonly do: "note"; readonly key: string }
  | {
    readonly do: "sweep";
    readonly retention: Retention;
    readonly nowMs: number;
    readonly limit: number;
  }
  | { readonly do: "close" };

/** Searches a history. With a write-ahead log, reading and writing do not wait for each other. */
class SqliteSearcher {
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

  close(): void {
    this.#db.close();
  }
}

/** The global scope of a Worker, which the types of the main thread lack. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<[number: number, request: SqliteRequest]>) => void) | null;
  postMessage(answer: readonly [number: number, value: unknown, failure?: string]): void;
}

const scope = globalThis as unknown as WorkerScope;
let writer: SqliteWriter | undefined;
let searcher: SqliteSearcher | undefined;

function carryOut(request: SqliteRequest): unknown {
  switch (request.do) {
    case "open":
      writer = new SqliteWriter(new SqliteFile(request.path, request.maxBytes));
      return undefined;
    case "openSearch":
      searcher = new SqliteSearcher(request.path);
      return undefined;
    case "search":
      if (searcher === undefined) throw new Error("it is not open");
      return searcher.search(request.room, request.words, request.count);
    case "write":
      return opened().write(request.writings, request.nowMs);
    case "last":
      return opened().last(request.room, request.count, request.before);
    case "after":
      return opened().after(request.room, request.seq, request.count);
    case "owed":
      return opened().owed(request.count);
    case "highest":
      return opened().highest;
    case "note":
      return opened().note(request.key);
    case "sweep":
      return opened().sweep(request.retention, request.nowMs, request.limit);
    case "close":
      writer?.close();
      searcher?.close();
      writer = searcher = undefined;
      return undefined;
  }
}

function opened(): SqliteWriter {
  if (writer === undefined) throw new Error("it is not open");
  return writer;
}

scope.onmessage = ({ data: [number, request] }) => {
  try {
    scope.postMessage([number, carryOut(request)]);
  } catch (error) {
    scope.postMessage([number, undefined, error instanceof Error ? error.message : String(error)]);
  }
};
