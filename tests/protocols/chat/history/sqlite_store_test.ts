/** What the store keeps to beyond what a log needs: owed messages, notes, retention, files. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { UsageError } from "../../../../core/usage_error.ts";
import {
  openSqliteStore,
  type SqliteStoreOptions,
} from "../../../../protocols/chat/history/sqlite_store.ts";
import type { ChatStore, StoreEntry } from "../../../../protocols/chat/store.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { HandClock } from "./hand_clock.ts";
import { message, texts } from "./messages.ts";

const ALL = { messages: Infinity, ageMs: Infinity };
const PAGE_BYTES = 4096;
const DAY_MS = 86_400_000;
const SWEEP_EVERY_MS = 30_000;

function open(path: string, options: Partial<SqliteStoreOptions> = {}): Promise<ChatStore> {
  return openSqliteStore(path, { retention: ALL, sweepEveryMs: SWEEP_EVERY_MS, ...options });
}

/** Entries with texts, in the lobby. */
function entries(from: number, to: number, more: Partial<StoreEntry["message"]> = {}) {
  return Array.from(
    { length: to - from },
    (_, at) => ({ message: message(`m${from + at}`, more) }),
  );
}

/** Lets retention do all it has to do now. */
async function sweep(store: ChatStore, clock: HandClock): Promise<void> {
  clock.advance(SWEEP_EVERY_MS);
  // What is asked after a step is answered after it.
  for (;;) {
    await store.note("");
    if (!clock.due(SWEEP_EVERY_MS - 1)) return;
    clock.advance(SWEEP_EVERY_MS / 2);
  }
}

/** How many rows a table of the file has. */
function rows(path: string, table: string): unknown {
  using db = new DatabaseSync(path, { readOnly: true });
  return db.prepare(`select count(*) as rows from ${table}`).get()?.["rows"];
}

