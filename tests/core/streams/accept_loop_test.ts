import { assertEquals } from "@std/assert";
import type { Connection } from "../../../core/connection.ts";
import { Ledger } from "../../../core/sessions/life.ts";
import { acceptingServer, type AcceptOptions } from "../../../core/streams/accept_loop.ts";
import { FakeTime, settled } from "../../fake_time.ts";
import { connectionPair, EventLog, MemoryAcceptor, tcpAddress } from "../../memory.ts";

const URL = "tcp://127.0.0.1:9";

/** A loop over a listener in memory; `served` lists the ports of whom it serves. */
function loopOf(
  { maxConnections = 100, handshakeTimeoutMs = 10_000, ...options }:
    & Partial<AcceptOptions<Connection>>
    & Partial<AcceptOptions<Connection>["limits"]> = {},
) {
  const acceptor = new MemoryAcceptor();
  const log = new EventLog();
  const ledger = new Ledger(URL, log.tell);
  const { counters, sessions } = ledger;
  const served: Connection[] = [];
  const { finished: ended } = acceptingServer({ url: URL, acceptor }, {
    admits: () => true,
    limits: { maxConnections, handshakeTimeoutMs },
    ledger,
    release() {},
    serve(connection) {
      served.push(connection);
      return Promise.resolve();
    },
    ...options,
  });
  return { acceptor, counters, sessions, log, served, ended };
}

/** A service whose sessions last until they are let go. */
function untilLetGo() {
  const waiting: (() => void)[] = [];
  return {
    waiting,
    serve: () => new Promise<void>((resolve) => void waiting.push(resolve)),
  };
}

