/** The permissions that docs/chat.md says a node needs from the broker are enough. */

import { assertEquals } from "@std/assert";
import { peerTest } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { NatsBroker } from "./nats_broker.ts";
import { eventually } from "../../../eventually.ts";
import { TestNode } from "./test_node.ts";

peerTest(
  "a node needs no more of the broker than the documentation says",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    const documentation = await Deno.readTextFile(
      new URL("../../../../docs/chat.md", import.meta.url),
    );
    const block = /```text\n(publish: [^]*?)```/.exec(documentation)![1]!.replaceAll("NAME", "tea");
    const config = `${folder.path}/nats.conf`;
    await Deno.writeTextFile(
      config,
      `no_auth_user: node
authorization { users: [ { user: node, password: "-", permissions: { ${block} } } ] }
`,
    );
    await using broker = await NatsBroker.start(folder.path, ["-c", config]);
    const options = { clusterName: "tea" };
    const context = { ackTimeoutMs: 20_000 };
    await using one = await TestNode.open(broker.url, { options, context });
    await using two = await TestNode.open(broker.url, { options, context });
    assertEquals((await one.say("hello")).scope, "stored", one.notices.join());
    await two.until(() => two.shown.length === 1);
    await two.peers.claim("lobby", "bob", "plain");
    await eventually(() => one.peers.members("lobby").length === 1);
    assertEquals(await one.peers.claim("lobby", "bob", "plain"), false);
    two.present.add("bob");
    const alice = { room: "lobby", name: "alice", standing: "plain" } as const;
    assertEquals(await one.peers.whisper(alice, "bob", "psst"), true);
    // Enough for the broker to ask whether we keep up.
    const long = "x".repeat(50_000);
    await Promise.all(Array.from({ length: 300 }, (_, index) => one.say(`${long}${index}`)));
    await two.until(() => two.shown.length === 301);
    assertEquals(one.notices.length, 1, one.notices.join());
    await using other = await TestNode.open(broker.url, { options: { clusterName: "other" } });
    assertEquals((await other.say("hello")).scope, "local");
  },
);

peerTest("a permission that is missing is said", ["nats-server"], async () => {
  await using folder = await temporaryFolder();
  const config = `${folder.path}/nats.conf`;
  await Deno.writeTextFile(
    config,
    `no_auth_user: node
authorization {
  users: [ { user: node, password: "-", permissions: { subscribe: "_INBOX.>", publish: ">" } } ]
}
`,
  );
  await using broker = await NatsBroker.start(folder.path, ["-c", config]);
  await using node = await TestNode.open(broker.url);
  await node.noticed(/Permissions Violation.*sockdock\.chat\.node/i);
});
