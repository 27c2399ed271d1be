/** What floods, sleeps or fills up, and what others notice of it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { MemoryChat } from "./memory_chat.ts";
import { ChatFixture } from "./chat_fixture.ts";

Deno.test("a client that is too fast is told so, and what was too much is not said", async () => {
  await using room = await MemoryChat.open({ messageRatePerSecond: 1, messageBurst: 5 });
  const bob = await room.join("/name bob");
  const flood = await room.join("/name flood");
  await flood.send(...Array.from({ length: 100 }, (_, at) => `line ${at}`));
  assertMatch(await flood.line() ?? "", /^\* you are too fast: 1 messages a second/);
  await flood.send("/quit");
  flood.connection[Symbol.dispose]();
  const heard: string[] = [];
  await bob.until(/flood came/);
  for (let line = await bob.line(); !/left/.test(line!); line = await bob.line()) {
    heard.push(line!.replace(/^.*: /, ""));
  }
  assertEquals(
    heard,
    ["line 0", "line 1", "line 2", "line 3"],
    "the burst, less what joining cost",
  );
  assert(room.service.counters!.tooFast! >= 96);
});

Deno.test("a rich client that is too fast hears which request was refused", async () => {
  await using room = await MemoryChat.open({ messageRatePerSecond: 1, messageBurst: 2 });
  const rich = await room.join({ type: "hello", version: 1 });
  await rich.send({ type: "ping" }, { type: "ping", ref: "late" });
  await rich.until(/pong/);
  assertMatch(await rich.line() ?? "", /"code":"too-fast".*"ref":"late"/);
});

Deno.test("a slow reader delays nobody, is told what it missed, and reads on", async () => {
  await using room = await MemoryChat.open({
    messageRatePerSecond: 1_000_000,
    messageBurst: 1_000_000,
    queueMessages: 20,
    presenceMembers: 0,
  });
  const slow = await room.join("/name slow", { capacityBytes: 200 });
  const slowRich = await room.join({ type: "hello", version: 1 }, { capacityBytes: 200 });
  const quick = await room.join("/name quick");
  const loud = await room.join("/name loud");
  const text = "x".repeat(100);
  // One after the other, so that they leave in batches of their own.
  for (let at = 0; at < 200; at++) {
    await loud.send(`${text} ${at}`);
    await quick.until(new RegExp(` ${at}$`));
  }
  await quick.connection.write(new TextEncoder().encode("/who\n"));
  await quick.until(/^\* in lobby/);

  const heard: string[] = [];
  for (let line = await slow.line(); !/^\*/.test(line!); line = await slow.line()) {
    heard.push(line!);
    if (heard.length === 200) throw new Error("nothing was missed");
  }
  assert(heard.length >= 20 && heard.length < 60, `${heard.length} lines were queued`);
  const missed = 200 - heard.length;
  const rich: string[] = [];
  for (let line = await slowRich.line(); !/"missed"/.test(line!); line = await slowRich.line()) {
    rich.push(line!);
  }
  await loud.send("are you back?");
  assertMatch(await slow.until(/back/), /loud: are you back\?$/);
  await slowRich.until(/are you back/);
  assertEquals(room.service.counters!.missed, missed + 200 - rich.length);
});

Deno.test("a reader that stays away is dropped in time", async () => {
  await using room = await MemoryChat.open({
    messageRatePerSecond: 1_000_000,
    messageBurst: 1_000_000,
    queueSizeBytes: 1024,
    slowTimeoutMs: 40,
  });
  const dead = await room.join("/name dead", { capacityBytes: 100 });
  const loud = await room.join("/name loud");
  for (let at = 0; at < 50; at++) await loud.send("x".repeat(100));
  await loud.until(/^\* dead left \(too slow\)$/);
  await dead.served;
  assertEquals(dead.session.reason, "too slow");
  assertEquals(room.service.counters!.tooSlow, 1);
});

Deno.test("rooms and members are limited, and empty rooms vanish", async () => {
  await using room = await MemoryChat.open({ maxRooms: 2, maxRoomMembers: 2, maxMembers: 3 });
  const alice = await room.join("/name alice");
  await room.join("/name bob");
  const third = room.connect();
  await third.send("hello");
  assertEquals(await third.line(), "* lobby is full");
  assertEquals(await third.line(), undefined, "a plain client has nothing more to do here");
  const carol = await room.join("/join harbour");
  await carol.send("/join pier");
  assertEquals(await carol.line(), "* there are 2 rooms already");
  await carol.send("/join lobby");
  assertEquals(await carol.line(), "* lobby is full");
  const fifth = room.connect();
  await fifth.send("/join harbour");
  assertEquals(await fifth.line(), "* lobby is full");
  await alice.send("/quit");
  await alice.served;
  await carol.send("/join lobby", "/rooms");
  await carol.until(/^\* rooms: lobby \(2\)$/);
  await carol.send("/join pier", "/rooms");
  await carol.until(/^\* rooms: lobby \(1\), pier \(1\)$/);
  assertEquals(room.service.counters!.membersRefused, 4);
});

Deno.test("who has left on UDP is forgotten at once, and may come back from the same place", async () => {
  await using room = await ChatFixture.open({}, ["udp://127.0.0.1:0"]);
  const client = await room.client();
  for (const name of ["bob", "carol"]) {
    await client.enter(`/name ${name}`);
    await client.send("/quit");
    const { reason } = await room.log.next("closed");
    assertEquals(reason, "left");
  }
});