Deno.test("every connection is served by a task of its own and disposed of after it", async () => {
  const { waiting, serve } = untilLetGo();
  const { acceptor, ended } = loopOf({ serve });
  const pairs = [1, 2, 3].map((port) => connectionPair({ client: tcpAddress(50_000 + port) }));
  for (const { server } of pairs) acceptor.offer(server);
  await settled();
  assertEquals(waiting.length, 3, "none waits for another");
  waiting[1]!();
  await settled();
  assertEquals(pairs.map(({ server }) => server.disposed), [false, true, false]);
  for (const letGo of waiting) letGo();
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("a permit is taken before a connection is accepted", async () => {
  const { waiting, serve } = untilLetGo();
  const { acceptor, ended } = loopOf({ serve, maxConnections: 2 });
  for (let dialled = 0; dialled < 5; dialled++) acceptor.dial();
  await settled();
  assertEquals([waiting.length, acceptor.asked], [2, 2], "the third is not even asked for");
  waiting.shift()!();
  await settled();
  assertEquals([waiting.length, acceptor.asked], [2, 3]);
  while (waiting.length > 0) {
    waiting.shift()!();
    await settled();
  }
  assertEquals(acceptor.asked, 6);
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("a loop that waits for a permit ends when the listener is gone", async () => {
  const { waiting, serve } = untilLetGo();
  const { acceptor, ended } = loopOf({ serve, maxConnections: 1 });
  acceptor.dial();
  await settled();
  acceptor[Symbol.dispose]();
  waiting[0]!();
  await ended;
});

Deno.test("a denied peer is closed unread, counted, and takes no permit", async () => {
  const { acceptor, counters, log, served, ended } = loopOf({
    admits: (address) => "port" in address && address.hostname !== "192.0.2.1",
    maxConnections: 1,
  });
  const denied = connectionPair({ client: tcpAddress(5000, "192.0.2.1") });
  await denied.client.write(new Uint8Array(10));
  acceptor.offer(denied.server);
  acceptor.dial();
  await settled();
  assertEquals([denied.server.disposed, denied.server.unreadBytes], [true, 10]);
  assertEquals([counters.denied, served.length], [1, 1]);
  assertEquals(log.happened, [
    { event: "denied", url: URL, peer: "192.0.2.1:5000", reason: "address" },
  ]);
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("a connection reset while it waited to be accepted holds nobody up", async () => {
  using time = new FakeTime();
  const { acceptor, counters, log, served, ended } = loopOf();
  acceptor.offer(new Deno.errors.ConnectionAborted("software caused connection abort"));
  acceptor.offer(new Deno.errors.ConnectionReset("connection reset"));
  acceptor.dial();
  await settled();
  assertEquals([served.length, counters.acceptFailures, time.timers], [1, 2, 0]);
  assertEquals(log.only("accept-failed").map(({ url, error }) => [url, error]), [
    [URL, "software caused connection abort"],
    [URL, "connection reset"],
  ]);
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("out of descriptors, the loop pauses before it asks again, and goes on", async () => {
  using time = new FakeTime();
  const { acceptor, counters, served, ended } = loopOf({ maxConnections: 1 });
  for (let failed = 0; failed < 3; failed++) {
    acceptor.offer(new Error("Too many open files (os error 24)"));
  }
  acceptor.dial();
  await settled();
  assertEquals([acceptor.asked, served.length], [1, 0], "it does not spin");
  await time.advance(74);
  assertEquals(acceptor.asked, 1);
  await time.advance(1);
  assertEquals(acceptor.asked, 2);
  await time.advance(150);
  assertEquals([served.length, counters.acceptFailures], [1, 3]);
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("a session that fails is counted, and the next is served", async () => {
  let calls = 0;
  const { acceptor, counters, log, ended } = loopOf({
    serve: () => ++calls === 1 ? Promise.reject(new TypeError("broken")) : Promise.resolve(),
  });
  acceptor.dial(tcpAddress(50_001));
  acceptor.dial();
  await settled();
  assertEquals([calls, counters.failed], [2, 1]);
  assertEquals(log.happened, [
    { event: "failed", url: URL, peer: "127.0.0.1:50001", error: "broken" },
  ]);
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("a connection is served once its handshake is done, and others do not wait", async () => {
  using time = new FakeTime();
  const handshake = Promise.withResolvers<void>();
  const { acceptor, sessions, served, ended } = loopOf();
  const slow = connectionPair().server;
  slow.ready = () => handshake.promise;
  acceptor.offer(slow);
  acceptor.dial();
  await settled();
  assertEquals([served.length, served.includes(slow), sessions.size], [1, false, 1]);
  handshake.resolve();
  await settled();
  assertEquals([served.includes(slow), sessions.size, time.timers], [true, 0, 0]);
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("a handshake that takes too long is given up and counted", async () => {
  using time = new FakeTime();
  const { acceptor, counters, log, served, ended } = loopOf({ handshakeTimeoutMs: 500 });
  const { server } = connectionPair();
  server.ready = (signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  acceptor.offer(server);
  await time.advance(499);
  assertEquals(server.disposed, false);
  await time.advance(1);
  assertEquals([server.disposed, served.length], [true, 0]);
  assertEquals([counters.handshakesFailed, counters.failed], [1, 0]);
  assertEquals(log.only("failed").map(({ error }) => error), [
    "handshake: not finished within 500 ms",
  ]);
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("a handshake that fails is counted as one, with its reason", async () => {
  const { acceptor, counters, log, served, ended } = loopOf();
  const { server } = connectionPair();
  server.ready = () => Promise.reject(new Error("no shared cipher"));
  acceptor.offer(server);
  await settled();
  assertEquals([counters.handshakesFailed, served.length, server.disposed], [1, 0, true]);
  assertEquals(log.only("failed").map(({ error }) => error), ["handshake: no shared cipher"]);
  acceptor[Symbol.dispose]();
  await ended;
});

Deno.test("a shutdown ends handshakes, which have not failed then", async () => {
  using time = new FakeTime();
  const { acceptor, counters, sessions, log, ended } = loopOf();
  const { server } = connectionPair();
  server.ready = (signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  acceptor.offer(server);
  await settled();
  acceptor[Symbol.dispose]();
  sessions.drain();
  await sessions.idle;
  await ended;
  await settled();
  assertEquals([server.disposed, time.timers], [true, 0]);
  assertEquals(log.events, []);
  assertEquals([counters.failed, counters.handshakesFailed], [0, 0]);
});
