// The one connection that writes a history, and that reads what is found at once; searches have
// another. All of it is synchronous, since it runs in a Worker.

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { ChatMessage, NewMessage } from "../message.ts";
import type { Retention, StoreEntry, StoreResult } from "../store.ts";
import { indexedText } from "./search_words.ts";
import type { SqliteFile } from "./sqlite_file.ts";
import { MESSAGE_COLUMNS, messageOf, rowLimit } from "./sqlite_row.ts";

/** Entries and notes that are written together, all or none. */
export interface Writing {
  readonly entries: readonly StoreEntry[];
  readonly notes: readonly (readonly [key: string, value: string])[];
}

/** For how long an id is remembered, even when its message is removed sooner. */
const ID_AGE_MS = 24 * 3_600_000;

/** How many pages one step of merging the index writes. */
const MERGE_PAGES = 16;

const MAX_KNOWN_ROOMS = 10_000;

const ONE_MESSAGE =
  `select ${MESSAGE_COLUMNS} from messages join rooms on rooms.id = messages.room`;

/** A history that is open for writing. What it reads is as in ChatStore. */
export class SqliteWriter {
  readonly #file: SqliteFile;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Room numbers by name. */
  readonly #rooms = new Map<string, number>();
  /** By how much this transaction changes the number of messages of each room. */
  readonly #changes = new Map<number, number>();
  #lastSeq = 0;

  constructor(file: SqliteFile) {
    this.#file = file;
    this.#db = file.db;
    this.#forget();
  }

  /** Carries out writings in one transaction: all of them, or none.
   * @returns for each writing, a result for each entry */
  write(writings: readonly Writing[], nowMs: number): StoreResult[][] {
    return this.#transaction(() =>
      writings.map(({ entries, notes }) => {
        for (const [key, value] of notes) {
          this.#run("insert or replace into notes (key, value) values (?, ?)", key, value);
        }
        return entries.map((entry) => this.#store(entry, nowMs));
      })
    );
  }