Deno.test("what was stored is there when the file is opened again, and places go on growing", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/deep/er/chat.sqlite`;
  const first = entries(0, 3);
  {
    await using store = await open(path);
    assertEquals((await store.append(first)).map(({ seq }) => seq), [1, 2, 3]);
    await store.setNote("far", "12");
  }
  await using store = await open(path);
  assertEquals(texts(await store.last("lobby", 9)), ["m0", "m1", "m2"]);
  assertEquals(await store.note("far"), "12");
  assertEquals(await store.note("near"), undefined);
  assertEquals(await store.highest(), 3);
  assertEquals(await store.append([first[0]!, ...entries(3, 4)]), [
    { seq: 1, duplicate: true },
    { seq: 4, duplicate: false },
  ]);
});

Deno.test({
  name: "the files are their owner's alone, and so is a folder that was made for them",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    await using store = await open(`${folder.path}/made/chat.sqlite`);
    await store.append(entries(0, 1));
    const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;
    assertEquals(mode(`${folder.path}/made`), 0o700);
    const files = [...Deno.readDirSync(`${folder.path}/made`)].map(({ name }) => name).sort();
    assertEquals(files, ["", "-lock", "-shm", "-wal"].map((end) => `chat.sqlite${end}`));
    for (const file of files) assertEquals(mode(`${folder.path}/made/${file}`), 0o600, file);
  },
});

Deno.test("places that others gave are kept, and ours come after the highest of them", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(`${folder.path}/chat.sqlite`);
  await store.append([
    { message: message("late"), seq: 70 },
    { message: message("early"), seq: 50 },
  ]);
  assertEquals(await store.append([{ message: message("ours") }]), [{ seq: 71, duplicate: false }]);
  assertEquals(texts(await store.last("lobby", 9)), ["early", "late", "ours"]);
  assertEquals(texts(await store.after("lobby", 50, 1)), ["late"]);
});

Deno.test("what is owed stands last without a place, and gets one when it comes back with it", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  await using store = await open(path);
  const owed = [message("owed 1"), message("owed 2"), message("owed 3", { room: "other" })];
  await store.append([{ message: message("first"), seq: 5 }]);
  assertEquals(
    await store.append(owed.map((one) => ({ message: one, owed: true }))),
    owed.map(() => ({ seq: undefined, duplicate: false })),
  );
  await store.append([{ message: message("meanwhile"), seq: 6 }]);
  assertEquals(texts(await store.last("lobby", 9)), ["first", "meanwhile", "owed 1", "owed 2"]);
  assertEquals(texts(await store.last("lobby", 3)), ["meanwhile", "owed 1", "owed 2"]);
  assertEquals(texts(await store.last("lobby", 1)), ["owed 2"]);
  assertEquals(texts(await store.last("lobby", 9, 6)), ["first"]);
  assertEquals(texts(await store.after("lobby", 5, 2)), ["meanwhile", "owed 1"]);
  assertEquals(texts(await store.owed(2)), ["owed 1", "owed 2"]);
  assertEquals(texts(await store.search("lobby", "owed", 9)), ["owed 1", "owed 2"]);
  const again = { message: owed[0]!, owed: true };
  assertEquals(await store.append([again]), [{ seq: undefined, duplicate: true }]);
  assertEquals(await store.append([{ message: owed[0]!, seq: 7 }]), [{ seq: 7, duplicate: true }]);
  assertEquals(await store.append([{ message: owed[0]!, seq: 9 }]), [{ seq: 7, duplicate: true }]);
  assertEquals(texts(await store.owed(9)), ["owed 2", "owed 3"]);
  assertEquals((await store.last("lobby", 9)).map(({ seq }) => seq), [5, 6, 7, undefined]);
  assertEquals(rows(path, "words"), rows(path, "messages"));
  assertEquals(texts(await store.search("lobby", "owed", 9)), ["owed 1", "owed 2"]);
});

Deno.test("calls of one turn are written together, or none of them", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  await using store = await open(path, { maxBytes: 400_000 });
  const large = message("x".repeat(500_000));
  const calls = [
    store.append(entries(0, 3)),
    store.setNote("far", "1"),
    store.append([{ message: large }]),
  ];
  for (const { status } of await Promise.allSettled(calls)) assertEquals(status, "rejected");
  assertEquals(await store.last("lobby", 9), []);
  assertEquals(await store.note("far"), undefined);
  await Promise.all([store.append(entries(3, 5)), store.setNote("far", "2")]);
  assertEquals(await store.note("far"), "2");
  assertEquals((await store.last("lobby", 9)).map(({ seq }) => seq), [1, 2], "no place was lost");
});

Deno.test("retention keeps the newest of each room, in steps, and takes the index with it", async () => {
  await using folder = await temporaryFolder();
  const clock = new HandClock();
  const path = `${folder.path}/chat.sqlite`;
  await using store = await open(path, { retention: { messages: 10, ageMs: Infinity }, clock });
  const stored = entries(0, 350);
  await store.append(stored);
  await store.append(entries(0, 4, { room: "small" }));
  await store.append([{ message: message("owed", { room: "full" }), owed: true }]);
  await store.append(entries(0, 10, { room: "full" }));
  await sweep(store, clock);
  const kept = Array.from({ length: 10 }, (_, at) => `m${340 + at}`);
  assertEquals(texts(await store.last("lobby", 999)), kept);
  assertEquals((await store.last("small", 999)).length, 4);
  assertEquals(texts(await store.last("full", 2)), ["m9", "owed"]);
  assertEquals((await store.last("full", 999)).length, 10);
  assertEquals(texts(await store.search("lobby", "m345", 9)), ["m345"]);
  assertEquals(await store.search("lobby", "m5", 9), []);
  assertEquals(rows(path, "words"), rows(path, "messages"));
  assertEquals(
    await store.append([stored[5]!]),
    [{ seq: 6, duplicate: true }],
    "a day is remembered",
  );
  clock.advance(DAY_MS);
  await sweep(store, clock);
  assertEquals((await store.append([stored[5]!]))[0]?.duplicate, false, "and no longer");
  assertEquals((await store.append([stored[345]!]))[0]?.duplicate, true, "but for what is kept");
});

Deno.test("retention removes what is too old from every room, but nothing that is owed", async () => {
  await using folder = await temporaryFolder();
  const clock = new HandClock();
  const path = `${folder.path}/chat.sqlite`;
  await using store = await open(path, { retention: { messages: Infinity, ageMs: DAY_MS }, clock });
  const old = { timeMs: clock.now() - DAY_MS - 1 };
  const [stale] = entries(0, 1, old);
  await store.append([stale!, ...entries(1, 2), ...entries(2, 3, { ...old, room: "left" })]);
  await store.append([{ message: message("owed", old), owed: true }]);
  await sweep(store, clock);
  assertEquals(texts(await store.last("lobby", 9)), ["m1", "owed"]);
  assertEquals(await store.last("left", 9), []);
  assertEquals(await store.append([stale!]), [{ seq: 1, duplicate: true }]);
  clock.advance(3 * DAY_MS);
  await sweep(store, clock);
  assertEquals(texts(await store.last("lobby", 9)), ["owed"]);
  assertEquals((await store.append(entries(5, 6)))[0]?.seq, 4, "places are not given twice");
});

Deno.test("a full disk refuses messages and says so, and takes them again once there is room", async () => {
  await using folder = await temporaryFolder();
  const clock = new HandClock();
  const path = `${folder.path}/chat.sqlite`;
  await using store = await open(path, {
    retention: { messages: 20, ageMs: Infinity },
    maxBytes: 600_000,
    clock,
  });
  const acknowledged: string[] = [];
  const fill = async () => {
    for (let at = 0;; at++) {
      const one = message(`${at} ${"words that fill the disk ".repeat(80)}`);
      await store.append([{ message: one }]);
      acknowledged.push(one.id);
    }
  };
  const error = await assertRejects(fill, Error);
  assertStringIncludes(error.message, path);
  assertStringIncludes(error.message, "disk is full");
  assert(acknowledged.length > 30);
  assertEquals((await store.last("lobby", 9999)).map(({ id }) => id), acknowledged);
  await sweep(store, clock);
  assertEquals((await store.append(entries(0, 5))).length, 5);
});

Deno.test("a second opening of the same file is refused by name", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  {
    await using _store = await open(path);
    const error = await assertRejects(() => open(path), UsageError);
    assertStringIncludes(error.message, `${path}: another server has its history there`);
  }
  await using _again = await open(path);
});

Deno.test("a file that is no history is refused and left as it is", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/notes.txt`;
  const text = "not a database, but long enough to be taken for the head of one. ".repeat(9);
  await Deno.writeTextFile(path, text);
  const error = await assertRejects(() => open(path), UsageError);
  assertStringIncludes(error.message, `${path}: it is no file of SQLite`);
  assertEquals(await Deno.readTextFile(path), text);

  const other = `${folder.path}/other.sqlite`;
  using db = new DatabaseSync(other);
  db.exec("create table people (name text)");
  const foreign = await assertRejects(() => open(other), UsageError);
  assertStringIncludes(foreign.message, "holds something else than a chat's history");
  assertEquals(db.prepare("pragma journal_mode").get()?.["journal_mode"], "delete");

  await assertRejects(() => open(`${path}/below.sqlite`), UsageError, `${path}/below.sqlite`);
  await assertRejects(() => open(folder.path), UsageError, `${folder.path}: it is no file`);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assertEquals(names, ["notes.txt", "other.sqlite"]);
});

