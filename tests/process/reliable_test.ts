/** Reliable datagrams between processes, over a clean loopback and through one that loses. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Protocol } from "../../core/protocol.ts";
import { connect, send, serve, textOf, UndeliveredError } from "../../mod.ts";
import { discard } from "../../protocols/discard.ts";
import { echo } from "../../protocols/echo.ts";
import { protocols } from "../../protocols/index.ts";
import { print } from "../../protocols/print.ts";
import {} from "../../protocols/relay.ts";
import type { ServerEvent } from "../../core/event.ts";
import { PacketReader } from "../../layers/reliable/wire/packet.ts";
import { kindOf, kinds } from "../../layers/reliable/wire/prefix.ts";
import { freePort } from "../free_port.ts";
import { messageOf } from "../layers/reliable/association_pair.ts";
import { LossyForwarder } from "../lossy_forwarder.ts";
import { Program, runProgram, startProgram } from "../program.ts";

const URL = "udp+reliable://127.0.0.1:0";

function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)![1]);
}

/** The URL of the same through a forwarder. */
function through(forwarder: LossyForwarder): string {
  return `udp+reliable://127.0.0.1:${forwarder.port}`;
}

Deno.test("send prints every answer and reports how the delivery went", async () => {
  await using server = await startProgram(["serve", "echo", URL]);
  const { code, stdout, stderr } = await runProgram(["send", server.url], { stdin: "one\ntwo\n" });
  assertEquals({ code, stdout }, { code: 0, stdout: "one\ntwo\n" });
  assertMatch(
    stderr,
    /^2 messages acknowledged, \d+ datagrams? retransmitted, round trip \d+\.\d ms\n$/,
  );
  const json = await runProgram(["send", server.url, "--json", "hello"]);
  const events = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const { event, sent, acknowledged } = events.at(-1);
  assertEquals({ event, sent, acknowledged }, { event: "delivery", sent: 1, acknowledged: 1 });
  const silent = await runProgram(["send", server.url, "--timeout", "0", "hello"]);
  assertMatch(silent.stderr, /^1 message acknowledged/);
  assertEquals(silent.stdout, "");
});

Deno.test("a message that the server does not take is an error", async () => {
  await using server = await startProgram(["serve", "echo", URL, "--max-message", "100"]);
  const { code, stderr } = await runProgram(["send", server.url], { stdin: "x".repeat(101) });
  assertEquals(code, 1);
  assertMatch(stderr, /Cannot send 101 bytes: the peer takes messages of 100 at most/);
});

Deno.test("wait takes the handshake for an answer, also of a protocol that never answers", async () => {
  await using server = await startProgram(["serve", "discard", URL]);
  assertEquals((await runProgram(["wait", server.url])).code, 0);
  const nobody = `udp+reliable://127.0.0.1:${freePort()}`;
  assertEquals((await runProgram(["wait", nobody, "--timeout", "300ms"])).code, 3);
});

Deno.test("connect passes lines as messages, and its end of input is heard", async () => {
  await using server = await startProgram(["serve", "echo", URL]);
  const { code, stdout } = await runProgram(["connect", server.url], { stdin: "one\ntwo\n" });
  assertEquals({ code, stdout }, { code: 0, stdout: "onetwo" });
});

Deno.test("a megabyte there and back between two processes, over a network that loses a tenth", async () => {
  await using server = await startProgram(["serve", "echo", URL]);
  await using forwarder = new LossyForwarder(portOf(server.url), {
    loss: 0.1,
    delayMs: 2,
    seed: 7,
  });
  using session = await connect(through(forwarder));
  const messages = Array.from({ length: 50 }, (_, number) => messageOf(number, 20_000));
  const sending = (async () => {
    for (const message of messages) await session.send(message);
    await session.end();
  })();
  let number = 0;
  for await (const message of session) assertEquals(message, messages[number++]);
  await sending;
  assertEquals(number, messages.length);
  const { acknowledged, retransmitted } = session.delivery!;
  assertEquals(acknowledged, messages.length);
  assert(retransmitted > 0);
});

