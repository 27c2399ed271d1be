import { assertEquals, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { migrate } from "../../../../protocols/chat/history/sqlite_schema.ts";

const STEPS = ["create table one (a)", "alter table one add column b", "create table two (c)"];

function tables(db: DatabaseSync): unknown[] {
  return db.prepare("select name from sqlite_schema order by name").all().map(({ name }) => name);
}

Deno.test("a file of an older version becomes one of this, and keeps what it holds", () => {
  using db = new DatabaseSync(":memory:");
  migrate(db, STEPS.slice(0, 1));
  db.exec("insert into one values (7)");
  migrate(db, STEPS);
  migrate(db, STEPS);
  assertEquals({ ...db.prepare("select * from one").get() }, { a: 7, b: null });
  assertEquals(tables(db), ["one", "two"]);
  assertThrows(
    () => migrate(db, STEPS.slice(0, 2)),
    Error,
    "version 3 of the file, 2 is known here",
  );
});

Deno.test("a migration that fails leaves the file at the version it had", () => {
  using db = new DatabaseSync(":memory:");
  migrate(db, STEPS.slice(0, 1));
  assertThrows(() => migrate(db, [STEPS[0]!, STEPS[1]!, "create table one (again)"]), Error, "one");
  assertEquals(db.prepare("pragma user_version").get()?.["user_version"], 1);
  assertEquals(db.prepare("select * from one").columns().length, 1);
  migrate(db, STEPS);
  assertEquals(tables(db), ["one", "two"]);
});