Deno.test("a damaged file is refused with the remedy, wherever the damage is", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  {
    await using store = await open(path);
    await store.append(entries(0, 500));
  }
  const whole = await Deno.readFile(path);
  const pages = whole.length / PAGE_BYTES;
  assert(pages > 20, `${pages} pages`);
  let damaged = 0;
  for (let page = 1; page < pages; page += 7) {
    const bytes = whole.slice();
    bytes.fill(0xa5, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    await Deno.writeFile(path, bytes);
    const error = await assertRejects(async () => {
      await using store = await open(path);
      assertEquals((await store.after("lobby", 0, 1000)).length, 500);
    }, UsageError);
    assertStringIncludes(error.message, `Cannot keep the history in ${path}: it is damaged (`);
    assertStringIncludes(error.message, "move it away");
    damaged++;
  }
  assert(damaged > 2);
  await Deno.writeFile(path, whole.subarray(0, whole.length / 2));
  await assertRejects(() => open(path), UsageError, "it is damaged");
  await Deno.writeFile(path, whole);
  await using store = await open(path);
  assertEquals((await store.last("lobby", 1000)).length, 500);
});

Deno.test("a file of a newer version is refused", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  await (await open(path))[Symbol.asyncDispose]();
  {
    using db = new DatabaseSync(path);
    db.exec("pragma user_version = 99");
  }
  const error = await assertRejects(() => open(path), UsageError);
  assertStringIncludes(error.message, "written by a newer sockdock (version 99");
});

