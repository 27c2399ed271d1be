/** What happens to messages while the broker is away, and after it is back. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { encodeRecord } from "../../../../protocols/chat/cluster/record.ts";
import { subjectsOf } from "../../../../protocols/chat/cluster/subjects.ts";
import { peerTest } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { NatsBroker } from "./nats_broker.ts";
import { PlainStore } from "./plain_store.ts";
import { TestNode } from "./test_node.ts";

const AWAY = /cannot be reached/;
const SHARED = /is shared over/;

/** A broker that is there answers in time, however slow the machine is. */
const context = { ackTimeoutMs: 60_000, random: () => 0 };

function sorted(texts: readonly string[]): string[] {
  return texts.toSorted();
}

function assertOnce(node: TestNode, expected: readonly string[]): void {
  assertEquals(sorted(node.texts()), sorted(expected));
}

peerTest(
  "a node that loses the broker serves its own members, says so once, and shares it all on return",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    await using one = await TestNode.open(broker.url, { context });
    await using two = await TestNode.open(broker.url, { context });
    await one.say("before");
    await two.until(() => two.shown.length === 1);
    await broker.kill();
    await one.noticed(AWAY);
    await two.noticed(AWAY);
    const local = [await one.say("one a"), await one.say("one b"), await two.say("two a")];
    assertEquals(local.map(({ scope, seq }) => [scope, seq]), [
      ["local", undefined],
      ["local", undefined],
      ["local", undefined],
    ]);
    assertEquals(one.texts(), ["before", "one a", "one b"]);
    assertEquals((await one.store.owed(10)).map(({ text }) => text), ["one a", "one b"]);
    await broker.restart();
    for (const node of [one, two]) await node.until(() => node.shown.length === 4);
    await one.noticed(SHARED, 2);
    await two.noticed(SHARED, 2);
    assertEquals((await one.say("after")).scope, "stored");
    await two.until(() => two.shown.length === 5);
    for (const node of [one, two]) {
      assertOnce(node, ["after", "before", "one a", "one b", "two a"]);
      assertEquals(node.notices.filter((text) => AWAY.test(text)).length, 1, `${node.notices}`);
      assertEquals(node.notices.filter((text) => SHARED.test(text)).length, 2, `${node.notices}`);
    }
    const history = await one.log.last("lobby", 10);
    assertEquals(await two.log.last("lobby", 10), history);
    const texts = history.map(({ text }) => text);
    assert(texts.indexOf("one a") < texts.indexOf("one b"));
    assertEquals(await one.store.owed(10), []);
  },
);

peerTest("a node starts without a broker, and shares when it comes", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await broker.kill();
  await using node = await TestNode.open(broker.url, { context });
  assertEquals((await node.say("alone", "lobby", "alone")).scope, "local");
  const again = await node.say("alone", "lobby", "alone");
  assertEquals([again.scope, again.duplicate], ["local", true]);
  await broker.restart();
  await node.noticed(/1 messages that had waited are shared now/);
  const shared = await node.say("alone", "lobby", "alone");
  assertEquals([shared.scope, shared.duplicate], ["stored", true]);
  assertEquals(node.texts(), ["alone"]);
  await using other = await TestNode.open(broker.url, { context });
  assertEquals(other.texts(), ["alone"]);
});

peerTest(
  "a node that was away while messages were discarded says which are missing",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    const few = { ...context, retention: { messages: 3, ageMs: Infinity } };
    await using store = new PlainStore();
    await using one = await TestNode.open(broker.url, { context: few });
    let last = 0;
    {
      await using two = await TestNode.open(broker.url, { context: few, store });
      for (const text of ["1", "2", "3"]) last = (await one.say(text)).seq!;
      await two.until(() => two.shown.length === 3);
    }
    for (let number = 4; number <= 13; number++) await one.say(`${number}`);
    const from = new Date(one.shown[2]!.timeMs - 1000).toISOString().slice(0, 4);
    {
      await using two = await TestNode.open(broker.url, { context: few, store });
      await two.noticed(
        new RegExp(`^up to 7 messages are missing here: said elsewhere between ${from}`),
      );
      assertEquals(two.log.lostAfter!(last).map(({ count }) => count), [7]);
      const [first] = await two.log.after("lobby", last, 1);
      assertEquals(two.log.lostAfter!(last)[0]!.before, first!.seq);
      assertEquals(two.log.lostAfter!(first!.seq!), []);
    }
    // It is said once, and known for as long as clients may come back that were away too.
    await using two = await TestNode.open(broker.url, { context: few, store });
    assertEquals(two.notices.filter((text) => /missing/.test(text)), []);
    assertEquals(two.log.lostAfter!(last).length, 1);
    // A new node is not told of what was before its time.
    await using three = await TestNode.open(broker.url, { context: few });
    assertEquals(three.notices.filter((text) => /missing/.test(text)), []);
    assertEquals(three.log.lostAfter!(0), []);
  },
);

