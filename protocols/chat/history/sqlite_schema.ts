// The tables of a history in SQLite, and the migrations that bring an older file up to date.

import type { DatabaseSync } from "node:sqlite";

/** Marks a file as one of ours: `sock` in ASCII. */
const APPLICATION_ID = 0x736f636b;

/** Each migration brings a file to the version that is its place in this list, counted from 1. Files
 * with these versions are on disks: add migrations, and change none. */
const MIGRATIONS: readonly string[] = [
  `
  -- One row: the highest place that was ever given, which retention does not take back.
  create table state (last_seq integer not null);
  insert into state values (0);

  create table rooms (
    id integer primary key,
    name text not null unique,
    messages integer not null default 0
  );

  create table messages (
    n integer primary key autoincrement,  -- the order of storing, and the row of the index
    room integer not null,
    seq integer,                          -- null: owed
    id text not null unique,
    name text not null,
    verified integer not null,
    me integer not null,
    text text not null,
    time_ms integer not null,
    sent_at_ms integer,
    stored_ms integer not null
  );
  create index messages_by_place on messages (room, seq);
  create index messages_by_time on messages (time_ms);
  create index messages_owed on messages (seq) where seq is null;

  -- The ids of messages that retention took early, so that they are not said again.
  create table past_ids (
    id text primary key,
    seq integer not null,
    stored_ms integer not null
  ) without rowid;
  create index past_ids_by_time on past_ids (stored_ms);

  create table notes (key text primary key, value text not null) without rowid;

  -- Holds no text of its own. The room is a word of it, so that a search in a small room need not
  -- pass by what a large one holds.
  create virtual table words using fts5 (
    room, text, content = '', contentless_delete = 1,
    tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
  );
  -- Merges of its parts are done in small steps with retention, not in the middle of a message.
  insert into words (words, rank) values ('automerge', 0);
  `,
];

/** A file that cannot be a history of this program. */
class ForeignFileError extends Error {
  override readonly name = "ForeignFileError";
}

/** Makes the tables, or brings them up to date.
 * @throws {ForeignFileError} when the file holds something else, or is of a newer version */
export function migrate(db: DatabaseSync, migrations: readonly string[] = MIGRATIONS): void {
  db.exec("begin immediate");
  try {
    const version = pragma(db, "user_version");
    const application = pragma(db, "application_id");
    const tables = db.prepare("select count(*) as tables from sqlite_schema").get()?.["tables"];
    if (application !== APPLICATION_ID && (tables !== 0 || version !== 0)) {
      throw new ForeignFileError("holds something else than a chat's history");
    }
    if (version > migrations.length) {
      throw new ForeignFileError(
        `was written by a newer sockdock (version ${version} of the file, ${migrations.length} is ` +
          "known here)",
      );
    }
    for (const migration of migrations.slice(version)) db.exec(migration);
    db.exec(`pragma application_id = ${APPLICATION_ID}`);
    db.exec(`pragma user_version = ${migrations.length}`);
    db.exec("commit");
  } catch (error) {
    db.exec("rollback");
    throw error;
  }
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`pragma ${name}`).get()?.[name]);
}