Deno.test("send says what was delivered when the network dies, and exits with 4", async () => {
  await using server = await startProgram(["serve", "print", URL]);
  const acknowledged = Promise.withResolvers<void>();
  const packet = new PacketReader();
  let carriesOne = Infinity;
  await using forwarder = new LossyForwarder(portOf(server.url), {
    ...{ loss: 0, delayMs: 1, seed: 1 },
    onArrival(end, bytes) {
      if (kindOf(bytes) !== kinds.data || !packet.read(bytes)) return;
      if (end === "server" && packet.hasStream) carriesOne = packet.number;
      if (end === "client" && packet.hasAck && packet.cumulative > carriesOne) {
        acknowledged.resolve();
      }
    },
  });
  await using sending = new Program(["send", through(forwarder), "--reliable-timeout", "5s"]);
  await sending.write("one\n");
  await server.stdout.line(/one/);
  await acknowledged.promise;
  forwarder.isDead = true;
  await sending.write("two\n");
  await sending.closeInput();
  const { code, stderr } = await sending.ended();
  assertEquals(code, 4);
  assertMatch(
    stderr,
    /^error: no answer for 5 s; message 1 was delivered, message 2 was not\n$/,
  );
});

Deno.test("connect ends with an error when its peer is lost, and in order when it closes", async () => {
  await using server = await startProgram(["serve", "echo", URL]);
  await using forwarder = new LossyForwarder(portOf(server.url), { loss: 0, delayMs: 1, seed: 1 });
  await using lost = new Program([
    "connect",
    through(forwarder),
    "--reliable-timeout",
    "5s",
  ]);
  await lost.write("one\n");
  await lost.stdout.includes("one");
  forwarder.isDead = true;
  const { code, stderr } = await lost.ended();
  assertEquals(code, 1);
  assertMatch(stderr, /^error: no answer for 5 s; the only message was delivered\n$/);

  await using closed = new Program(["connect", server.url]);
  await closed.write("two\n");
  await closed.stdout.includes("two");
  server.signal("SIGTERM");
  assertEquals((await closed.ended()).code, 0);
});

Deno.test("a client that is interrupted tells its server", async () => {
  await using server = await startProgram(["serve", "echo", URL]);
  for (const command of ["connect", "send"]) {
    for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      await using client = new Program([command, server.url]);
      await client.write("one\n");
      await client.stdout.includes("one");
      client.signal(signal);
      const { code, stderr } = await client.ended();
      assertEquals(code, expected);
      assert(!stderr.includes("error"), stderr);
      await server.stderr.line(/ closed: /);
    }
  }
});

Deno.test("a shutdown delivers the answers that it has, while the peer goes on sending", async () => {
  await using server = await serve(URL, echo);
  await using forwarder = new LossyForwarder(portOf(server.url), {
    loss: 0.1,
    delayMs: 5,
    seed: 3,
  });
  // The server's last word may be lost, and then only time tells.
  using session = await connect(through(forwarder), { reliableTimeoutMs: 10_000 });
  const answers: number[] = [];
  const first = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const message of session) {
      answers.push(message.length);
      if (answers.length === 5) first.resolve();
    }
  })().catch(() => {});
  let sent = 0;
  const sending = (async () => {
    for (;;) {
      await session.send(messageOf(sent, 3000));
      sent++;
    }
  })().catch((error) => assert(error instanceof UndeliveredError, `${error}`));
  await first.promise;
  const { messagesReceived } = server.stats();
  await server.shutdown({ graceMs: 60_000 });
  await Promise.all([reading, sending]);
  assert(answers.length >= messagesReceived, `${answers.length} of ${messagesReceived}`);
  const { undelivered } = server.stats();
  assertEquals(undelivered, 0);
});

