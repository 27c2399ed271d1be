/** What every log keeps to, and what those that remember do besides. */

import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import type { ChatLog, LogHooks } from "../../../../protocols/chat/log.ts";
import type { ChatMessage } from "../../../../protocols/chat/message.ts";
import type { ChatStore, Retention, StoreResult } from "../../../../protocols/chat/store.ts";
import { defaultHistoryFile } from "../../../../protocols/chat/history/history_file.ts";
import { openHistory } from "../../../../protocols/chat/history/open_history.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { HandClock } from "./hand_clock.ts";
import { MATCHES, message, texts } from "./messages.ts";

const ALL: Retention = { messages: Infinity, ageMs: Infinity };

interface Opened extends AsyncDisposable {
  readonly log: ChatLog;
  readonly delivered: ChatMessage[];
  readonly clock: HandClock;
  /** Closes the log before its time. */
  close(): Promise<void>;
}

async function open(kind: string, retention = ALL, hooks: Partial<LogHooks> = {}): Promise<Opened> {
  const clock = new HandClock();
  const folder = await temporaryFolder();
  const delivered: ChatMessage[] = [];
  const where = kind === "file" ? `${folder.path}/chat.sqlite` : kind;
  const log = await openHistory(where, retention, {
    deliver: (one) => void delivered.push(one),
    notice: () => {},
    ...hooks,
  }, { clock });
  const close = async () => await log[Symbol.asyncDispose]();
  return {
    log,
    delivered,
    clock,
    close,
    [Symbol.asyncDispose]: async () => {
      await close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

for (const kind of ["file", ":memory:", "off"]) {
  const scope = kind === "file" ? "stored" : "memory";

  Deno.test(`${kind}: messages are delivered once, in the order of the calls, before their receipts`, async () => {
    await using opened = await open(kind);
    const { log, delivered } = opened;
    const seen: number[] = [];
    const messages = Array.from({ length: 300 }, (_, at) => message(`m${at}`));
    const receipts = await Promise.all(messages.map(async (one) => {
      const receipt = await log.append(one);
      seen.push(delivered.findIndex(({ id }) => id === receipt.id));
      return receipt;
    }));
    assertEquals(texts(delivered), texts(messages));
    assertEquals(seen.every((place) => place >= 0), true);
    assertEquals(receipts.map(({ id }) => id), messages.map(({ id }) => id));
    assertEquals(new Set(receipts.map((receipt) => receipt.scope)), new Set([scope]));
    const places = delivered.map(({ seq }) => seq!);
    assertEquals(places, places.toSorted((one, other) => one - other));
    assertEquals(new Set(places).size, places.length);
    assertEquals(receipts.map(({ seq }) => seq), places);
  });

  Deno.test(`${kind}: an id that was there before is a duplicate and is not delivered again`, async () => {
    await using opened = await open(kind);
    const { log, delivered } = opened;
    const one = message("once");
    const [first, second] = await Promise.all([log.append(one), log.append(one)]);
    const third = await log.append({ ...one, text: "other words" });
    assertEquals(first?.duplicate, false);
    for (const later of [second, third]) {
      assertEquals(later, { id: one.id, seq: first.seq, scope, duplicate: true });
    }
    assertEquals(texts(delivered), ["once"]);
  });

  Deno.test(`${kind}: a closed log takes nothing, and closing it again does no harm`, async () => {
    await using opened = await open(kind);
    await opened.close();
    await assertRejects(() => opened.log.append(message("late")), Error, "closed");
    assertEquals(opened.delivered, []);
  });
}

Deno.test("off: nothing can be read back", async () => {
  await using opened = await open("off");
  const { log } = opened;
  await log.append(message("gone"));
  assertEquals(await log.last("lobby", 9), []);
  assertEquals(await log.after("lobby", 0, 9), []);
  assertEquals(await log.search("lobby", "gone", 9), []);
});

for (const kind of ["file", ":memory:"]) {
  Deno.test(`${kind}: a message comes back as it was`, async () => {
    await using opened = await open(kind);
    const { log, delivered } = opened;
    await log.append(message("waves", { standing: "verified", kind: "me", sentAtMs: 12.5 }));
    await log.append(message("'; drop table messages; -- \" 🎉", { name: "Zoë" }));
    assertEquals(await log.last("lobby", 2), delivered);
  });

  Deno.test(`${kind}: last, before and after read a room in pieces, oldest first`, async () => {
    await using opened = await open(kind);
    const { log, delivered } = opened;
    for (let at = 0; at < 10; at++) {
      await log.append(message(`m${at}`));
      await log.append(message(`other ${at}`, { room: "other" }));
    }
    const lobby = delivered.filter(({ room }) => room === "lobby");
    assertEquals(await log.last("lobby", 3), lobby.slice(-3));
    assertEquals(await log.last("lobby", 3, lobby[4]?.seq), lobby.slice(1, 4));
    assertEquals(await log.last("lobby", 3, lobby[0]?.seq), []);
    assertEquals(await log.after("lobby", lobby[6]!.seq!, 2), lobby.slice(7, 9));
    assertEquals(await log.after("lobby", lobby[9]!.seq!, 2), []);
    assertEquals(await log.after("lobby", 0, 100), lobby);
    assertEquals(await log.last("empty", 3), []);
    for (const count of [0, -1, NaN, 0.5]) assertEquals(await log.last("lobby", count), []);
  });

  Deno.test(`${kind}: a read sees what was called to be stored before it`, async () => {
    await using opened = await open(kind);
    const { log } = opened;
    const appended = log.append(message("needle"));
    assertEquals(texts(await log.last("lobby", 1)), ["needle"]);
    const another = log.append(message("needle 2"));
    assertEquals(texts(await log.search("lobby", "needle", 5)), ["needle", "needle 2"]);
    await Promise.all([appended, another]);
  });

  Deno.test(`${kind}: a search finds the last messages of the room with all the words`, async () => {
    await using opened = await open(kind);
    const { log } = opened;
    for (const room of ["lobby", "other"]) {
      for (const text of ["red fish", "blue fish", "Red bird", "red FISH again"]) {
        await log.append(message(`${text} ${room}`, { room }));
      }
    }
    const found = async (words: string, count = 9) =>
      texts(await log.search("lobby", words, count));
    assertEquals(await found("fish red"), ["red fish lobby", "red FISH again lobby"]);
    assertEquals(await found("fish", 2), ["blue fish lobby", "red FISH again lobby"]);
    assertEquals(await found("fish other"), []);
    assertEquals(await found("fish", 0), []);
    assertEquals(await found("  "), []);
    assertEquals(await log.search("nowhere", "fish", 9), []);
  });

  Deno.test(`${kind}: a search goes by folded words, and by any part of a text without spaces`, async () => {
    await using opened = await open(kind);
    const { log } = opened;
    for (const [text, query, holds] of MATCHES) {
      const room = `room of ${text} and ${query}`;
      await log.append(message(text, { room }));
      assertEquals(
        texts(await log.search(room, query, 1)),
        holds ? [text] : [],
        `${query} in ${text}`,
      );
    }
  });

  Deno.test(`${kind}: nothing in a search is syntax`, async () => {
    await using opened = await open(kind);
    const { log } = opened;
    await log.append(message("plain words and near things"));
    await log.append(message("secret", { room: "other" }));
    const random = seeded(newSeed());
    const parts = [
      ...`"'*^:(){}+-,;\\%_\u0000`,
      ...[
        "AND",
        "OR",
        "NOT",
        "NEAR(",
        "room :",
        `"2"`,
        "text:",
        "secret",
        "plain",
        "{room}",
        "\ud800",
      ],
    ];
    const hostile = Array.from(
      { length: 300 },
      () => Array.from({ length: 6 }, () => parts[Math.floor(random() * parts.length)]).join(" "),
    );
    for (
      const words of ["plain OR secret", `plain" OR "secret`, "pla*", "NOT secret", ...hostile]
    ) {
      const found = await log.search("lobby", words, 9);
      assertEquals(found.some(({ room }) => room !== "lobby"), false, words);
      if (/secret|OR|NOT/.test(words)) assertEquals(found, [], words);
    }
    assertEquals(texts(await log.search("lobby", "near AND plain", 9)), [
      "plain words and near things",
    ]);
  });

  Deno.test(`${kind}: a search for too many words is refused and nothing else`, async () => {
    await using opened = await open(kind);
    const words = Array.from({ length: 40 }, (_, at) => `w${at}`).join(" ");
    await assertRejects(() => opened.log.search("lobby", words, 9), RangeError, "40 words");
    assertEquals((await opened.log.append(message("fine"))).duplicate, false);
  });
}

Deno.test(":memory: keeps the newest of each room, of all rooms, and nothing too old", async () => {
  const { createMemoryLog } = await import("../../../../protocols/chat/history/memory_log.ts");
  const clock = new HandClock();
  const hooks = { deliver: () => {}, notice: () => {} };
  const limits = { messages: 5, ageMs: 1000, totalMessages: 8 };
  await using log = createMemoryLog(limits, hooks, clock);
  const say = (text: string, room: string, id?: string) =>
    log.append(message(text, { room, timeMs: clock.now(), ...(id && { id }) }));
  for (let at = 0; at < 7; at++) await say(`a${at}`, "a", `a${at}`);
  assertEquals(texts(await log.last("a", 9)), ["a2", "a3", "a4", "a5", "a6"]);
  for (let at = 0; at < 5; at++) await say(`b${at}`, "b");
  assertEquals(texts(await log.last("a", 9)), ["a4", "a5", "a6"], "the oldest of all go first");
  assertEquals(texts(await log.last("b", 9)).length, 5);
  assertEquals((await say("again", "a", "a0")).duplicate, true, "an id outlives its message");
  clock.advance(600);
  await say("young", "a");
  clock.advance(600);
  assertEquals(texts(await log.last("a", 9)), ["young"]);
  assertEquals(await log.search("b", "b1", 9), []);
  assertEquals((await say("again", "a", "a6")).duplicate, true);

  await using small = createMemoryLog({ ...limits, totalBytes: 2000 }, hooks, clock);
  for (let at = 0; at < 4; at++) {
    await small.append(message("x".repeat(300), { room: `r${at}`, timeMs: clock.now() }));
  }
  assertEquals((await small.last("r2", 9)).length, 1);
  assertEquals((await small.last("r1", 9)).length, 0);
});

Deno.test("a message that cannot be stored is not delivered, and its receipt says why", async () => {
  const { createLocalLog } = await import("../../../../protocols/chat/history/open_history.ts");
  const delivered: ChatMessage[] = [];
  let fails = true;
  let seq = 0;
  const nothing = () => Promise.resolve([]);
  await using log = createLocalLog({
    append: () =>
      fails
        ? Promise.reject(new Error("the disk is full"))
        : Promise.resolve([{ seq: ++seq, duplicate: false }]),
    last: nothing,
    after: nothing,
    search: nothing,
    owed: nothing,
    highest: () => Promise.resolve(0),
    note: () => Promise.resolve(undefined),
    setNote: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }, { deliver: (one) => void delivered.push(one), notice: () => {} });
  const refused = log.append(message("lost"));
  fails = false;
  const taken = log.append(message("kept"));
  await assertRejects(() => refused, Error, "the disk is full");
  assertEquals((await taken).seq, 1);
  assertEquals(texts(delivered), ["kept"]);
});

Deno.test("the file of a history is in the user's data folder, where there is one", () => {
  assertEquals(
    defaultHistoryFile("/home/ada/.local/share/sockdock"),
    join("/home/ada/.local/share/sockdock", "chat.sqlite"),
  );
  assertEquals(defaultHistoryFile(null), null);
});

Deno.test("messages are delivered in the order of the calls, whichever the store answers first", async () => {
  const { createLocalLog } = await import("../../../../protocols/chat/history/open_history.ts");
  const delivered: ChatMessage[] = [];
  const answers: ((results: StoreResult[]) => void)[] = [];
  const store: Partial<ChatStore> = {
    append: () => new Promise((resolve) => void answers.push(resolve)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await using log = createLocalLog(store as ChatStore, {
    deliver: (one) => void delivered.push(one),
    notice: () => {},
  });
  const calls = ["first", "second"].map((text) => log.append(message(text)));
  answers[1]?.([{ seq: 2, duplicate: false }]);
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assertEquals(delivered, []);
  answers[0]?.([{ seq: 1, duplicate: false }]);
  await Promise.all(calls);
  assertEquals(texts(delivered), ["first", "second"]);
});