Deno.test("a search that takes too long is cut off, and the next one is answered", async () => {
  await using folder = await temporaryFolder();
  const clock = new HandClock();
  await using store = await open(`${folder.path}/chat.sqlite`, { clock, searchTimeoutMs: 500 });
  await store.append(entries(0, 3));
  const searched = store.search("lobby", "m1", 9);
  const refused = assertRejects(() => searched, Error, "longer than 500 ms");
  // Its timer is set within this turn, and its Worker has not even been loaded.
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  clock.advance(500);
  await refused;
  assertEquals(texts(await store.search("lobby", "m1", 9)), ["m1"]);
});

Deno.test("searches and messages that wait are limited", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  await using store = await open(path, { maxSearches: 2, maxWaiting: 4 });
  const searches = [1, 2, 3].map(() => store.search("lobby", "m1", 9));
  const outcomes = await Promise.allSettled(searches);
  assertEquals(outcomes.map(({ status }) => status), ["fulfilled", "fulfilled", "rejected"]);
  const appends = [store.append(entries(0, 4)), store.append(entries(4, 5))];
  const [taken, refused] = await Promise.allSettled(appends);
  assertEquals([taken?.status, refused?.status], ["fulfilled", "rejected"]);
  assertEquals((await store.append(entries(4, 5))).length, 1);
});

Deno.test("closing waits for what was to be written, and not for a search", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/chat.sqlite`;
  const store = await open(path);
  const appended = store.append(entries(0, 500));
  const searched = store.search("lobby", "m1", 9).then(() => "answered", () => "cut off");
  await store[Symbol.asyncDispose]();
  assertEquals((await appended).length, 500);
  await searched;
  await assertRejects(() => store.append(entries(0, 1)), Error, "closed");
  await assertRejects(() => store.last("lobby", 1), Error, "closed");
  await assertRejects(() => store.search("lobby", "m1", 1), Error, "closed");
  await using again = await open(path);
  assertEquals((await again.last("lobby", 999)).length, 500);
});

Deno.test("messages are stored while a search through many of them runs", async () => {
  await using folder = await temporaryFolder();
  await using store = await open(`${folder.path}/chat.sqlite`, {
    searchTimeoutMs: 60_000,
    maxWaiting: Infinity,
  });
  const words = Array.from({ length: 25 }, (_, at) => `word${at}`).join(" ");
  const many = Array.from(
    { length: 20_000 },
    () => ({ message: message(`東京都に行く ${words}`) }),
  );
  await store.append(many);
  // The Worker that searches is there before the search that counts.
  await store.search("lobby", "nothing", 1);
  let searching = true;
  const searched = store.search("lobby", `東京都に行く ${words}`, 10_000).then((found) => {
    searching = false;
    return found.length;
  });
  let appends = 0;
  while (searching) {
    await store.append(entries(appends, appends + 1));
    assertEquals(texts(await store.last("lobby", 1)), [`m${appends}`]);
    appends++;
  }
  assertEquals(await searched, 10_000);
  // On the connection that writes, all but the first would have waited.
  assert(appends > 2, `${appends} appends during the search`);
});
