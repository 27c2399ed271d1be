/** Presence, names, whispers and expulsions across nodes. */

import { assertEquals } from "@std/assert";
import { peerTest } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { NatsBroker } from "./nats_broker.ts";
import { eventually } from "../../../eventually.ts";
import { TestNode } from "./test_node.ts";

const context = { ackTimeoutMs: 60_000, random: () => 0 };

function names(node: TestNode, room: string): string[] {
  return node.peers.members(room).map(({ name }) => name).sort();
}

peerTest("nodes see each other's members come and go", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  assertEquals(await one.peers.claim("lobby", "early", "plain"), true);
  await using two = await TestNode.open(broker.url, { context });
  await eventually(() => names(two, "lobby").length === 1);
  assertEquals(await one.peers.claim("lobby", "alice", "verified"), true);
  assertEquals(await one.peers.claim("garden", "alice", "plain"), true);
  await eventually(() => two.peers.rooms().size === 2);
  assertEquals(two.peers.members("lobby").find(({ name }) => name === "alice"), {
    room: "lobby",
    name: "alice",
    standing: "verified",
  });
  assertEquals(two.peers.rooms(), new Map([["lobby", 2], ["garden", 1]]));
  assertEquals(one.peers.rooms(), new Map());
  one.peers.release("lobby", "early");
  await eventually(() => names(two, "lobby").join() === "alice");
  const ended = await TestNode.open(broker.url, { context });
  assertEquals(await ended.peers.claim("lobby", "carol", "plain"), true);
  await eventually(() => names(two, "lobby").join() === "alice,carol");
  await ended[Symbol.asyncDispose]();
  await eventually(() => names(two, "lobby").join() === "alice");
});

peerTest("a list of members longer than a message arrives whole", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  const all = Array.from({ length: 1_234 }, (_, index) => `member ${index}`);
  for (const name of all) await one.peers.claim("lobby", name, "plain");
  await using two = await TestNode.open(broker.url, { context });
  await eventually(() => names(two, "lobby").length === all.length);
  assertEquals(names(two, "lobby"), all.toSorted());
  for (const name of all) one.peers.release("lobby", name);
  await eventually(() => names(two, "lobby").length === 0);
});

peerTest("a name belongs to one member of a room on all nodes", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  await using two = await TestNode.open(broker.url, { context });
  await using three = await TestNode.open(broker.url, { context });
  const nodes = [one, two, three];
  await Promise.all(
    nodes.map((node, index) => node.peers.claim("hall", `first ${index}`, "plain")),
  );
  for (const node of nodes) await eventually(() => names(node, "hall").length === 2);
  for (let round = 0; round < 20; round++) {
    const results = await Promise.all(
      nodes.map((node) => node.peers.claim("lobby", `name ${round}`, "plain")),
    );
    assertEquals(results.filter((won) => won).length, 1, `round ${round}: ${results}`);
  }
  assertEquals(await two.peers.claim("hall", "FIRST 0", "plain"), false);
  one.peers.release("hall", "first 0");
  await eventually(() => names(two, "hall").join() === "first 2");
  assertEquals(await two.peers.claim("hall", "First 0", "plain"), true);
  assertEquals(nodes.flatMap(({ lost }) => lost), []);
});

peerTest("of two that took a name apart the later one loses it", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  await using two = await TestNode.open(broker.url, { context });
  await broker.kill();
  for (const node of [one, two]) await node.noticed(/cannot be reached/);
  assertEquals(await two.peers.claim("lobby", "Alice", "plain"), true);
  const taken = Date.now();
  await eventually(() => Date.now() > taken);
  assertEquals(await one.peers.claim("lobby", "alice", "plain"), true);
  assertEquals(await one.peers.claim("lobby", "bob", "plain"), true);
  await broker.restart();
  await one.until(() => one.lost.length > 0);
  assertEquals(one.lost, [["lobby", "alice"]]);
  await eventually(() => names(two, "lobby").join() === "bob");
  assertEquals(names(one, "lobby"), ["Alice"]);
  assertEquals(two.lost, []);
});

