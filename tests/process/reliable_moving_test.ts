/** Peers of reliable datagrams whose address changes, between processes and through a relay that gives
 * its client another port. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeKey } from "../../core/keys/make.ts";
import { connect, serve, textOf } from "../../mod.ts";
import { echo } from "../../protocols/echo.ts";
import { EventLog } from "../memory.ts";
import { DatagramRelay } from "../datagram_relay.ts";
import { messageOf } from "../layers/reliable/association_pair.ts";
import { startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const URL = "udp+reliable://127.0.0.1:0";

function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)![1]);
}

for (const layer of ["", "sealed", "signed"] as const) {
  const scheme = layer === "" ? "udp+reliable" : `udp+${layer}+reliable`;
  Deno.test(`a session over ${scheme} goes on in mid-transfer when its peer's port changes`, async () => {
    await using folder = await temporaryFolder();
    const key = `${folder.path}/key`;
    const kind = layer === "sealed" ? "aes-gcm" : "hmac";
    await Deno.writeTextFile(key, makeKey(kind, { name: "both" }).text, { mode: 0o600 });
    const flags = layer === "" ? [] : [`--${layer}-key`, key];
    await using server = await startProgram([
      ...["serve", "echo", `${scheme}://127.0.0.1:0`, "--json", ...flags],
    ]);
    using relay = new DatagramRelay(portOf(server.url));
    using session = await connect(`${scheme}://127.0.0.1:${relay.port}`, {
      ...(layer === "sealed" && { sealedKey: [key] }),
      ...(layer === "signed" && { signedKey: key }),
    });
    const messages = Array.from({ length: 60 }, (_, number) => messageOf(number, 30_000));
    const addresses = [relay.address];
    const sending = (async () => {
      for (const message of messages) await session.send(message);
      await session.end();
    })();
    let number = 0;
    for await (const message of session.messages()) {
      assertEquals(message, messages[number++]);
      if (number === 20 || number === 40) {
        relay.rebind();
        addresses.push(relay.address);
      }
    }
    await sending;
    assertEquals(number, messages.length);
    assertEquals(session.delivery!.acknowledged, messages.length);
    await server.stdout.line(/"event":"closed"/);
    const events = server.stdout.text.trimEnd().split("\n").map((line) => JSON.parse(line));
    const moved = events.filter(({ event }) => event === "moved");
    assertEquals(moved.map(({ from, to }) => [from, to]), [
      [addresses[0], addresses[1]],
      [addresses[1], addresses[2]],
    ]);
    const sessions = events.filter(({ session }) => session !== undefined);
    assertEquals(new Set(sessions.map(({ session }) => session)).size, 1);
    assertEquals(events.find(({ event }) => event === "closed").peer, addresses[2]);
  });
}

Deno.test("an address to which a peer moves has to be admitted", async () => {
  const log = new EventLog();
  await using server = await serve(URL, echo, { emit: log.emit, deny: ["127.0.0.2"] });
  using relay = new DatagramRelay(portOf(server.url));
  using session = await connect(`udp+reliable://127.0.0.1:${relay.port}`);
  const answers = session.messages();
  await session.send("one");
  assertEquals(textOf((await answers.next()).value!), "one");
  relay.rebind("127.0.0.2");
  await session.send("two");
  assertStringIncludes((await log.next("denied")).peer, "127.0.0.2:");
  assertEquals(log.only("moved"), []);
  relay.rebind();
  assertEquals(textOf((await answers.next()).value!), "two");
  assertStringIncludes((await log.next("moved")).to, "127.0.0.1:");
  await session.end();
  const { opened, peersMoved, failed } = server.stats();
  assertEquals([opened, peersMoved, failed], [1, 1, 0]);
});

Deno.test("a session over dtls, which has connection ids of its own, moves once for both", async () => {
  const log = new EventLog();
  await using server = await serve("dtls+reliable://127.0.0.1:0", echo, { emit: log.emit });
  using relay = new DatagramRelay(portOf(server.url));
  using session = await connect(`dtls+reliable://127.0.0.1:${relay.port}`, {
    insecure: true,
    dtlsConnectionId: true,
  });
  const answers = session.messages();
  await session.send("one");
  assertEquals(textOf((await answers.next()).value!), "one");
  relay.rebind();
  await session.send("two");
  assertEquals(textOf((await answers.next()).value!), "two");
  const moved = await log.next("moved");
  assertEquals(moved.to, relay.address);
  await session.send("three");
  assertEquals(textOf((await answers.next()).value!), "three");
  assertEquals(log.only("moved").length, 1);
  await session.end();
  assertEquals(server.stats().opened, 1);
});
