/** Three brokers that keep the shared history three times, one of which dies. */

import { assertEquals } from "@std/assert";
import { freePort } from "../../../free_port.ts";
import { peerTest } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { NatsBroker } from "./nats_broker.ts";
import { TestNode } from "./test_node.ts";

peerTest(
  "nodes go to another broker when theirs dies, and lose nothing",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using brokers = new AsyncDisposableStack();
    const routes = Array.from({ length: 3 }, () => `nats://127.0.0.1:${freePort()}`);
    const started = await Promise.all(routes.map(async (route, index) =>
      brokers.use(
        await NatsBroker.start(`${folder.path}/${index}`, [
          ...["--name", `broker${index}`, "--cluster_name", "test", "--cluster", route],
          ...["--routes", routes.join()],
        ]),
      )
    ));
    const cluster = started.map(({ url }) => url);
    const options = { cluster, clusterReplicas: 3 };
    // Each begins with another broker.
    const open = (random: number) =>
      TestNode.open(cluster[0]!, { options, context: { random: () => random } });
    await using one = await open(0);
    await using two = await open(0.5);
    for (const node of [one, two]) await node.noticed(/is shared/);
    const said = (count: number, part: string) =>
      Promise.all(Array.from({ length: count }, (_, index) => one.say(`${part} ${index}`)));
    await said(50, "before");
    const from = one.notices.length;
    const theirs = started.find(({ url }) => one.notices.at(-1)!.includes(url));
    await theirs!.kill();
    await said(50, "after");
    await one.noticed(/is shared/, from);
    for (const node of [one, two]) await node.until(() => node.shown.length === 100);
    assertEquals(await two.log.last("lobby", 200), await one.log.last("lobby", 200));
    assertEquals(one.notices.filter((text) => /history/.test(text)), []);
    assertEquals((await one.say("end")).scope, "stored");
  },
);
