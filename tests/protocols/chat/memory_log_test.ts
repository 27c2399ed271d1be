import { assertEquals } from "@std/assert";
import type { ChatMessage, NewMessage } from "../../../protocols/chat/message.ts";
import { openMemoryLog } from "../../../protocols/chat/memory_log.ts";

function message(id: string, room = "lobby", timeMs = 0): NewMessage {
  return {
    id,
    room,
    name: "alice",
    standing: "plain",
    kind: "say",
    text: `text of ${id}`,
    timeMs,
    sentAtMs: undefined,
  };
}

function open(retention = { messages: Infinity, ageMs: Infinity }, now = () => 0) {
  const delivered: string[] = [];
  const hooks = { deliver: ({ id }: ChatMessage) => void delivered.push(id), notice: () => {} };
  return { log: openMemoryLog(retention, hooks, now), delivered };
}

const ids = (messages: readonly ChatMessage[]) => messages.map(({ id }) => id);

Deno.test("a log in memory delivers before its receipt, and the same id once", async () => {
  const { log, delivered } = open();
  const receipts = [log.append(message("a")), log.append(message("b")), log.append(message("a"))];
  assertEquals(delivered, ["a", "b"]);
  assertEquals(await Promise.all(receipts), [
    { id: "a", seq: 1, scope: "memory", duplicate: false },
    { id: "b", seq: 2, scope: "memory", duplicate: false },
    { id: "a", seq: 1, scope: "memory", duplicate: true },
  ]);
  await log[Symbol.asyncDispose]();
});

Deno.test("a log in memory gives the last, those after and those that hold words", async () => {
  const { log } = open();
  for (const id of ["a", "b", "c", "d"]) await log.append(message(id));
  await log.append(message("e", "harbour"));
  assertEquals(ids(await log.last("lobby", 2)), ["c", "d"]);
  assertEquals(ids(await log.last("lobby", 2, 3)), ["a", "b"]);
  assertEquals(ids(await log.last("lobby", 0)), []);
  assertEquals(ids(await log.after("lobby", 1, 2)), ["b", "c"]);
  assertEquals(ids(await log.search("lobby", "OF text", 2)), ["c", "d"]);
  assertEquals(ids(await log.search("lobby", " ", 2)), []);
  assertEquals(ids(await log.last("nowhere", 2)), []);
});

Deno.test("a log in memory keeps so many of each room, and none when it is off", async () => {
  const { log } = open({ messages: 10, ageMs: Infinity });
  for (let at = 0; at < 1000; at++) await log.append(message(`m${at}`));
  assertEquals(ids(await log.last("lobby", 1000)).length, 10);
  const off = open({ messages: 0, ageMs: Infinity });
  await off.log.append(message("a"));
  assertEquals(await off.log.last("lobby", 10), []);
  assertEquals((await off.log.append(message("a"))).duplicate, true);
});

Deno.test("a log in memory shows nothing older than its age", async () => {
  let now = 0;
  const { log } = open({ messages: Infinity, ageMs: 100 }, () => now);
  await log.append(message("old", "lobby", 0));
  await log.append(message("new", "lobby", 150));
  now = 200;
  assertEquals(ids(await log.last("lobby", 10)), ["new"]);
});

Deno.test("a log in memory is bounded whatever is said in however many rooms", async () => {
  const { log } = open();
  for (let at = 0; at < 120_000; at++) await log.append(message(`m${at}`, `room${at % 300}`));
  let kept = 0;
  for (let room = 0; room < 300; room++) kept += (await log.last(`room${room}`, 1e6)).length;
  assertEquals(kept <= 100_000 && kept > 50_000, true, `${kept} are kept`);
});
