import { assertEquals, assertGreater } from "@std/assert";
import { peerTest } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { NatsBroker } from "./nats_broker.ts";
import { PlainStore } from "./plain_store.ts";
import { newMessage, TestNode } from "./test_node.ts";

peerTest(
  "what is said on one node is shown on every node, in one order",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    await using one = await TestNode.open(broker.url);
    await using two = await TestNode.open(broker.url);
    await using three = await TestNode.open(broker.url);
    const nodes = [one, two, three];
    const receipts = await Promise.all(
      Array.from(
        { length: 300 },
        (_, index) => nodes[index % 3]!.say(`${index}`, index % 2 ? "lobby" : "Küche *.>"),
      ),
    );
    assertEquals(receipts.every(({ scope, duplicate }) => scope === "stored" && !duplicate), true);
    for (const node of nodes) await node.until(() => node.shown.length === 300);
    assertEquals(two.shown, one.shown);
    assertEquals(three.shown, one.shown);
    const places = new Map(one.shown.map(({ id, seq }) => [id, seq]));
    for (const { id, seq } of receipts) assertEquals(seq, places.get(id));
    const seqs = one.shown.map(({ seq }) => seq!);
    seqs.reduce((before, seq) => (assertGreater(seq, before), seq));
    assertEquals(
      await two.log.last("lobby", 5),
      one.shown.filter(({ room }) => room === "lobby").slice(-5),
    );
  },
);

peerTest("places go on growing when a history was used without the cluster meanwhile", [
  "nats-server",
], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  const store = new PlainStore();
  await using other = await TestNode.open(broker.url);
  let highest = 0;
  {
    await using node = await TestNode.open(broker.url, { store });
    highest = (await node.say("together")).seq!;
  }
  for (const id of ["a", "b", "c"]) {
    const [result] = await store.append([{ message: newMessage(id, "lobby", "alone") }]);
    assertGreater(result!.seq!, highest);
    highest = result!.seq!;
  }
  await using node = await TestNode.open(broker.url, { store });
  const { seq, scope } = await node.say("together again");
  assertEquals(scope, "stored");
  assertGreater(seq!, highest);
  await other.until(() => other.shown.length === 2);
  assertEquals(other.shown.at(-1)?.seq, seq);
});

peerTest("a history that takes nothing is not blamed on the broker", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  const store = new PlainStore();
  await using node = await TestNode.open(broker.url, { store });
  await using other = await TestNode.open(broker.url);
  store.failure = new Error("the disk is full");
  await other.say("hello");
  await node.noticed(/^nothing is shared over nats:.* history .*the disk is full/);
  // It comes with the next attempt.
  await node.until(() => node.shown.length === 1);
});
