/** A history outlives the process that writes it, however that ends. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore } from "../../../../protocols/chat/history/sqlite_store.ts";
import { RunningProcess } from "../../../running_process.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { message } from "./messages.ts";

const ROUNDS = 12;

function appender(path: string, run: string): RunningProcess {
  const module = new URL("./appender.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "--allow-read", "--allow-write", module, path, run];
  return new RunningProcess(Deno.execPath(), args);
}

Deno.test("after kill -9 every acknowledged message is there, and the file opens", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  const random = seeded(newSeed());
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const run = `r${round}`;
    await using process = appender(path, run);
    await process.stdout.line(/^ready$/);
    // At any moment: after this many lines, wherever it is by then.
    const lines = Math.floor(random() * 300);
    for (let line = 0; line < lines; line++) await process.stdout.line(/^r/);
    process.signal("SIGKILL");
    const { stdout } = await process.ended();
    // The last line may have been cut.
    const ids = stdout.split("\n").slice(1, -1);
    assert(ids.length >= lines, `${ids.length} of at least ${lines}`);
    acknowledged.push(...ids);

    await using store = await openSqliteStore(path, {
      retention: { messages: Infinity, ageMs: Infinity },
    });
    // Whether its message is still kept or retention took it: an id is known.
    const results = await store.append(
      ids.map((id) => ({ message: message("again", { id, room: "again" }) })),
    );
    assertEquals(ids.filter((_, at) => !results[at]?.duplicate), [], `round ${round}`);
    const newest = ids.slice(-200);
    const kept = new Set((await store.last("lobby", 2000)).map(({ id }) => id));
    assertEquals(newest.filter((id) => !kept.has(id)), [], `round ${round}`);
    assert((await store.search("lobby", `words ${run}`, 2000)).length >= newest.length);
  }
  assert(acknowledged.length > ROUNDS);
  using db = new DatabaseSync(path);
  assertEquals({ ...db.prepare("pragma integrity_check").get() }, { integrity_check: "ok" });
  db.exec("insert into words (words) values ('integrity-check')");
});

Deno.test("of two processes on one file the second is refused, and a killed one lets go", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  await using first = appender(path, "first");
  await first.stdout.line(/^first-/);
  await using second = appender(path, "second");
  const { code, stderr } = await second.ended();
  assertEquals(code, 1);
  assertStringIncludes(stderr, `${path}: another server has its history there; stop that one`);
  await first.stdout.line(/^first-/);
  first.signal("SIGKILL");
  await first.ended();
  await using third = appender(path, "third");
  await third.stdout.line(/^third-/);
});