peerTest("whispers and expulsions reach members of other nodes", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  await using two = await TestNode.open(broker.url, { context });
  await two.peers.claim("lobby", "bob", "plain");
  await eventually(() => names(one, "lobby").length === 1);
  const alice = { room: "lobby", name: "alice", standing: "verified" } as const;
  assertEquals(await one.peers.whisper(alice, "bob", "psst"), false);
  two.present.add("bob");
  assertEquals(await one.peers.whisper(alice, "bob", "psst"), true);
  assertEquals(await one.peers.whisper(alice, "nobody", "psst"), false);
  assertEquals(two.whispers[1], ["lobby", "bob", alice, "psst"]);
  assertEquals(await one.peers.expel("lobby", "bob", true, "spam"), true);
  await two.until(() => two.expelled.length > 0);
  assertEquals(two.expelled, [["lobby", "bob", true, "spam"]]);
  assertEquals(one.expelled, []);
  await broker.kill();
  await one.noticed(/cannot be reached/);
  assertEquals(one.peers.members("lobby"), []);
  assertEquals(await one.peers.whisper(alice, "bob", "psst"), false);
  assertEquals(await one.peers.expel("lobby", "bob", true, "spam"), false);
});

peerTest("who has just come is found, and nobody else", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  await using two = await TestNode.open(broker.url, { context });
  await using three = await TestNode.open(broker.url, { context });
  await eventually(() => one.stats.nodes === 2);
  const alice = { room: "lobby", name: "alice", standing: "verified" } as const;
  // Nobody was told of a claim: the node that has the member knows it, and no other.
  three.present.add("bob");
  assertEquals(names(one, "lobby"), []);
  assertEquals(await one.peers.whisper(alice, "bob", "psst"), true);
  assertEquals(await one.peers.expel("lobby", "bob", false, "by alice"), true);
  assertEquals(await one.peers.expel("lobby", "eve", false, "by alice"), false);
  assertEquals(await one.peers.whisper(alice, "eve", "psst"), false);
  assertEquals(two.expelled.map(([, name]) => name), ["bob", "eve"]);
});

peerTest("a node that comes is told who is banned", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  one.bans.push(...Array.from({ length: 450 }, (_, number) => `name ${number}`));
  {
    await using two = await TestNode.open(broker.url, { context });
    two.bans.push("name said while away");
    assertEquals(await two.peers.claim("lobby", "bob", "plain"), true);
    await eventually(() => names(one, "lobby").length === 1);
    assertEquals(await one.peers.expel("lobby", "bob", true, "spam"), true);
    assertEquals(await one.peers.expel("lobby", "carol", true, "spam"), false);
  }
  await using back = await TestNode.open(broker.url, { context });
  await back.until(() => back.banned.length >= 450 && back.expelled.length > 0);
  assertEquals(new Set(back.banned), new Set(one.bans));
  assertEquals(back.expelled, [["lobby", "bob", true, "spam"]]);
});

peerTest("a name that is spelt anew is the same name, and goes with its member", [
  "nats-server",
], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  await using two = await TestNode.open(broker.url, { context });
  await one.peers.claim("lobby", "Alice", "plain");
  await eventually(() => names(two, "lobby").join() === "Alice");
  assertEquals(await one.peers.claim("lobby", "alice", "plain"), true);
  await eventually(() => names(two, "lobby").join() === "alice");
  one.peers.release("lobby", "ALICE");
  await eventually(() => names(two, "lobby").length === 0);
  assertEquals(await two.peers.claim("lobby", "Alice", "plain"), true);
});

peerTest("a verified member gets a name from a plain one", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  await using two = await TestNode.open(broker.url, { context });
  await one.peers.claim("lobby", "alice", "plain");
  await eventually(() => names(two, "lobby").length === 1);
  assertEquals(await two.peers.claim("lobby", "alice", "verified"), true);
  assertEquals(one.lost, [["lobby", "alice"]]);
  assertEquals(await one.peers.claim("lobby", "alice", "plain"), false);
  assertEquals(await one.peers.claim("lobby", "alice", "verified"), false);
  assertEquals(two.lost, []);
});

peerTest("a ban reaches all nodes", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url, { context });
  await using two = await TestNode.open(broker.url, { context });
  await one.peers.claim("lobby", "alice", "plain");
  await eventually(() => names(two, "lobby").length === 1);
  one.peers.ban(["name eve", "host 192.0.2.7"]);
  await two.until(() => two.banned.length === 2);
  assertEquals(two.banned, ["name eve", "host 192.0.2.7"]);
  assertEquals(one.banned, []);
});