Deno.test("what is silent on UDP for long leaves, and its name is free", async () => {
  await using room = await ChatFixture.open(
    { peerTimeoutMs: 3000 },
    ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"],
  );
  const watcher = await room.plain("watcher", room.dock.urls[1]!);
  await room.plain("bob");
  await watcher.until(/^\* bob came$/);
  await watcher.until(/^\* bob left$/);
  await watcher.send("/name bob");
  await watcher.until(/^\* you are bob now$/);
});

Deno.test("the stats of the server hold what the chat counts", async () => {
  await using room = await ChatFixture.open({ messageRatePerSecond: 1, messageBurst: 1 });
  const client = await room.plain("alice");
  await client.send("one", "two", "three");
  await client.until(/too fast/);
  assert(room.dock.stats().tooFast >= 1);
});

Deno.test("chat beyond loopback wants to know whom to answer", async () => {
  let said = "";
  try {
    await using _room = await ChatFixture.open({}, ["udp://0.0.0.0:0"]);
  } catch (error) {
    said = String(error);
  }
  assertMatch(said, /--allow/);
});

Deno.test("a program on UDP that starts again gets its name back from its silent self", async () => {
  await using room = await ChatFixture.open({}, ["udp://127.0.0.1:0"]);
  await room.rich("ada");
  const again = await room.client();
  await again.send({ type: "hello", version: 1, name: "ada" });
  assertMatch(await again.line() ?? "", /"code":"name-taken"/);
  const real = performance.now;
  performance.now = () => real.call(performance) + 20_000;
  try {
    assertMatch(JSON.stringify(await again.hello({ name: "ada" })), /"name":"ada"/);
  } finally {
    performance.now = real;
  }
});

Deno.test("a small datagram brings few bytes of history", async () => {
  await using room = await ChatFixture.open({}, ["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]);
  const alice = await room.plain("alice", room.dock.urls[1]!);
  for (let at = 0; at < 10; at++) await alice.send("x".repeat(4000));
  await alice.send("/who");
  await alice.until(/in lobby/);
  const rich = await room.client();
  const before = room.dock.servers[0]!.stats().bytesSent;
  await rich.hello({ after: 0 });
  assertEquals((await rich.next("missed"))["count"], 9);
  assert(room.dock.servers[0]!.stats().bytesSent - before < 10_000);
});

Deno.test("what is said one by one leaves at once", async () => {
  await using room = await MemoryChat.open();
  const [ada, bob] = [await room.join("/name ada"), await room.join("/name bob")];
  let fastestMs = Infinity;
  for (let turn = 0; turn < 100 && fastestMs >= 3; turn++) {
    const beganMs = performance.now();
    await ada.send(`${turn}`);
    await bob.until(new RegExp(`ada: ${turn}$`));
    fastestMs = Math.min(fastestMs, performance.now() - beganMs);
  }
  // Where much is going on it would be five.
  assert(fastestMs < 3, `${fastestMs} ms`);
});

Deno.test("one host brings in so many a second, and shuts out nobody else", async () => {
  await using room = await MemoryChat.open({ joinRatePerSecond: 1 });
  const tcp = (hostname: string) => ({ address: { transport: "tcp", hostname, port: 1 } as const });
  const udp = (hostname: string) => ({ address: { transport: "udp", hostname, port: 1 } as const });
  const tooMany = /^\* too many come in from there; try again in a moment$/;
  for (let at = 0; at < 11; at++) {
    for (const from of [tcp("192.0.2.7"), tcp(`2001:db8::${at.toString(16)}`)]) {
      const member = room.connect(from);
      await member.send("ahoy");
      const line = await member.line() ?? "";
      assertMatch(line, at < 10 ? /^\* you are / : tooMany);
      if (at === 10) assertEquals(await member.line(), undefined);
      else await member.send("/quit");
    }
  }
  // The source of a datagram can be forged.
  await room.join("ahoy", udp("192.0.2.7"));
  await room.join("ahoy", tcp("192.0.2.8"));
  await room.join("ahoy", tcp("2001:db8:0:1::1"));
  for (let at = 0; at < 30; at++) await room.join("ahoy", tcp("127.0.0.1"));
  assertEquals(room.service.counters?.membersRefused, 2);
});

for (const [transport, isTold] of [["tcp", false], ["udp", true]] as const) {
  Deno.test(`thousands of messages wait for a slow client on ${transport}: ${!isTold}`, async () => {
    await using room = await MemoryChat.open({ messageRatePerSecond: 1e6, messageBurst: 1e6 });
    const ada = await room.join("/name ada");
    const address = { transport, hostname: "192.0.2.7", port: 1 } as const;
    const slow = await room.join("/name slow", { capacityBytes: 1024, address });
    // The first wave may be under way as a whole; what follows has to wait.
    for (let wave = 0; wave < 3; wave++) {
      await ada.send(...Array.from({ length: 1500 }, (_, at) => `${wave}.${at}`), "/who");
      await ada.until(/in lobby/);
    }
    const last = await slow.until(/messages missed|ada: 2\.1499$/);
    assertEquals(/missed/.test(last), isTold, last);
  });
}
