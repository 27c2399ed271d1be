/** Brokers that are none. */

import { assertEquals, assertMatch } from "@std/assert";
import { peerTest, startPeer } from "../../../peer.ts";
import { TestNode } from "./test_node.ts";

const GREETING = `INFO {"version":"2.9.10","max_payload":1048576,"headers":true}\r\n`;

/** Reads until the other side closes. */
async function closed(connection: Deno.Conn): Promise<boolean> {
  const buffer = new Uint8Array(4096);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // A reset is an end too.
  }
  return true;
}

Deno.test("a broker that says nothing is left, tried again, and left at the end", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const opening = TestNode.open(`nats://127.0.0.1:${listener.addr.port}`, {
    context: { random: () => 0 },
  });
  using first = await listener.accept();
  assertEquals(await closed(first), true);
  await using node = await opening;
  assertMatch(node.notices.join(), /cannot be reached/);
  using second = await listener.accept();
  assertEquals((await node.say("alone")).scope, "local");
  await node[Symbol.asyncDispose]();
  assertEquals(await closed(second), true);
});

for (
  const [what, words] of [
    ["another protocol", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["no JSON", "INFO nothing\r\n"],
    ["bytes", "\x00\xff\xfe\r\n"],
    ["without a version", `INFO {"max_payload":1048576}\r\nPONG\r\n`],
    ["an error", `${GREETING}-ERR 'no'\r\nPONG\r\n`],
    ["nonsense", `${GREETING}PONG\r\nNONSENSE\r\n`],
    ["a small limit", `INFO {"version":"2.9.10","max_payload":10,"headers":true}\r\nPONG\r\n`],
    ["the end", `${GREETING}PONG\r\n`],
  ] as const
) {
  Deno.test(`a broker that speaks ${what} is survived`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const opening = TestNode.open(`nats://127.0.0.1:${listener.addr.port}`, {
      context: { random: () => 0 },
    });
    using connection = await listener.accept();
    await connection.write(Uint8Array.from(words, (character) => character.charCodeAt(0)));
    if (what === "the end") await connection.closeWrite();
    await using node = await opening;
    assertMatch(node.notices.join(), /cannot be reached/);
    assertEquals((await node.say("alone")).scope, "local");
  });
}

peerTest("a broker without JetStream is told how to get it", ["nats-server"], async () => {
  await using broker = startPeer("nats-server", ["-a", "127.0.0.1", "-p", "-1"]);
  const [, port] = await broker.stderr.line(/client connections on [\d.]+:(\d+)/);
  await broker.stderr.line(/Server is ready/);
  await using node = await TestNode.open(`nats://127.0.0.1:${port}`);
  assertMatch(node.notices.join(), /start nats-server with -js/);
});
