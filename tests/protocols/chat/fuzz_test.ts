/** Nonsense on both wires: it may be refused, but nothing fails, and others go on. */

import { assertEquals } from "@std/assert";
import { newSeed, seeded } from "../../seeded.ts";
import { ChatFixture } from "./chat_fixture.ts";

const LINES = 20_000;
const CLIENTS = 8;

const WORDS = [
  "/name",
  "/join",
  "/who",
  "/rooms",
  "/me",
  "/msg",
  "/history",
  "/search",
  "/kick",
  "/ban",
  "/help",
  "//",
  "/",
  "alice",
  "bob",
  "lobby",
  "harbour",
  "#",
  "server",
  "\u202e",
  "\u200b",
  "\0",
  "\x1b[2J",
  "漢字",
  "👩‍👩‍👧",
  "\ud800",
  "-1",
  "0",
  "99999999999999999999",
  "%",
  '"',
  "'",
  "*",
  "{",
  "}",
  "[]",
  "null",
  "x".repeat(300),
]; // deno-fmt-ignore
const TYPES = [
  "hello", "say", "join", "name", "rooms", "who", "history", "search", "msg", "kick", "ban", "ping", "nope",
  "__proto__", "",
];
const FIELDS = [
  "version",
  "name",
  "room",
  "after",
  "last",
  "id",
  "text",
  "kind",
  "sentAt",
  "count",
  "before",
  "words",
  "to",
  "reason",
  "ref",
  "type",
  "__proto__",
  "constructor",
];

Deno.test("20,000 lines of nonsense fail nothing on either wire", async () => {
  const random = seeded(newSeed());
  const below = (count: number) => Math.floor(random() * count);
  const one = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const word = () => below(4) === 0 ? String.fromCodePoint(below(0xd7ff)) : one(WORDS);
  const plainLine = () => Array.from({ length: 1 + below(4) }, word).join(" ").replaceAll("\n", "");
  const value = (depth = 0): unknown => {
    switch (below(depth < 2 ? 9 : 7)) {
      case 0:
        return 1;
      case 1:
        return null;
      case 2:
        return -0.5;
      case 3:
        return true;
      case 4:
        return below(2 ** 31);
      case 5:
      case 6:
        return word();
      case 7:
        return [value(depth + 1)];
      default:
        return { [one(FIELDS)]: value(depth + 1) };
    }
  };
  const richLine = () => {
    if (below(20) === 0) return `{${plainLine()}`;
    const fields = Array.from({ length: below(4) }, () => [one(FIELDS), value()] as const);
    return JSON.stringify({ type: one(TYPES), ...Object.fromEntries(fields) });
  };

  await using room = await ChatFixture.open({
    messageRatePerSecond: 1_000_000_000,
    messageBurst: 1_000_000_000,
    maxRooms: 20,
    queueMessages: 1_000_000,
    queueSizeBytes: 1 << 30,
  });
  const watcher = await room.plain("watcher");
  const clients = await Promise.all(Array.from({ length: CLIENTS }, async (_, at) => {
    const client = await room.client();
    if (at % 2 === 0) await client.hello();
    else await client.enter("");
    return client;
  }));
  await Promise.all(clients.map(async (client, at) => {
    const sending = (async () => {
      for (let line = 0; line < LINES / CLIENTS; line++) {
        await client.send(at % 2 === 0 ? richLine() : plainLine());
      }
      await client.send(
        at % 2 === 0 ? '{"type":"ping","ref":"the end"}' : "/search the end nowhere",
      );
    })();
    await client.until(at % 2 === 0 ? /"ref":"the end"/ : /^\* nothing holds all these words/);
    await sending;
  }));
  await clients[0]!.send({ type: "join", room: "lobby" }, { type: "say", text: "all is well" });
  await watcher.until(/all is well$/);
  const { failed, missed } = room.dock.stats();
  assertEquals({ failed, missed }, { failed: 0, missed: 0 });
  assertEquals(room.log.only("notice"), []);
});
