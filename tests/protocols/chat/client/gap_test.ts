/** Clients that come back to a chat that went on without them, on every transport. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { serve } from "../../../../dock/serve.ts";
import { makeKey } from "../../../../core/keys/make.ts";
import { connect } from "../../../../dock/connect.ts";
import { type ChatClient, chatOver } from "../../../../protocols/chat/client/chat_over.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { ChatFixture } from "../chat_fixture.ts";
import { ScriptedChat } from "../scripted_server.ts";

const MISSED = 120;

const FAST = { messageRatePerSecond: 100_000, messageBurst: 100_000 };

async function texts(client: ChatClient, count: number): Promise<string[]> {
  const read: string[] = [];
  for await (const event of client) {
    if (event.event === "message") read.push(event.message.text);
    if (read.length === count) break;
  }
  return read;
}

const TRANSPORTS: readonly (readonly [scheme: string, limit: number])[] = [
  ["tcp", 500],
  ["ws", 500],
  ["udp", 20],
  ["udp+reliable", 500],
  ["udp+sealed", 500],
  ["dtls", 500],
];

for (const [scheme, limit] of TRANSPORTS) {
  Deno.test(`chatOver() on ${scheme} closes the gap before a live line, in order`, async () => {
    await using folder = await temporaryFolder();
    const key = join(folder.path, "key");
    await Deno.writeTextFile(key, makeKey("aes-gcm").text, { mode: 0o600 });
    const layer = scheme === "udp+sealed" ? { sealedKey: [key] } : {};
    await using room = await ChatFixture.open({ ...FAST, ...layer }, [
      "tcp://127.0.0.1:0",
      `${scheme}://127.0.0.1:0`,
    ]);
    const bob = await room.rich("bob");
    await bob.send({ type: "say", text: "before", id: "before" });
    const { seq: after } = JSON.parse(await bob.until(/"type":"ack"/));
    for (let number = 1; number <= MISSED; number++) {
      await bob.send({ type: "say", text: `${number}`, id: `m-${number}` });
    }
    await bob.until(new RegExp(`"type":"ack","id":"m-${MISSED}"`));
    const session = await connect(room.dock.urls[1]!, {
      ...layer,
      ...scheme === "dtls" && { insecure: true },
    });
    using ada = await chatOver(session, { name: "ada", after, pingAfterMs: Infinity });
    assertEquals(ada.limits["history"], limit);
    // Before a second page can be asked for.
    await bob.send({ type: "say", text: "live" });
    const expected = [...Array.from({ length: MISSED }, (_, at) => `${at + 1}`), "live"];
    assertEquals(await texts(ada, MISSED + 1), expected);
  });
}

Deno.test("what a server dropped because we were slow is asked for, and shown in its place", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  using ada = await chatOver(await connect(server.url), { name: "ada", pingAfterMs: Infinity });
  await room.said("bob", "1");
  const silent = room.seats.values().toArray();
  room.seats.clear();
  for (const text of ["2", "3", "4"]) await room.said("bob", text);
  for (const seat of silent) room.seats.add(seat);
  // One of them was no message: somebody who came.
  await room.tell({ type: "missed", count: 4 });
  await room.said("bob", "5");
  const seen: unknown[] = [];
  for await (const event of ada) {
    if (event.event === "message") seen.push(event.message.text);
    if (event.event !== "missed") continue;
    seen.push(event.count);
    break;
  }
  assertEquals(seen, ["1", "2", "3", "4", "5", 1]);
});
