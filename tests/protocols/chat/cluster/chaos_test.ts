/** A thousand messages while the broker is killed at random moments. */

import { assert, assertEquals } from "@std/assert";
import type { Receipt } from "../../../../protocols/chat/log.ts";
import { peerTest } from "../../../peer.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { NatsBroker } from "./nats_broker.ts";
import { TestNode } from "./test_node.ts";

const MESSAGES = 1_000;

peerTest(
  "every message is shown once on every node, however often the broker is killed",
  ["nats-server"],
  async () => {
    const random = seeded(newSeed());
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    const context = { ackTimeoutMs: 300, duplicateWindowMs: 100, random: () => 0 };
    await using one = await TestNode.open(broker.url, { context });
    await using two = await TestNode.open(broker.url, { context });
    await using three = await TestNode.open(broker.url, { context });
    const nodes = [one, two, three];
    const receipts = new Map<string, Receipt>();
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const speak = async (node: TestNode, from: number) => {
      for (let index = from; index < MESSAGES; index += nodes.length) {
        const said = node.say(`${index}`, random() < 0.5 ? "lobby" : "garden", `id-${index}`)
          .then((receipt) => receipts.set(receipt.id, receipt));
        if (random() < 0.3) await said;
        if (random() < 0.2) await wait(random() * 30);
      }
    };
    let isSpeaking = true;
    const speaking = Promise.all(nodes.map(speak)).finally(() => isSpeaking = false);
    let kills = 0;
    while (isSpeaking) {
      await wait(random() * 250);
      if (random() < 0.3) {
        await broker.freeze();
        await wait(random() * 500);
        broker.thaw();
      } else {
        await broker.kill();
        kills++;
        await wait(random() * 100);
        await broker.restart();
      }
    }
    await speaking;
    const expected = Array.from({ length: MESSAGES }, (_, index) => `id-${index}`).sort();
    for (const node of nodes) {
      await node.until(() => node.shown.length >= MESSAGES);
      for (const _ of node.notices) await node.until(() => /is shared/.test(node.notices.at(-1)!));
    }
    // What stands last comes after anything that could still be on its way.
    await one.say("end", "lobby", "end");
    for (const node of nodes) await node.until(() => node.shown.at(-1)!.id === "end");
    for (const node of nodes) {
      const ids = node.shown.map(({ id }) => id).filter((id) => id !== "end").sort();
      assertEquals(ids, expected);
    }
    assertEquals([...receipts.keys()].sort(), expected);
    assertEquals([...receipts.values()].filter(({ duplicate }) => duplicate), []);
    for (const room of ["lobby", "garden"]) {
      const history = await one.log.last(room, MESSAGES + 1);
      assertEquals(await two.log.last(room, MESSAGES + 1), history);
      assertEquals(await three.log.last(room, MESSAGES + 1), history);
      for (const { id, seq } of history) {
        const receipt = receipts.get(id);
        if (receipt?.scope === "stored") assertEquals(receipt.seq, seq);
      }
    }
    const local = [...receipts.values()].filter(({ scope }) => scope === "local").length;
    console.log(`${kills} kills, ${local} of ${MESSAGES} messages were local`);
    assert(kills > 0);
  },
);
