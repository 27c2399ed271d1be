/** A program that writes to the broker what it likes does a node no harm. */

import { assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { subjectsOf } from "../../../../protocols/chat/cluster/subjects.ts";
import { peerTest } from "../../../peer.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { NatsBroker } from "./nats_broker.ts";
import { eventually } from "../../../eventually.ts";
import { newMessage, TestNode } from "./test_node.ts";

peerTest("hostile messages on all subjects harm nobody", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  await using broker = await NatsBroker.start(folder.path);
  await using one = await TestNode.open(broker.url);
  await using two = await TestNode.open(broker.url);
  await two.peers.claim("lobby", "bob", "plain");
  await eventually(() => one.peers.members("lobby").length === 1);
  const random = seeded(newSeed());
  const subjects = subjectsOf("chat");
  const { v: _, ...good } = { v: 1, ...newMessage("good", "lobby", "hello") };
  const node = "0123456789abcdef";
  const entry = { room: "lobby", name: "eve", standing: "plain", sinceMs: 1 };
  const bodies: unknown[] = [
    "",
    null,
    [],
    {},
    { v: 1 },
    { ...good, v: 2 },
    { ...good, v: 1, text: "a\nb" },
    { ...good, v: 1, text: 7 },
    { ...good, v: 1, id: "../../x" },
    { ...good, v: 1, name: "" },
    { ...good, v: 1, name: "\u001b[2J" },
    { ...good, v: 1, standing: "root" },
    { ...good, v: 1, timeMs: 1e300 },
    { ...good, v: 1, shift: -1 },
    { ...good, v: 1, shift: 2 ** 60 },
    { ...good, v: 1, text: "x".repeat(300_000) },
    { above: "high" },
    { above: -1 },
    { above: 2 ** 60 },
    { node, revision: 1e99 },
    { node: "../..", revision: 1 },
    { node, revision: 1, hello: true },
    { node, revision: 2, came: [entry], went: "all" },
    { node, revision: 2, came: Array(10_000).fill(entry), went: [] },
    { node, revision: 2, came: [{ ...entry, name: "a\u0000" }], went: [] },
    { node, ref: 1, room: "lobby", name: "bob", sinceMs: "now" },
    { node, room: "lobby", name: "bob\r\n", ban: true, reason: "" },
    { from: entry, to: "bob", text: "a\u001b" },
    { from: -1 },
  ];
  const stranger = await connect({ servers: broker.url.slice(7) });
  const targets = [
    subjects.room("lobby"),
    "sockdock.chat.room.=zz",
    "sockdock.chat.room.=C3",
    subjects.mark,
    subjects.beat,
    subjects.change,
    subjects.claim,
    subjects.expel,
  ];
  for (const subject of targets) {
    for (const body of bodies) stranger.publish(subject, JSON.stringify(body));
    for (let round = 0; round < 50; round++) {
      const bytes = Uint8Array.from({ length: random() * 300 }, () => random() * 256);
      stranger.publish(subject, bytes, random() < 0.5 ? {} : { reply: subjects.beat });
    }
  }
  // More nodes than a node will know.
  for (let count = 0; count < 1_000; count++) {
    const node = count.toString(16).padStart(16, "f");
    stranger.publish(subjects.beat, JSON.stringify({ node, revision: 1 }));
  }
  await stranger.flush();
  await stranger.close();
  assertEquals((await one.say("still here")).scope, "stored");
  await two.until(() => two.texts().includes("still here"));
  assertEquals([one.texts(), two.texts()], [["still here"], ["still here"]]);
  assertEquals([one.expelled, two.expelled, one.lost, two.lost], [[], [], [], []]);
  assertGreater(two.stats.unreadable, 100);
  assertGreater(two.stats.misunderstood, 100);
  assertLessOrEqual(two.stats.nodes, 64);
  assertEquals(one.notices.length, 1, one.notices.join());
  assertEquals(await one.peers.claim("lobby", "alice", "plain"), true);
});