peerTest(
  "what is under way when the broker stands still becomes local, and is shown once when it goes on",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    // Far shorter than the broker stands still: only the rule of reading is left.
    const short = { ...context, ackTimeoutMs: 500, duplicateWindowMs: 100 };
    await using one = await TestNode.open(broker.url, { context: short });
    await using two = await TestNode.open(broker.url, { context: short });
    await broker.freeze();
    const receipts = await Promise.all(["a", "b", "c"].map((text) => one.say(text)));
    assertEquals(receipts.map(({ scope }) => scope), ["local", "local", "local"]);
    assertEquals(one.texts(), ["a", "b", "c"]);
    assertEquals((await two.say("d")).scope, "local");
    broker.thaw();
    for (const node of [one, two]) await node.until(() => node.shown.length === 4);
    await one.noticed(SHARED, 2);
    await two.noticed(SHARED, 2);
    await one.say("e");
    for (const node of [one, two]) {
      await node.until(() => node.texts().includes("e"));
      assertOnce(node, ["a", "b", "c", "d", "e"]);
    }
    assertEquals(await two.log.last("lobby", 9), await one.log.last("lobby", 9));
  },
);

peerTest(
  "an id that stands in the stream twice, however far apart, is shown once on every node",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    await using one = await TestNode.open(broker.url, { context });
    await using two = await TestNode.open(broker.url, { context });
    const first = await one.say("same", "lobby", "same");
    await one.say("between");
    // As it comes out of the buffers of a connection long after the broker's window: without the
    // header that the window looks at.
    const stranger = await connect({ servers: broker.url.slice(7) });
    const late = encodeRecord({ ...one.shown[0]!, text: "same" }, 0);
    await stranger.request(subjectsOf("chat").room("lobby"), late);
    await stranger.close();
    const again = await two.say("same", "lobby", "same");
    assertEquals([again.seq, again.duplicate], [first.seq, true]);
    const last = await one.say("last");
    assertEquals(last.seq! - first.seq!, 3);
    for (const node of [one, two]) {
      await node.until(() => node.texts().includes("last"));
      assertEquals(node.texts(), ["same", "between", "last"]);
    }
    await using three = await TestNode.open(broker.url, { context });
    assertEquals(three.shown, one.shown);
  },
);

peerTest(
  "a broker that lost everything is noticed, nothing is lost here, and places go on growing",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    await using one = await TestNode.open(broker.url, { context });
    await using two = await TestNode.open(broker.url, { context });
    for (const text of ["a", "b", "c"]) await one.say(text);
    await two.until(() => two.shown.length === 3);
    await broker.kill();
    await one.noticed(AWAY);
    await one.say("owed");
    await broker.restartEmpty();
    for (const node of [one, two]) await node.noticed(/has a new history/);
    for (const node of [one, two]) await node.noticed(SHARED, 3);
    await two.until(() => two.shown.length === 4);
    const { scope, seq } = await two.say("d");
    assertEquals(scope, "stored");
    assertGreater(seq!, one.shown[2]!.seq!);
    await one.until(() => one.texts().includes("d"));
    for (const node of [one, two]) {
      assertOnce(node, ["a", "b", "c", "d", "owed"]);
      const after = await node.log.after("lobby", node.shown[2]!.seq!, 10);
      assertEquals(after.map(({ text }) => text), ["owed", "d"]);
    }
  },
);

peerTest(
  "a broker that lost the end of its history is noticed, and places go on growing",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    await using one = await TestNode.open(broker.url, { context });
    await one.say("kept");
    await broker.kill();
    await one.noticed(AWAY);
    await copy(broker.store, `${folder.path}/backup`);
    await broker.restart();
    await one.noticed(SHARED, 2);
    for (const text of ["lost a", "lost b", "lost c"]) await one.say(text);
    await broker.kill();
    await one.noticed(AWAY, 3);
    await Deno.remove(broker.store, { recursive: true });
    await copy(`${folder.path}/backup`, broker.store);
    await broker.restart();
    await one.noticed(/has lost a part/);
    await one.noticed(SHARED, 4);
    await using two = await TestNode.open(broker.url, { context });
    const top = one.shown.at(-1)!.seq!;
    const next = await two.say("next");
    assertGreater(next.seq!, top);
    await one.until(() => one.texts().includes("next"));
    assertEquals(one.shown.at(-1)!.seq, next.seq);
    assertOnce(one, ["kept", "lost a", "lost b", "lost c", "next"]);
    assertOnce(two, ["kept", "next"]);
  },
);

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

peerTest("a node ends soon even when the broker stands still", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  const node = await TestNode.open(broker.url, { context });
  await broker.freeze();
  const underWay = node.say("last words");
  const begin = performance.now();
  await node[Symbol.asyncDispose]();
  assert(performance.now() - begin < 30_000);
  assertEquals((await underWay).scope, "local");
  // One that cannot even connect.
  const opening = TestNode.open(broker.url, { context: { openTimeoutMs: 50 } });
  const other = await opening;
  const again = performance.now();
  await other[Symbol.asyncDispose]();
  assert(performance.now() - again < 30_000);
  broker.thaw();
});

peerTest(
  "a store that cannot store has its message refused, and goes on",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    await broker.kill();
    const { PlainStore } = await import("./plain_store.ts");
    await using store = new PlainStore();
    await using node = await TestNode.open(broker.url, { context, store });
    store.failure = new Error("the disk is full");
    const refused = await node.say("a").then(() => "", (error: Error) => error.message);
    assertEquals(refused, "the disk is full");
    assertEquals(node.shown, []);
    await broker.restart();
    await node.noticed(SHARED);
    // Read from the stream, and not stored: it comes again.
    store.failure = new Error("the disk is full");
    await node.say("b").catch(() => {});
    await node.until(() => node.texts().includes("b"));
    await node.noticed(SHARED, 3);
    assertOnce(node, ["b"]);
  },
);
