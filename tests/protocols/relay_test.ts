import { assert, assertEquals, assertRejects } from "@std/assert";
import { makeCertificate } from "../../core/certificates/self_signed.ts";
import { bytesOf, type Session, textOf } from "../../core/session.ts";
import { statelessProtocol } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import { connect, type ConnectOptions } from "../../dock/connect.ts";
import { relay, type RelayOptions } from "../../dock/relay.ts";
import { send } from "../../dock/send.ts";
import { type Dock, serve } from "../../dock/serve.ts";
import { acknowledge } from "../../protocols/acknowledge.ts";
import { echo } from "../../protocols/echo.ts";
import { freePort } from "../free_port.ts";
import { EventLog } from "../memory.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Every transport that can be listened on and dialled, in one folder with one certificate. */
async function harbour() {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder());
  const { cert, key } = await makeCertificate(["localhost", "127.0.0.1"], Date.now());
  const [tlsCert, tlsKey] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  await Deno.writeTextFile(tlsCert, cert);
  await Deno.writeTextFile(tlsKey, key);
  const all = opened.move();
  let sockets = 0;
  return {
    ca: tlsCert,
    url: (scheme: string) =>
      scheme.startsWith("unix")
        ? `${scheme}://${folder.path}/${sockets++}.sock`
        : `${scheme}://127.0.0.1:0`,
    listen: (scheme: string) => isSecure(scheme) ? { tlsCert, tlsKey } : {},
    dial: (scheme: string): ConnectOptions => isSecure(scheme) ? { tlsCa: [tlsCert] } : {},
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const isSecure = (scheme: string) => ["tls", "dtls", "wss"].includes(scheme);

const SCHEMES = ["tcp", "tls", "unix", "udp", "unixgram", "dtls", "ws", "wss"];

/** Sends a message and reads until as many bytes have come back. */
async function roundTrip(session: Session, message: string): Promise<string> {
  await session.send(message);
  let answer = "";
  for await (const part of session) {
    answer += textOf(part);
    if (answer.length >= message.length) break;
  }
  return answer;
}

for (const listen of SCHEMES) {
  Deno.test(`a relay on ${listen} passes sessions on to every transport`, async () => {
    await using at = await harbour();
    for (const scheme of SCHEMES) {
      await using upstream = await serve(at.url(scheme), echo, at.listen(scheme));
      await using passing = await relay(at.url(listen), upstream.url, {
        ...at.listen(listen),
        ...(isSecure(scheme) && { upstreamTlsCa: [at.ca] }),
      });
      using session = await connect(passing.url, at.dial(listen));
      for (const message of ["one", "zweiß", "3"]) {
        assertEquals(await roundTrip(session, message), message, `${listen} to ${scheme}`);
      }
      session.close();
      await passing.shutdown({ graceMs: 100 });
    }
  });
}

/** An upstream server and a relay to it. */
async function relayTo(
  upstream: string,
  protocol: Parameters<typeof serve>[1],
  listen: string,
  options: RelayOptions = {},
) {
  await using opened = new AsyncDisposableStack();
  const log = new EventLog();
  const server = opened.use(await serve(`${upstream}://127.0.0.1:0`, protocol));
  const passing = opened.use(
    await relay(`${listen}://127.0.0.1:0`, server.url, { ...options, emit: log.emit }),
  );
  const all = opened.move();
  return { server, passing, log, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

/** Waits until a server has no session open. */
async function emptied(dock: Dock): Promise<void> {
  while (dock.stats().open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Reads everything and answers with its length only once the peer has ended its half. */
const total = statelessProtocol({
  name: "total",
  summary: "Counts",
  framing: "none",
  datagramReply: "bounded",
  async serve(session) {
    let bytes = 0;
    for await (const message of session) bytes += bytesOf(message).length;
    await session.send(`${bytes}`);
  },
});

for (const options of [{}, { fault: ["latency=10ms"] }, { fault: ["slice=700"] }]) {
  Deno.test(`half-close passes in both directions with ${JSON.stringify(options)}`, async () => {
    await using at = await relayTo("tcp", total, "tcp", options);
    assertEquals(textOf(await send(at.passing.url, "x".repeat(100_000))), "100000");
    await emptied(at.passing);
    await emptied(at.server);
  });
}

Deno.test("the upstream may end first and still listen", async () => {
  const heard = Promise.withResolvers<string>();
  await using at = await relayTo(
    "tcp",
    statelessProtocol({
      name: "hello",
      summary: "Says hello first",
      framing: "none",
      datagramReply: "none",
      async serve(session) {
        await session.send("hello");
        await session.end();
        let text = "";
        for await (const message of session) text += textOf(message);
        heard.resolve(text);
      },
    }),
    "tcp",
  );
  using session = await connect(at.passing.url);
  let text = "";
  for await (const message of session) text += textOf(message);
  assertEquals(text, "hello");
  await session.send("good");
  await session.send("bye");
  await session.end();
  assertEquals(await heard.promise, "goodbye");
});

Deno.test("large transfers arrive unchanged both ways at once", async () => {
  const random = seeded(newSeed());
  const sent = new Uint8Array(8 * 1024 * 1024).map(() => random() * 256);
  const digest = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  for (const fault of [undefined, ["latency=5ms~5ms"], ["slice=1000"]]) {
    await using at = await relayTo("tcp", echo, "tcp", fault === undefined ? {} : { fault });
    using session = await connect(at.passing.url);
    const received = new Uint8Array(sent.length);
    let length = 0;
    const reading = (async () => {
      for await (const message of session) {
        const bytes = bytesOf(message);
        received.set(bytes, length);
        length += bytes.length;
      }
    })();
    for (let start = 0; start < sent.length; start += 100_000) {
      await session.send(sent.subarray(start, start + 100_000));
    }
    await session.end();
    await reading;
    assertEquals([length, await digest(received)], [sent.length, await digest(sent)]);
  }
});

Deno.test("200 sessions at once each have their own upstream", async () => {
  for (const [listen, upstream] of [["tcp", "tcp"], ["udp", "udp"], ["ws", "tcp"]] as const) {
    await using at = await relayTo(upstream, echo, listen);
    const sessions = await Promise.all(
      Array.from({ length: 200 }, () => connect(at.passing.url)),
    );
    const answers = await Promise.all(sessions.map((session, at) => roundTrip(session, `${at}!`)));
    assertEquals(answers, sessions.map((_, at) => `${at}!`));
    assertEquals(at.server.stats().opened, 200);
    for (const session of sessions) session.close();
  }
});

Deno.test("an upstream that is down ends the session, and an event names it", async () => {
  const log = new EventLog();
  const upstream = `tcp://127.0.0.1:${freePort()}`;
  await using passing = await relay("tcp://127.0.0.1:0", upstream, { emit: log.emit });
  using session = await connect(passing.url);
  const seen = await Array.fromAsync(session).catch(() => []);
  assertEquals(seen.length, 0);
  const failed = await log.next("failed");
  assertEquals([failed.url, failed.upstream], [passing.url, upstream]);
  assertEquals(failed.session, log.only("opened")[0]?.session);
  assert(failed.error.includes("refused"), failed.error);
  assertEquals((await log.next("closed")).reason, "the upstream failed");
  await using revived = await serve(upstream, echo);
  assertEquals(textOf(await send(passing.url, "again")), "again");
  await revived.shutdown();
});

/** Breaks off at the first message. */
const breaking = statelessProtocol({
  name: "breaking",
  summary: "Breaks off",
  framing: "none",
  datagramReply: "none",
  async serve(session) {
    for await (const _message of session) return session.close();
  },
});

Deno.test("an upstream that resets ends the session", async () => {
  const log = new EventLog();
  await using upstream = await serve("tcp://127.0.0.1:0", echo, { fault: ["reset-after=3"] });
  await using passing = await relay("tcp://127.0.0.1:0", upstream.url, { emit: log.emit });
  using session = await connect(passing.url);
  await session.send("abcdef");
  for await (const message of session) assert(bytesOf(message).length <= 3);
  const failed = await log.next("failed");
  assertEquals(failed.upstream, upstream.url);
  await emptied(passing);
});

for (const [listen, upstream] of [["tcp", "tcp"], ["ws", "tcp"], ["tcp", "ws"], ["ws", "ws"]]) {
  Deno.test(`the end of the upstream ends the session, ${listen} to ${upstream}`, async () => {
    await using at = await relayTo(upstream!, breaking, listen!);
    using session = await connect(at.passing.url);
    await session.send("x");
    await Array.fromAsync(session).catch(() => []);
    // A WebSocket that has ended is over, even for a client that goes on listening.
    if (upstream === "tcp") session.close();
    await emptied(at.passing);
  });

  Deno.test(`a client that goes away ends the upstream, ${listen} to ${upstream}`, async () => {
    await using at = await relayTo(upstream!, echo, listen!);
    const session = await connect(at.passing.url);
    assertEquals(await roundTrip(session, "x"), "x");
    session.close();
    await emptied(at.server);
    await emptied(at.passing);
  });
}

Deno.test("a client that resets ends its upstream", async () => {
  await using at = await relayTo("tcp", echo, "tcp");
  const { connect: dial } = await import("node:net");
  const socket = dial(Number(new URL(at.passing.url.replace("tcp", "http")).port), "127.0.0.1");
  await new Promise<void>((resolve) => {
    socket.once("data", () => resolve());
    socket.write("x");
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.resetAndDestroy();
  await closed;
  await emptied(at.server);
  await emptied(at.passing);
});

Deno.test("a session whose upstream takes nothing in ends when it is idle", async () => {
  using upstream = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = upstream.accept();
  const { port } = upstream.addr as Deno.NetAddr;
  await using passing = await relay("tcp://127.0.0.1:0", `tcp://127.0.0.1:${port}`, {
    idleTimeoutMs: 1000,
  });
  using session = await connect(passing.url);
  const sending = (async () => {
    for (;;) await session.send(new Uint8Array(1_000_000));
  })().catch(() => "ended");
  using conn = await accepting;
  while (passing.stats().idle === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await emptied(passing);
  assertEquals(await sending, "ended");
  // What had been passed on can still be read, and then it is over.
  const buffer = new Uint8Array(1 << 20);
  while (await conn.read(buffer).catch(() => null) !== null);
});

Deno.test("an idle datagram peer ends its upstream socket", async () => {
  await using at = await relayTo("udp", echo, "udp", { peerTimeoutMs: 3000 });
  using session = await connect(at.passing.url);
  assertEquals(await roundTrip(session, "x"), "x");
  assertEquals((await at.log.next("closed")).reason, "idle");
  assertEquals(await roundTrip(session, "y"), "y");
  assertEquals(at.server.stats().opened, 2);
});

Deno.test("a stream that ends while datagrams are answered gets the answers first", async () => {
  await using at = await relayTo("udp", acknowledge, "tcp");
  assertEquals(
    textOf(await send(at.passing.url, "Hi")),
    "Message received: Hi. Thank you.",
  );
});

Deno.test("text stays text between WebSockets, and bytes stay bytes", async () => {
  await using at = await relayTo("ws", echo, "ws");
  using session = await connect(at.passing.url);
  for (const message of ["text", new Uint8Array([1, 2, 3])]) {
    await session.send(message);
    for await (const answer of session) {
      assertEquals(answer, message);
      break;
    }
  }
});

Deno.test("a message that the upstream's transport cannot hold ends the session by name", async () => {
  await using at = await relayTo("udp", echo, "ws");
  using session = await connect(at.passing.url);
  await session.send(new Uint8Array(70_000));
  await Array.fromAsync(session).catch(() => []);
  const { error } = await at.log.next("failed");
  assert(error.startsWith("Cannot send 70000 bytes"), error);
});

Deno.test("what one read returns is cut where a datagram cannot hold it", async () => {
  const log: number[] = [];
  await using at = await relayTo(
    "udp",
    statelessProtocol({
      name: "sizes",
      summary: "Notes sizes",
      framing: "none",
      datagramReply: "none",
      async serve(session) {
        for await (const message of session) log.push(bytesOf(message).length);
      },
    }),
    "tcp",
  );
  using session = await connect(at.passing.url);
  await session.send(new Uint8Array(1_000_000));
  await session.end();
  await emptied(at.passing);
  assert(log.length > 0 && Math.max(...log) <= 65_507, `${log}`);
});

Deno.test("faults stand on the listening side in both directions, and are counted", async () => {
  await using at = await relayTo("udp", echo, "udp", { fault: ["loss=100%"], seed: 1 });
  using session = await connect(at.passing.url);
  await session.send("never");
  while (at.passing.stats().faults === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(at.server.stats().opened, 0);
});

Deno.test("40 % loss is overcome by sending again", async () => {
  await using at = await relayTo("udp", acknowledge, "udp", { fault: ["loss=40%"], seed: 11 });
  for (let count = 0; count < 10; count++) {
    const answer = await send(at.passing.url, `m${count}`, { retries: 60, timeoutMs: 100 });
    assertEquals(textOf(answer), `Message received: m${count}. Thank you.`);
  }
  assert(at.passing.stats().faults > 5);
});

Deno.test("a run with chance says its seed once, and one without does not", async () => {
  const log = new EventLog();
  await using _one = await relay("udp://127.0.0.1:0", "udp://127.0.0.1:9", {
    fault: ["loss=1%"],
    emit: log.emit,
    random: () => 0.5,
  });
  assertEquals(log.only("notice").map(({ text }) => text), [
    "faults by seed 2147483648; --seed 2147483648 repeats them",
  ]);
  await using _two = await relay("udp://127.0.0.1:0", "udp://127.0.0.1:9", {
    fault: ["loss=1%"],
    seed: 7,
    emit: log.emit,
  });
  await using _three = await relay("tcp://127.0.0.1:0", "udp://127.0.0.1:9", {
    fault: ["latency=1ms"],
    emit: log.emit,
  });
  assertEquals(log.only("notice").length, 1);
});

const WRONG: readonly [listen: string, to: string, options: RelayOptions, message: string][] = [
  ["tcp://:0", "tcp://127.0.0.1:1", { fault: ["loss=1%"] }, "loss cannot be had on a stream"],
  ["udp://:0", "tcp://127.0.0.1:1", { fault: ["slice=1"] }, "slice cannot be had on a datagram"],
  ["tcp://:0", "http://127.0.0.1:1", {}, "upstream: "],
  ["tcp://:0", "tcp://127.0.0.1", {}, "port"],
  [
    "tcp://:0",
    "tcp://127.0.0.1:1",
    { upstreamTlsCa: ["x"] },
    "--upstream-tls-ca has no effect on tcp",
  ],
  [
    "tcp://:0",
    "tcp://127.0.0.1:1",
    { upstreamFault: ["loss=1%"] },
    "loss cannot be had on a stream",
  ],
  ["http://:0", "tcp://127.0.0.1:1", {}, "relay cannot run on http"],
  ["udp://0.0.0.0:0", "udp://127.0.0.1:1", {}, "relay can answer a datagram with a larger one"],
];

for (
  const [listen, to] of [
    ["tcp://:9", "tcp://127.0.0.1:9"],
    ["tcp://127.0.0.1:9", "tls://localhost:9"],
    ["ws://0.0.0.0:9", "tcp://127.0.0.2:9"],
    ["tcp://[::]:9", "tcp://127.0.0.1:9"],
    ["tcp://[::1]:9", "tcp://[0:0::1]:9"],
    ["udp://:9", "udp://:9"],
    ["udp://:9", "udp+reliable://127.0.0.1:9"],
    ["unix:///tmp/a.sock", "unix:///tmp/a.sock"],
  ] as const
) {
  Deno.test(`relay ${listen} to ${to}, which is itself, is refused at startup`, async () => {
    await assertRejects(() => relay(listen, to), UsageError, "would come back as a new one");
  });
}

Deno.test("another kind of socket at the same port is not the relay itself", async () => {
  await using upstream = await serve("tcp://127.0.0.1:0", echo);
  const { host } = new URL(upstream.url);
  await using passing = await relay(`udp://${host}`, upstream.url);
  assertEquals(new TextDecoder().decode(await send(passing.url, "hello")), "hello");
});

for (const [listen, to, options, message] of WRONG) {
  Deno.test(`relay ${listen} ${to} ${JSON.stringify(options)} is refused at startup`, async () => {
    await assertRejects(() => relay(listen, to, options), UsageError, message);
  });
}

Deno.test("faults that fit one of two URLs only open neither", async () => {
  await assertRejects(
    () => serve(["udp://127.0.0.1:0", "tcp://127.0.0.1:0"], echo, { fault: ["loss=5%"] }),
    UsageError,
    "tcp://127.0.0.1:0: --fault: loss cannot be had on a stream transport",
  );
});

Deno.test("relay without an upstream says what is missing", async () => {
  const { relay: protocol } = await import("../../protocols/relay.ts");
  await assertRejects(() => serve("tcp://127.0.0.1:0", protocol), UsageError, "--to tcp://");
});

Deno.test("a shutdown ends sessions that wait on either side", async () => {
  for (const [listen, upstream] of [["tcp", "tcp"], ["udp", "udp"], ["tcp", "udp"]] as const) {
    await using at = await relayTo(upstream, echo, listen);
    using session = await connect(at.passing.url);
    assertEquals(await roundTrip(session, "x"), "x");
    await at.passing.shutdown({ graceMs: 3000 });
    assertEquals(at.passing.stats().open, 0);
  }
});
