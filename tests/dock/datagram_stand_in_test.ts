/** A project without "unstable": ["net"]: node:dgram stands in for Deno.listenDatagram, and what it
 * cannot stand in for is refused. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { textOf } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { catalogue } from "../../dock/catalogue.ts";
import { connect } from "../../dock/connect.ts";
import { relay } from "../../dock/relay.ts";
import { send } from "../../dock/send.ts";
import { serve } from "../../dock/serve.ts";
import { acknowledge } from "../../protocols/acknowledge.ts";
import { echo } from "../../protocols/echo.ts";
import { print } from "../../protocols/print.ts";
import { EventLog } from "../memory.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { withoutDatagramSockets } from "../without_datagram_sockets.ts";

const GROUP = "239.255.77.68";

// The first of this file, because it is said once in a process.
Deno.test("that node:dgram stands in is said once, to the first who listens", async () => {
  using _project = withoutDatagramSockets();
  await using silent = await serve("udp://127.0.0.1:0", echo);
  assertEquals(textOf(await send(silent.url, "nobody listens")), "nobody listens");
  const log = new EventLog();
  await using first = await serve("tcp://127.0.0.1:0", echo, { emit: log.emit });
  await using second = await serve("udp://127.0.0.1:0", echo, { emit: log.emit });
  await using third = await serve("udp://127.0.0.1:0", echo, { emit: log.emit });
  using _session = await connect(third.url, { emit: log.emit });
  assertEquals(log.only("notice").map(({ text }) => text), [
    "UDP runs on node:dgram, at half the speed or less, because this project has no " +
    'Deno.listenDatagram; "unstable": ["net"] in its deno.json, or --unstable-net, provides it',
  ]);
  assertEquals([first.urls.length, second.urls.length], [1, 1]);
});

Deno.test("Unix datagram sockets are refused with the remedy, and listed", async () => {
  using _project = withoutDatagramSockets();
  await using folder = await temporaryFolder();
  const url = `unixgram://${folder.path}/socket`;
  const remedy =
    'unixgram needs Deno.listenDatagram, which this project does not have; put "unstable": ' +
    '["net"] in its deno.json, or run it with --unstable-net';
  const refused = await assertRejects(() => serve(url, echo), UsageError);
  assertEquals(refused.message, remedy);
  const undialled = await assertRejects(() => connect(url), UsageError);
  assertEquals(undialled.message, remedy);
  const listed = catalogue().impossible.find(({ name }) => name === "unixgram");
  assertStringIncludes(listed!.reason, "--unstable-net");
});

Deno.test("the refusals of a port that is taken and of an address that is not ours keep their remedy", async () => {
  using _project = withoutDatagramSockets();
  await using server = await serve("udp://127.0.0.1:0", echo);
  const port = new URL(server.url.replace("udp:", "http:")).port;
  const taken = await assertRejects(() => serve(server.url, echo), Error);
  assertEquals(
    taken.message,
    `Cannot listen on ${server.url}: port ${port} is in use; choose another, or :0 for any free one`,
  );
  const foreign = await assertRejects(() => serve("udp://192.0.2.1:0", echo), Error);
  assertStringIncludes(foreign.message, "this machine has no such address");
});

for (const address of ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]) {
  Deno.test(`a server on every interface answers ${address}`, async () => {
    using _project = withoutDatagramSockets();
    await using server = await serve("udp://[::]:0", echo, { allow: ["127.0.0.1", "::1"] });
    const port = new URL(server.url.replace("udp:", "http:")).port;
    assertEquals(textOf(await send(`udp://${address}:${port}`, "ahoy")), "ahoy");
    assertEquals(server.stats().denied, 0);
  });
}

Deno.test("a flaky relay of UDP loses what its seed says", async () => {
  using _project = withoutDatagramSockets();
  await using upstream = await serve("udp://127.0.0.1:0", echo);
  await using flaky = await relay("udp://127.0.0.1:0", upstream.url, {
    fault: ["loss=100%"],
    seed: 7,
  });
  await assertRejects(() => send(flaky.url, "lost", { timeoutMs: 50 }));
  assert(flaky.stats().faults > 0);
  await using steady = await relay("udp://127.0.0.1:0", upstream.url);
  assertEquals(textOf(await send(steady.url, "kept")), "kept");
});

Deno.test("a group is heard and answered, with its hops and interface", async () => {
  using _project = withoutDatagramSockets();
  const place = { interface: "127.0.0.1" };
  await using server = await serve(`udp://${GROUP}:0`, acknowledge, place);
  for (const given of [place, { ...place, hops: 5 }]) {
    using session = await connect(server.url, given);
    await session.send("ahoy");
    for await (const answer of session) {
      assertEquals(textOf(answer), "Message received: ahoy. Thank you.");
      break;
    }
  }
  const error = await assertRejects(() => connect(server.url, { ...place, hops: 0 }), UsageError);
  assertStringIncludes(error.message, "--hops 0 cannot be had on node:dgram");
});

Deno.test("a broadcast is heard and answered", async () => {
  using _project = withoutDatagramSockets();
  const log = new EventLog();
  await using server = await serve("udp://0.0.0.0:0", print, { emit: log.emit });
  const port = new URL(server.url.replace("udp:", "http:")).port;
  using session = await connect(`udp://127.255.255.255:${port}`);
  await session.send("to all");
  assertEquals(textOf((await log.next("message")).message), "to all");
});