  last(room: string, count: number, before?: number): ChatMessage[] {
    const limit = rowLimit(count);
    const owed = before !== undefined ? [] : this.#messages(
      `${ONE_MESSAGE} where rooms.name = ? and seq is null order by n desc limit ?`,
      room,
      limit,
    );
    const placed = this.#messages(
      `${ONE_MESSAGE} where rooms.name = ? and seq < ? order by seq desc, n desc limit ?`,
      room,
      before ?? Number.MAX_SAFE_INTEGER,
      limit - owed.length,
    );
    return [...placed.reverse(), ...owed.reverse()];
  }

  after(room: string, seq: number, count: number): ChatMessage[] {
    const limit = rowLimit(count);
    const placed = this.#messages(
      `${ONE_MESSAGE} where rooms.name = ? and seq > ? order by seq, n limit ?`,
      room,
      seq,
      limit,
    );
    const owed = this.#messages(
      `${ONE_MESSAGE} where rooms.name = ? and seq is null order by n limit ?`,
      room,
      limit - placed.length,
    );
    return [...placed, ...owed];
  }

  owed(count: number): ChatMessage[] {
    return this.#messages(
      `${ONE_MESSAGE} where seq is null order by n limit ?`,
      rowLimit(count),
    );
  }

  get highest(): number {
    return this.#lastSeq;
  }

  note(key: string): string | undefined {
    const value = this.#get("select value from notes where key = ?", key)?.["value"];
    return value === undefined ? undefined : String(value);
  }

  /** Removes some of what need not be kept any longer, never what is owed.
   * @param limit how many rows to remove at most
   * @returns whether there may be more */
  sweep({ messages, ageMs }: Retention, nowMs: number, limit: number): boolean {
    return this.#transaction(() => {
      let left = limit;
      if (Number.isFinite(ageMs)) {
        left -= this.#remove(
          "select n, room, id, seq, stored_ms from messages " +
            "where time_ms < ? and seq is not null order by time_ms limit ?",
          nowMs,
          nowMs - ageMs,
          left,
        );
        this.#count();
      }
      if (Number.isFinite(messages)) {
        const full = this.#prepared("select id, messages from rooms where messages > ?")
          .all(messages);
        for (const room of full) {
          if (left === 0) break;
          left -= this.#remove(
            "select n, room, id, seq, stored_ms from messages " +
              "where room = ? and seq is not null order by seq, n limit ?",
            nowMs,
            Number(room["id"]),
            Math.min(left, Number(room["messages"]) - messages),
          );
        }
        this.#count();
      }
      if (Number(this.#run("delete from rooms where messages = 0")) > 0) this.#rooms.clear();
      left -= this.#run(
        "delete from past_ids where id in (select id from past_ids where stored_ms < ? limit ?)",
        nowMs - ID_AGE_MS,
        left,
      );
      return this.#mergeIndex() || left === 0;
    });
  }

  /** Merges a little of the index, which makes it smaller and faster; whether there is more to do. */
  #mergeIndex(): boolean {
    const before = this.#totalChanges();
    this.#run("insert into words (words, rank) values ('merge', ?)", MERGE_PAGES);
    // The statement itself counts as one.
    return this.#totalChanges() - before >= 2;
  }

  #totalChanges(): number {
    return Number(this.#get("select total_changes() as changes")?.["changes"]);
  }

  /** Closes the connection; all that was written is in the file itself then. */
  close(): void {
    this.#statements.clear();
    this.#file.close();
  }

  #store({ message, seq, owed = false }: StoreEntry, nowMs: number): StoreResult {
    const known = this.#get("select n, room, seq from messages where id = ?", message.id);
    if (known !== undefined) {
      if (known["seq"] !== null) return { seq: Number(known["seq"]), duplicate: true };
      if (seq === undefined) return { seq: undefined, duplicate: true };
      this.#removeRow(Number(known["n"]), Number(known["room"]));
      this.#insert(message, seq, nowMs);
      return { seq, duplicate: true };
    }
    const past = this.#get("select seq from past_ids where id = ?", message.id);
    if (past !== undefined) return { seq: Number(past["seq"]), duplicate: true };
    const place = seq ?? (owed ? undefined : this.#lastSeq + 1);
    this.#insert(message, place, nowMs);
    return { seq: place, duplicate: false };
  }

  #insert(message: NewMessage, seq: number | undefined, nowMs: number): void {
    const room = this.#roomNumber(message.room);
    const n = this.#prepared(
      "insert into messages " +
        "(room, seq, id, name, verified, me, text, time_ms, sent_at_ms, stored_ms) " +
        "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    ).run(
      room,
      seq ?? null,
      message.id,
      message.name,
      message.standing === "verified" ? 1 : 0,
      message.kind === "me" ? 1 : 0,
      message.text,
      message.timeMs,
      message.sentAtMs ?? null,
      nowMs,
    ).lastInsertRowid;
    this.#run(
      "insert into words (rowid, room, text) values (?, ?, ?)",
      n,
      String(room),
      indexedText(message.text),
    );
    this.#changes.set(room, (this.#changes.get(room) ?? 0) + 1);
    if (seq !== undefined && seq > this.#lastSeq) this.#lastSeq = seq;
  }

  #roomNumber(name: string): number {
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    this.#run("insert or ignore into rooms (name) values (?)", name);
    const number = Number(this.#get("select id from rooms where name = ?", name)?.["id"]);
    if (this.#rooms.size >= MAX_KNOWN_ROOMS) this.#rooms.clear();
    this.#rooms.set(name, number);
    return number;
  }

  /** Removes the messages that a query finds, and keeps the ids of young ones. */
  #remove(sql: string, nowMs: number, ...values: SQLInputValue[]): number {
    const rows = this.#prepared(sql).all(...values);
    for (const { n, room, id, seq, stored_ms: storedMs } of rows) {
      this.#removeRow(Number(n), Number(room));
      if (Number(storedMs) >= nowMs - ID_AGE_MS) {
        this.#run(
          "insert or replace into past_ids (id, seq, stored_ms) values (?, ?, ?)",
          id!,
          seq!,
          storedMs!,
        );
      }
    }
    return rows.length;
  }

  #removeRow(n: number, room: number): void {
    this.#run("delete from words where rowid = ?", n);
    this.#run("delete from messages where n = ?", n);
    this.#changes.set(room, (this.#changes.get(room) ?? 0) - 1);
  }

  /** Writes how many messages the rooms have now. */
  #count(): void {
    for (const [room, change] of this.#changes) {
      this.#run("update rooms set messages = messages + ? where id = ?", change, room);
    }
    this.#changes.clear();
  }

  #transaction<T>(work: () => T): T {
    this.#db.exec("begin immediate");
    try {
      const before = this.#lastSeq;
      const result = work();
      this.#count();
      if (this.#lastSeq !== before) this.#run("update state set last_seq = ?", this.#lastSeq);
      this.#db.exec("commit");
      return result;
    } catch (error) {
      // Some errors, such as a full disk, have rolled it back already.
      if (this.#db.isTransaction) this.#db.exec("rollback");
      this.#forget();
      throw error;
    }
  }

  /** Drops what is kept in memory, and reads it from the file again. */
  #forget(): void {
    this.#rooms.clear();
    this.#changes.clear();
    this.#lastSeq = Number(this.#get("select last_seq from state")?.["last_seq"]);
  }

  #messages(sql: string, ...values: SQLInputValue[]): ChatMessage[] {
    return this.#prepared(sql).all(...values).map(messageOf);
  }

  #get(sql: string, ...values: SQLInputValue[]) {
    return this.#prepared(sql).get(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, statement = this.#db.prepare(sql));
    return statement;
  }
}
