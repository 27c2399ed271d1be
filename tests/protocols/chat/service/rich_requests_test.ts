/** What rich clients ask, and what they are answered. */

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { assertSaid, ChatFixture, type Json } from "../chat_fixture.ts";

Deno.test("a rich client says hello and is welcomed", async () => {
  await using room = await ChatFixture.open({ now: () => Date.UTC(2026, 0, 2, 3, 4, 5) });
  const client = await room.client();
  assertEquals(await client.hello({ name: "alice", ref: [1, "x"] }), {
    type: "welcome",
    version: 1,
    name: "alice",
    standing: "plain",
    room: "lobby",
    members: 1,
    time: "2026-01-02T03:04:05.000Z",
    limits: { textBytes: 4096, nameLength: 32, history: 500, messagesPerSecond: 10, burst: 40 },
    ref: [1, "x"],
  });
});

Deno.test("each request of a rich client is answered as the table says", async () => {
  await using room = await ChatFixture.open({ now: () => 1_000 });
  const alice = await room.rich("alice");
  const bob = await room.rich("bob");
  assertEquals(await alice.json(), { type: "came", room: "lobby", name: "bob" });
  const asked = async (request: Json) => {
    await alice.send({ ...request, ref: 7 });
    const answer = await alice.until(/"ref":7/);
    const { ref: _ref, ...rest } = JSON.parse(answer) as Json;
    return rest;
  };
  const time = "1970-01-01T00:00:01.000Z";
  const sentAt = "2026-01-01T02:00:00.123456+02:00";
  const { seq, ...ack } = await asked({ type: "say", id: "m-1", text: "hi", sentAt });
  assertEquals(ack, { type: "ack", id: "m-1", scope: "memory" });
  const hi = {
    id: "m-1",
    room: "lobby",
    seq,
    name: "alice",
    standing: "plain",
    kind: "say",
    text: "hi",
    time,
    sentAt: "2026-01-01T00:00:00.123Z",
  };

  assertEquals(await bob.json(), { type: "message", ...hi });
  assertEquals(await asked({ type: "say", id: "m-1", text: "hi" }), {
    type: "ack",
    id: "m-1",
    seq,
    scope: "memory",
    duplicate: true,
  });
  const { id } = await asked({ type: "say", text: "waves", kind: "me" });
  assertMatch(String(id), /^[A-Za-z0-9_-]{1,64}$/);
  const { kind, text, id: seenId } = await bob.json();
  assertEquals({ kind, text, seenId }, { kind: "me", text: "waves", seenId: id });

  assertEquals(await asked({ type: "who" }), {
    type: "who",
    room: "lobby",
    members: [{ name: "alice", standing: "plain" }, { name: "bob", standing: "plain" }],
  });
  assertEquals(await asked({ type: "rooms" }), {
    type: "rooms",
    rooms: [{ room: "lobby", members: 2 }],
  });
  assertEquals(await asked({ type: "history", before: Number(seq) + 1 }), {
    type: "history",
    room: "lobby",
    messages: [hi],
  });
  const found = await asked({ type: "search", words: "WAVES", count: 5 });
  assertEquals((found["messages"] as Json[]).map(({ text }) => text), ["waves"]);

  assertEquals(await asked({ type: "msg", to: "bob", text: "psst" }), {
    type: "ack",
    scope: "memory",
  });
  assertEquals(await bob.json(), {
    type: "private",
    name: "alice",
    standing: "plain",
    text: "psst",
    time,
  });
  assertEquals(await asked({ type: "ping" }), { type: "pong", time });
  assertEquals(await asked({ type: "name", name: "ada" }), {
    type: "named",
    name: "ada",
    standing: "plain",
  });
  assertEquals(await bob.json(), { type: "renamed", room: "lobby", name: "alice", to: "ada" });
  assertEquals(await asked({ type: "join", room: "harbour" }), {
    type: "joined",
    room: "harbour",
    members: 1,
  });
  assertEquals(await bob.json(), {
    type: "went",
    room: "lobby",
    name: "ada",
    reason: "to harbour",
  });
  await alice.send({ type: "quit" });
  assertEquals(await alice.line(), undefined);
});

const REFUSED: readonly (readonly [request: Json | string, code: string])[] = [
  ["no JSON", "bad-request"],
  ["[1]", "bad-request"],
  ["{", "bad-request"],
  [{}, "bad-request"],
  [{ type: 7 }, "bad-request"],
  [{ type: "nonsense" }, "unknown-type"],
  [{ type: "constructor" }, "unknown-type"],
  [{ type: "hello" }, "version"],
  [{ type: "hello", version: 2 }, "version"],
  [{ type: "say" }, "bad-request"],
  [{ type: "say", text: 7 }, "bad-request"],
  [{ type: "say", text: " \u200b " }, "text-refused"],
  [{ type: "say", text: "x".repeat(4097) }, "too-long"],
  [{ type: "say", text: "x", id: "" }, "bad-request"],
  [{ type: "say", text: "x", id: "a b" }, "bad-request"],
  [{ type: "say", text: "x", id: "a".repeat(65) }, "bad-request"],
  [{ type: "say", text: "x", kind: "shout" }, "bad-request"],
  [{ type: "say", text: "x", sentAt: "yesterday" }, "bad-request"],
  [{ type: "say", text: "x", sentAt: "2026-01-01 00:00" }, "bad-request"],
  [{ type: "say", text: "x", ref: "x".repeat(63) }, "bad-request"],
  [{ type: "name", name: "bob" }, "name-taken"],
  [{ type: "name", name: "system" }, "name-refused"],
  [{ type: "name" }, "bad-request"],
  [{ type: "join", room: "a b" }, "room-refused"],
  [{ type: "join", room: "full" }, "too-many-rooms"],
  [{ type: "history", count: -1 }, "bad-request"],
  [{ type: "history", before: "x" }, "bad-request"],
  [{ type: "search" }, "bad-request"],
  [{ type: "msg", to: "nobody", text: "x" }, "no-such-member"],
  [{ type: "msg", to: "bob" }, "bad-request"],
  [{ type: "kick", name: "bob" }, "not-an-operator"],
  [{ type: "ban", name: "bob" }, "not-an-operator"],
];

