/** How fast a chat's history takes messages and finds them, beside a bare table of SQLite. */

import { DatabaseSync } from "node:sqlite";
import { openSqliteStore } from "../../protocols/chat/history/sqlite_store.ts";
import type { ChatStore, StoreEntry } from "../../protocols/chat/store.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Round } from "./benchmark.ts";

/** How many calls a turn makes: what a busy chat says while the disk writes. */
const AT_ONCE = 100;

const SEARCHED = 100_000;

const SAID = "the quick brown fox jumps over a lazy dog and swims".split(" ");

let said = 0;

/** About 64 bytes that differ. */
function sentence(): string {
  said++;
  const words = Array.from({ length: 11 }, (_, at) => SAID[(said * (at + 3)) % SAID.length]);
  return `${words.join(" ")} ${said % 1000}`;
}

function entry(): StoreEntry {
  const message = { id: crypto.randomUUID(), room: "lobby", name: "ada", timeMs: Date.now() };
  const rest = { standing: "plain", kind: "say", text: sentence(), sentAtMs: undefined } as const;
  return { message: { ...message, ...rest } };
}

/** What the barest program does: one table, no ids to compare and no index of words. */
class BareTable implements Disposable {
  readonly #db: DatabaseSync;

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(
      "pragma journal_mode = wal; pragma synchronous = full;" +
        "create table messages (n integer primary key, name text, text text, time_ms integer)",
    );
  }

  /** Writes messages in one transaction. */
  insert(count: number): void {
    const insert = this.#db.prepare("insert into messages (name, text, time_ms) values (?, ?, ?)");
    this.#db.exec("begin");
    for (let at = 0; at < count; at++) insert.run("ada", sentence(), Date.now());
    this.#db.exec("commit");
  }

  /** Finds the last messages with two words, without an index. */
  find(one: string, other: string): void {
    this.#db.prepare(
      "select * from messages where text like ? and text like ? order by n desc limit 50",
    ).all(`% ${one}%`, `%${other}%`);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

async function openBoth(folder: string): Promise<{ table: BareTable; store: ChatStore }> {
  const store = await openSqliteStore(`${folder}/chat.sqlite`, {
    retention: { messages: Infinity, ageMs: Infinity },
  });
  return { table: new BareTable(`${folder}/bare.sqlite`), store };
}

/** Appends per second where many come at once, each a call of its own. The bare program writes each
 * in a transaction of its own, as a server without batches would acknowledge each message. */
export const chatHistory: Benchmark = appendBenchmark(
  "chat-history",
  "Messages stored per second, 100 calls at once, beside a bare insert in a transaction each",
  1,
  1,
);

/** The same beside bare inserts that share transactions in the same way. */
export const chatHistoryBatch: Benchmark = appendBenchmark(
  "chat-batch",
  "Messages stored per second, 100 calls at once, beside bare inserts of 100 in a transaction",
  AT_ONCE,
  0.05,
);

function appendBenchmark(
  name: string,
  summary: string,
  perTransaction: number,
  leastRatio: number,
): Benchmark {
  return {
    name,
    summary,
    unit: "messages/s",
    target: { leastRatio },
    async measure({ rounds, seconds }) {
      await using folder = await temporaryFolder();
      const { table, store } = await openBoth(folder.path);
      using _table = table;
      await using _store = store;
      const measured: Round[] = [];
      for (let round = 0; round < rounds; round++) {
        const bare = await perSecond(seconds, perTransaction, () => table.insert(perTransaction));
        const ours = await perSecond(
          seconds,
          AT_ONCE,
          () => Promise.all(Array.from({ length: AT_ONCE }, () => store.append([entry()]))),
        );
        measured.push({ bare, ours });
      }
      return { rounds: measured };
    },
  };
}

/** A search for two words, one of them rare. */
export const chatSearch: Benchmark = {
  name: "chat-search",
  summary: "A search for two words through 100,000 messages, beside a bare LIKE",
  unit: "ms",
  target: { most: 50 },
  async measure({ rounds }) {
    await using folder = await temporaryFolder();
    const { table, store } = await openBoth(folder.path);
    using _table = table;
    await using _store = store;
    for (let stored = 0; stored < SEARCHED; stored += 1000) {
      table.insert(1000);
      await store.append(Array.from({ length: 1000 }, entry));
    }
    // The first search starts its Worker.
    await store.search("lobby", "fox", 50);
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const rare = String(round * 37 % 1000);
      const bare = await milliseconds(() => table.find(rare, "fox"));
      const ours = await milliseconds(() => store.search("lobby", `${rare} fox`, 50));
      measured.push({ bare, ours });
    }
    return { rounds: measured };
  },
};

async function perSecond(seconds: number, each: number, run: () => unknown): Promise<number> {
  const start = performance.now();
  let done = 0;
  let elapsedMs = 0;
  while (elapsedMs < seconds * 1000) {
    await run();
    done += each;
    elapsedMs = performance.now() - start;
  }
  return done / elapsedMs * 1000;
}

async function milliseconds(run: () => unknown): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