Deno.test("a peer that never reads holds up neither the others nor the shutdown", async () => {
  await using server = await serve(URL, echo);
  using session = await connect(server.url);
  const sending = (async () => {
    for (;;) await session.send(new Uint8Array(50_000));
  })();
  sending.catch(() => {});
  while (server.stats().messagesSent < 40) assertEquals(textOf(await send(server.url, "a")), "a");
  await server.shutdown({ graceMs: 100 });
  const error = await assertRejects(() => sending, UndeliveredError);
  assert(error.acknowledged < error.sent);
  assert(server.stats().undelivered > 0);
});

Deno.test("a server that is killed leaves its client an error that says what was not delivered", async () => {
  await using server = await startProgram(["serve", "discard", URL]);
  using session = await connect(server.url, { reliableTimeoutMs: 5000 });
  await session.send("one");
  server.signal("SIGKILL");
  await server.status;
  await session.send("two");
  const error = await assertRejects(() => session.end(), UndeliveredError);
  assertEquals(error.sent, 2);
  await assertRejects(async () => {
    for await (const _message of session);
  }, UndeliveredError);
});

Deno.test("messages of many clients at once reach one server", async () => {
  const events: ServerEvent[] = [];
  await using server = await serve(URL, print, {
    emit: (event: ServerEvent) => void events.push(event),
  });
  await Promise.all(Array.from({ length: 20 }, async (_, number) => {
    using session = await connect(server.url);
    for (let count = 0; count < 20; count++) await session.send(`${number} ${count}`);
    await session.end();
  }));
  const shown = events.flatMap((event) => event.event === "message" ? [`${event.message}`] : []);
  assertEquals(shown.length, 400);
});

Deno.test("every protocol that answers says the same as over bare datagrams", async () => {
  const still = { now: () => 0, random: () => 0.5 };
  for (const protocol of protocols) {
    // What needs order does not run bare, and a relay needs somebody behind it.
    if (protocol.datagramReply === "none" || protocol.needsOrder || protocol.dials) continue;
    const answers: string[] = [];
    for (const url of ["udp://127.0.0.1:0", URL]) {
      await using server = await serve(url, protocol as Protocol, still);
      answers.push(textOf(await send(server.url, "ahoy")));
    }
    assertEquals(answers[1], answers[0], protocol.name);
  }
});

Deno.test("answers may wait unread while more is said", async () => {
  await using server = await serve(URL, echo);
  using session = await connect(server.url);
  for (let number = 0; number < 5000; number++) await session.send(`${number}`);
  await session.end();
  let number = 0;
  for await (const message of session) assertEquals(textOf(message), `${number++}`);
  assertEquals(number, 5000);
});

Deno.test("small datagrams carry a large message too", async () => {
  await using server = await serve("udp+reliable://127.0.0.1:0", discard);
  using session = await connect(server.url, { reliableDatagramBytes: 600 });
  await session.send(messageOf(1, 100_000));
  await session.end();
  assertEquals(session.delivery?.acknowledgedBytes, 100_000);
});

Deno.test("datagrams become as large as the path takes, and small again when it takes less", async () => {
  await using server = await startProgram(["serve", "echo", URL]);
  let lengths: number[] = [];
  await using forwarder = new LossyForwarder(portOf(server.url), {
    ...{ loss: 0, delayMs: 1, seed: 1 },
    onArrival: (end, bytes) => void (end === "server" && lengths.push(bytes.length)),
  });
  using session = await connect(through(forwarder));
  const answers = session.messages();
  const transfer = async (bytes: number) => {
    lengths = [];
    await session.send(new Uint8Array(bytes));
    assertEquals((await answers.next()).value.length, bytes);
    return Math.max(...lengths);
  };
  assertEquals(await transfer(1_000_000), 32_256);
  forwarder.maxBytes = 2000;
  let largest = 0;
  // A search takes as many round trips as sizes are tried, three for each that does not pass.
  for (let count = 0; count < 50 && largest <= 1900; count++) largest = await transfer(1_000_000);
  assert(largest > 1900 && largest <= 2000, `${largest}`);
  await session.end();
});