Deno.test("what a rich client may not do is answered with its code", async () => {
  await using room = await ChatFixture.open({
    maxRooms: 1,
    messageRatePerSecond: 1000,
    messageBurst: 1000,
  });
  const alice = await room.rich("alice");
  const bob = await room.rich("bob");
  for (const [request, code] of REFUSED) {
    await alice.send(request);
    assertEquals((await alice.next("error"))["code"], code, JSON.stringify(request).slice(0, 80));
  }
  await alice.send({ type: "say", text: "done" });
  assertEquals((await bob.json())["text"], "done");
});

Deno.test("a rich client hears nothing before it has said hello, and may try again", async () => {
  await using room = await ChatFixture.open();
  await room.rich("alice");
  const late = await room.client();
  await late.send({ type: "who" });
  assertEquals((await late.json())["code"], "bad-request");
  await late.send({ type: "hello", version: 1, name: "alice", ref: 1 });
  const refused = await late.json();
  assertEquals([refused["code"], refused["ref"]], ["name-taken", 1]);
  assertEquals((await late.hello({ name: "bob" }))["members"], 2);
  assertEquals((await late.hello({ name: "bob" }))["members"], 2, "hello again is welcomed again");
});

Deno.test("a say that comes first is its own hello", async () => {
  await using room = await ChatFixture.open({}, ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]);
  const listener = await room.plain("listener", room.dock.urls[1]!);
  const client = await room.client();
  await client.send({ type: "say", name: "ada", room: "lobby", text: "one" });
  assertEquals((await client.json())["type"], "welcome");
  assertEquals((await client.json())["text"], "one");
  assertEquals((await client.json())["type"], "ack");
  await client.send({ type: "say", name: "ada", text: "two" });
  await listener.until(/ada: one$/);
  assertSaid(await listener.line(), "ada: two");
  await client.send({ type: "say", name: "eve", text: "three" });
  await listener.until(/ada is eve now/);
  assertSaid(await listener.line(), "eve: three");
});

Deno.test("a client that comes back gets what it missed, in order and nothing twice", async () => {
  await using room = await ChatFixture.open({
    historyPage: 3,
    messageRatePerSecond: 10_000,
    messageBurst: 10_000,
  });
  const alice = await room.rich("alice");
  for (let number = 1; number <= 10; number++) {
    await alice.send({ type: "say", text: `${number}`, id: `m-${number}` });
  }
  const { seq: after } = JSON.parse(await alice.until(/"ack","id":"m-2"/)) as Json;
  await alice.until(/"ack","id":"m-10"/);
  const bob = await room.client();
  await bob.send({ type: "hello", version: 1, after });
  // These are said while bob reads.
  for (let number = 11; number <= 40; number++) {
    await alice.send({ type: "say", text: `${number}` });
  }
  assertEquals((await bob.json())["type"], "welcome");
  const seen: unknown[] = [];
  while (seen.at(-1) !== "40") seen.push((await bob.next("message"))["text"]);
  assertEquals(seen, Array.from({ length: 38 }, (_, at) => `${at + 3}`));

  const carol = await room.client();
  await carol.send({ type: "hello", version: 1, last: 100 });
  assertEquals((await carol.json())["type"], "welcome");
  const last = [await carol.json(), await carol.json(), await carol.json()];
  assertEquals(last.map(({ text }) => text), ["38", "39", "40"], "at most limits.history");
});

Deno.test("bare datagrams get few old messages at once", async () => {
  await using room = await ChatFixture.open({
    messageRatePerSecond: 10_000,
    messageBurst: 10_000,
  }, ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]);
  const alice = await room.rich("alice", room.dock.urls[1]!);
  for (let number = 1; number <= 50; number++) {
    await alice.send({ type: "say", text: `${number}`, id: `m-${number}` });
  }
  await alice.until(/"ack","id":"m-50"/);
  const bob = await room.client();
  const { limits } = await bob.hello({ after: 0 });
  assertEquals((limits as Json)["history"], 20);
  const seen: unknown[] = [];
  while (seen.length < 20) seen.push((await bob.next("message"))["text"]);
  assertEquals(seen.at(-1), "20");
  await bob.send({ type: "ping" });
  assertEquals((await bob.json())["type"], "pong");
});

Deno.test("ids that the server gives differ", async () => {
  await using room = await ChatFixture.open();
  const alice = await room.rich("alice");
  await alice.send({ type: "say", text: "x" }, { type: "say", text: "x" });
  const [one, two] = [await alice.next("ack"), await alice.next("ack")];
  assertNotEquals(one["id"], two["id"]);
  assert(String(one["id"]).length >= 16, "nobody can guess the next");
});
