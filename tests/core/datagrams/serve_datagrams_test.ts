import { assertEquals } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import {
  type DatagramServerOptions,
  serveDatagrams,
} from "../../../core/datagrams/serve_datagrams.ts";
import { type DatagramLimits, datagramOptions } from "../../../core/limits.ts";
import { resolveOptions } from "../../../core/options/option.ts";
import type { Session } from "../../../core/session.ts";
import { textOf } from "../../../core/session.ts";
import { FakeTime, settled } from "../../fake_time.ts";
import { EventLog, MemoryDatagramSocket, stillContext, udpAddress, utf8 } from "../../memory.ts";

const URL = "udp://127.0.0.1:9999";

interface Setup {
  /** What the protocol does with a session. */
  readonly serve?: (session: Session) => Promise<void>;
  readonly limits?: Partial<DatagramLimits>;
  readonly reply?: "none" | "bounded" | "larger";
  readonly admits?: DatagramServerOptions["admits"];
  readonly socket?: MemoryDatagramSocket;
  readonly onDropped?: (dropped: () => void) => void;
}

async function echo(session: Session): Promise<void> {
  for await (const message of session) await session.send(message);
}

/** A server on a socket in memory. */
function serverOf(
  { serve = echo, limits = {}, reply = "bounded", admits = () => true, onDropped, ...rest }: Setup =
    {},
) {
  const socket = rest.socket ?? new MemoryDatagramSocket(udpAddress(9999));
  const log = new EventLog();
  const server = serveDatagrams({ url: URL, socket, ...(onDropped && { onDropped }) }, {
    admits,
    limits: resolveOptions(datagramOptions, limits),
    work: {
      protocol: { name: "test", framing: "none", datagramReply: reply },
      service: { serve, [Symbol.asyncDispose]: () => Promise.resolve() },
      layers: [],
      context: stillContext({ emit: log.tell }),
    },
  });
  return { server, socket, log };
}

Deno.test("each peer's datagrams are one session, and answers go to whom they are for", async () => {
  const { server, socket, log } = serverOf();
  const [one, other] = [udpAddress(5001), udpAddress(5002)];
  socket.arriveFrom(one, "a");
  socket.arriveFrom(other, "b");
  socket.arriveFrom(one, "c");
  await settled();
  const answersTo = (peer: Address) =>
    socket.sent.filter(({ to }) => to === peer).map(({ bytes }) => textOf(bytes));
  assertEquals([answersTo(one), answersTo(other)], [["a", "c"], ["b"]]);
  assertEquals(log.only("opened").map(({ peer }) => peer), ["127.0.0.1:5001", "127.0.0.1:5002"]);
  const { opened, open, messagesReceived, messagesSent } = server.stats();
  assertEquals([opened, open, messagesReceived, messagesSent], [2, 2, 3, 3]);
  await server.shutdown();
});

Deno.test("a message outlives the buffer that it arrived in", async () => {
  const kept: string[] = [];
  const { server, socket } = serverOf({
    async serve(session) {
      const all: Uint8Array[] = [];
      for await (const message of session) all.push(message as Uint8Array);
      kept.push(...all.map(textOf));
    },
  });
  const long = "long ".repeat(1000);
  socket.arriveFrom(udpAddress(5001), "short", long, "", "last");
  await settled();
  await server.shutdown();
  assertEquals(kept, ["short", long, "", "last"]);
});

Deno.test("a protocol that answers without reading answers every datagram once", async () => {
  let served = 0;
  const { server, socket } = serverOf({ serve: (session) => session.send(`${++served}`) });
  socket.arriveFrom(udpAddress(5001), "a", "b", "c");
  await settled();
  assertEquals(socket.sentTexts, ["1", "2", "3"]);
  assertEquals([server.stats().opened, server.stats().open], [3, 0]);
  await server.shutdown();
});

Deno.test("datagrams beyond a peer's inbox are dropped and counted", async () => {
  const first = Promise.withResolvers<void>();
  const { server, socket } = serverOf({
    limits: { inboxMessages: 4 },
    async serve(session) {
      await first.promise;
      await echo(session);
    },
  });
  for (let sent = 0; sent < 10; sent++) socket.arriveFrom(udpAddress(5001), `${sent}`);
  socket.arriveFrom(udpAddress(5002), "another peer");
  await settled();
  assertEquals(server.stats().inboxDropped, 6);
  first.resolve();
  await settled();
  assertEquals(socket.sentTexts.toSorted(), ["0", "1", "2", "3", "another peer"]);
  await server.shutdown();
});

Deno.test("datagrams that the socket itself drops are counted", async () => {
  let drop = () => {};
  const { server } = serverOf({ onDropped: (dropped) => drop = dropped });
  drop();
  drop();
  assertEquals(server.stats().inboxDropped, 2);
  await server.shutdown();
});

Deno.test("datagrams beyond the bytes kept for all peers are dropped, until some are read", async () => {
  const gate = Promise.withResolvers<void>();
  const { server, socket } = serverOf({
    limits: { inboxBytes: 10 },
    async serve(session) {
      await gate.promise;
      await echo(session);
    },
  });
  socket.arriveFrom(udpAddress(5001), "123456");
  socket.arriveFrom(udpAddress(5002), "12345", "1234");
  await settled();
  assertEquals(server.stats().inboxDropped, 1);
  gate.resolve();
  await settled();
  socket.arriveFrom(udpAddress(5002), "1234567890");
  await settled();
  assertEquals(server.stats().inboxDropped, 1, "the room came back");
  assertEquals(socket.sent.length, 3);
  await server.shutdown();
});

Deno.test("a flood that overflows one peer's inbox gives all its room back", async () => {
  const { server, socket } = serverOf({ limits: { inboxBytes: 100, inboxMessages: 5 } });
  for (let round = 0; round < 20; round++) {
    socket.arriveFrom(udpAddress(5001), ...Array.from({ length: 9 }, () => "0123456789"));
    await settled();
  }
  const { messagesReceived, messagesSent, inboxDropped } = server.stats();
  assertEquals([messagesReceived, messagesSent + inboxDropped], [180, 180]);
  const before = server.stats().inboxDropped;
  socket.arriveFrom(udpAddress(5001), "after the flood");
  await settled();
  assertEquals(server.stats().inboxDropped, before);
  assertEquals(socket.sentTexts.at(-1), "after the flood");
  await server.shutdown();
});

Deno.test("an oversized datagram is dropped and counted", async () => {
  const { server, socket } = serverOf({ limits: { maxMessageBytes: 5 } });
  socket.arriveFrom(udpAddress(5001), "123456", "12345");
  await settled();
  assertEquals(socket.sentTexts, ["12345"]);
  assertEquals([server.stats().oversized, server.stats().messagesReceived], [1, 1]);
  await server.shutdown();
});

Deno.test("a peer that is not admitted is not heard", async () => {
  const { server, socket, log } = serverOf({
    admits: (address) => "port" in address && address.hostname !== "192.0.2.1",
  });
  socket.arriveFrom(udpAddress(5001, "192.0.2.1"), "denied");
  socket.arriveFrom(udpAddress(5001, "192.0.2.2"), "admitted");
  await settled();
  assertEquals(socket.sentTexts, ["admitted"]);
  assertEquals([server.stats().denied, server.stats().messagesReceived], [1, 1]);
  const denied = { event: "denied", url: URL, peer: "192.0.2.1:5001", reason: "address" };
  assertEquals(log.happened.filter(({ event }) => event === "denied"), [denied]);
  await server.shutdown();
});

Deno.test("a full peer table refuses newcomers while every peer is being served", async () => {
  const gate = Promise.withResolvers<void>();
  const { server, socket } = serverOf({
    limits: { maxPeers: 2 },
    async serve(session) {
      await gate.promise;
      await echo(session);
    },
  });
  for (const port of [5001, 5002, 5003]) socket.arriveFrom(udpAddress(port), `${port}`);
  await settled();
  assertEquals(server.stats().peersRefused, 1);
  gate.resolve();
  await settled();
  assertEquals(socket.sentTexts.toSorted(), ["5001", "5002"]);
  await server.shutdown();
});

Deno.test("a peer that was answered and is silent gives way to a new one, the oldest first", async () => {
  const { server, socket, log } = serverOf({ limits: { maxPeers: 3 } });
  const say = async (port: number, text = "?") => {
    socket.arriveFrom(udpAddress(port), text);
    await settled();
  };
  for (const port of [5001, 5002, 5003, 5004, 5005]) await say(port);
  assertEquals(socket.sent.length, 5, "every newcomer is answered");
  assertEquals(log.only("closed").map(({ peer, reason }) => [peer, reason]), [
    ["127.0.0.1:5001", "gave way to a new peer"],
    ["127.0.0.1:5002", "gave way to a new peer"],
  ]);
  const { open, peersReplaced, peersRefused, failed } = server.stats();
  assertEquals([open, peersReplaced, peersRefused, failed], [3, 2, 0, 0]);
  await say(5001);
  assertEquals(socket.sent.length, 6, "one that gave way may come back");
  await server.shutdown();
});

for (const reply of ["bounded", "none"] as const) {
  Deno.test(`a flood from many ports ends no conversation and keeps nobody out (${reply})`, async () => {
    using _time = new FakeTime();
    const heard: string[] = [];
    const { server, socket, log } = serverOf({
      reply,
      limits: { maxPeers: 10 },
      async serve(session) {
        for await (const message of session) {
          heard.push(textOf(message));
          if (reply !== "none") await session.send(message);
        }
      },
    });
    const say = async (port: number, text: string) => {
      socket.arriveFrom(udpAddress(port), text);
      await settled();
    };
    await say(5001, "hello");
    await say(5001, "and more");
    for (let port = 10_000; port < 10_100; port++) socket.arriveFrom(udpAddress(port), "flood");
    await settled();
    await say(5001, "still here");
    await say(5002, "new");
    assertEquals(heard.filter((text) => text !== "flood"), [
      "hello",
      "and more",
      "still here",
      "new",
    ]);
    assertEquals(log.only("opened").filter(({ peer }) => peer === "127.0.0.1:5001").length, 1);
    await server.shutdown();
  });
}

Deno.test("peers that all are in a conversation give way once they have been silent", async () => {
  using time = new FakeTime();
  const { server, socket, log } = serverOf({ limits: { maxPeers: 2, peerTimeoutMs: 60_000 } });
  const say = async (port: number) => {
    socket.arriveFrom(udpAddress(port), `${port}`);
    await settled();
  };
  for (const port of [5001, 5002, 5001, 5002, 5003]) await say(port);
  assertEquals(server.stats().peersRefused, 1);
  await time.advance(9000);
  await say(5001);
  await say(5003);
  assertEquals(server.stats().peersRefused, 2);
  await time.advance(1000);
  for (let twice = 0; twice < 2; twice++) await say(5003);
  assertEquals(socket.sentTexts.at(-1), "5003");
  await say(5004);
  assertEquals(server.stats().peersRefused, 3, "5001 has been silent for one second");
  assertEquals(log.only("closed").map(({ peer }) => peer), ["127.0.0.1:5002"]);
  await server.shutdown();
});

Deno.test("a peer that waits for its first answer is kept", async () => {
  using _time = new FakeTime();
  const answers: (() => Promise<void>)[] = [];
  const { server, socket } = serverOf({
    limits: { maxPeers: 1 },
    // As a relay does: it reads on while the answer is on its way.
    async serve(session) {
      for await (const message of session) answers.push(() => session.send(message));
    },
  });
  const say = async (port: number) => {
    socket.arriveFrom(udpAddress(port), `${port}`);
    await settled();
  };
  await say(5001);
  await say(5002);
  assertEquals([server.stats().peersRefused, answers.length], [1, 1]);
  await answers[0]!();
  await say(5002);
  assertEquals([server.stats().peersReplaced, answers.length], [1, 2]);
  await server.shutdown();
});

Deno.test("a full peer table forgets the peer first whose session is over longest", async () => {
  using _time = new FakeTime();
  const limits = { maxPeers: 2, replyRatePerSecond: 1 };
  const { server, socket } = serverOf({ limits, serve: (session) => session.send("answer") });
  const peer = (port: number): Address => udpAddress(port, "192.0.2.1");
  for (const port of [5001, 5002, 5003]) {
    socket.arriveFrom(peer(port), "?");
    await settled();
  }
  assertEquals([socket.sent.length, server.stats().peersRefused], [3, 0]);
  socket.arriveFrom(peer(5003), "?");
  socket.arriveFrom(peer(5002), "?");
  await settled();
  assertEquals([socket.sent.length, server.stats().repliesLimited], [3, 2], "both are remembered");
  socket.arriveFrom(peer(5001), "?");
  await settled();
  assertEquals(socket.sent.length, 4, "5001 was forgotten, and is a newcomer");
  await server.shutdown();
});

Deno.test("a peer with an open session is not forgotten, though it had one before", async () => {
  let opened = 0;
  const { server, socket } = serverOf({
    limits: { maxPeers: 1 },
    serve: (session) => ++opened === 1 ? session.send("brief") : echo(session),
  });
  for (const text of ["?", "stays"]) {
    socket.arriveFrom(udpAddress(5001), text);
    await settled();
  }
  socket.arriveFrom(udpAddress(5002), "newcomer");
  socket.arriveFrom(udpAddress(5001), "still here");
  await settled();
  assertEquals(socket.sentTexts, ["brief", "stays", "still here"]);
  assertEquals(server.stats().peersRefused, 1);
  await server.shutdown();
});

Deno.test("an answering protocol does not answer ports that could answer back", async () => {
  const { server, socket } = serverOf();
  for (const port of [7, 1023, 9999]) socket.arriveFrom(udpAddress(port, "192.0.2.1"), "loop?");
  socket.arriveFrom(udpAddress(1024, "192.0.2.1"), "fine");
  await settled();
  assertEquals(socket.sentTexts, ["fine"]);
  assertEquals(server.stats().loopsRefused, 3);
  await server.shutdown();
});

Deno.test("a protocol that never answers hears every port", async () => {
  const heard: string[] = [];
  const { server, socket } = serverOf({
    reply: "none",
    async serve(session) {
      for await (const message of session) heard.push(textOf(message));
    },
  });
  for (const port of [7, 9999]) socket.arriveFrom(udpAddress(port), `${port}`);
  await settled();
  assertEquals(heard, ["7", "9999"]);
  assertEquals(server.stats().loopsRefused, 0);
  await server.shutdown();
});

Deno.test("answers to a peer beyond loopback are limited, and the rest counted", async () => {
  using _time = new FakeTime();
  const { server, socket } = serverOf({ limits: { replyRatePerSecond: 2 } });
  socket.arriveFrom(udpAddress(5001, "192.0.2.1"), "a", "b", "c", "d");
  socket.arriveFrom(udpAddress(5001), "local", "local", "local");
  await settled();
  assertEquals(socket.sentTexts.filter((text) => text !== "local"), ["a", "b"]);
  assertEquals(socket.sentTexts.filter((text) => text === "local").length, 3);
  assertEquals(server.stats().repliesLimited, 2);
  await server.shutdown();
});

Deno.test("an unnamed Unix peer is heard, and that it cannot be answered is counted", async () => {
  const socket = new MemoryDatagramSocket({ transport: "unixgram", path: "/tmp/server" });
  const { server, log } = serverOf({ socket });
  socket.arriveFrom({ transport: "unixgram", path: "" }, "hello");
  socket.arriveFrom({ transport: "unixgram", path: "/tmp/peer" }, "hello");
  await settled();
  assertEquals(socket.sent.map(({ to }) => to), [{ transport: "unixgram", path: "/tmp/peer" }]);
  assertEquals([server.stats().unanswerable, server.stats().messagesReceived], [1, 2]);
  assertEquals(log.only("opened").map(({ peer }) => peer), ["unnamed", "/tmp/peer"]);
  await server.shutdown();
});

Deno.test("an idle peer's session is ended and counted", async () => {
  using time = new FakeTime();
  const { server, socket, log } = serverOf({ limits: { peerTimeoutMs: 1000 } });
  socket.arriveFrom(udpAddress(5001), "a");
  await time.advance(1000);
  assertEquals([server.stats().open, server.stats().idle], [1, 0]);
  await time.advance(250);
  assertEquals([server.stats().open, server.stats().idle], [0, 1]);
  assertEquals(log.only("closed").map(({ peer, reason }) => [peer, reason]), [
    ["127.0.0.1:5001", "idle"],
  ]);
  socket.arriveFrom(udpAddress(5001), "back");
  await settled();
  assertEquals(socket.sentTexts, ["a", "back"]);
  await server.shutdown();
});

Deno.test("a peer without a session is forgotten in time, uncounted", async () => {
  using time = new FakeTime();
  const limits = { maxPeers: 1, peerTimeoutMs: 1000, replyRatePerSecond: 1 };
  const { server, socket } = serverOf({ limits, serve: (session) => session.send("answer") });
  const peer = udpAddress(5001, "192.0.2.1");
  socket.arriveFrom(peer, "?");
  await time.advance(1600);
  assertEquals(server.stats().idle, 0);
  await server.shutdown();
  assertEquals(time.timers, 0);
});

Deno.test("a session that fails is counted, and its peer is served again", async () => {
  let calls = 0;
  const { server, socket, log } = serverOf({
    async serve(session) {
      if (++calls === 1) throw new TypeError("broken");
      await echo(session);
    },
  });
  socket.arriveFrom(udpAddress(5001), "a");
  await settled();
  socket.arriveFrom(udpAddress(5001), "b");
  await settled();
  assertEquals(socket.sentTexts, ["b"]);
  assertEquals(server.stats().failed, 1);
  assertEquals(log.only("closed").map(({ reason }) => reason), ["broken"]);
  await server.shutdown();
});

Deno.test("receiving that fails is counted, waited out and tried again", async () => {
  using time = new FakeTime();
  const { server, socket, log } = serverOf();
  socket.arrive(new Error("No buffer space available (os error 105)"));
  socket.arriveFrom(udpAddress(5001), "after");
  await settled();
  assertEquals(socket.sent.length, 0);
  await time.advance(75);
  assertEquals(socket.sentTexts, ["after"]);
  assertEquals(server.stats().acceptFailures, 1);
  assertEquals(log.only("accept-failed").map(({ error }) => error), [
    "No buffer space available (os error 105)",
  ]);
  await server.shutdown();
});

Deno.test("the end of a peer that a layer reports ends its session", async () => {
  const { server, socket, log } = serverOf();
  socket.arriveFrom(udpAddress(5001), "a");
  socket.arrive({ from: udpAddress(5001), ended: "the peer said so" });
  socket.arrive({ from: udpAddress(5002), ended: "nobody knows it" });
  await settled();
  assertEquals(
    log.only("closed").map(({ reason, bytesReceived, bytesSent }) => ({
      reason,
      bytesReceived,
      bytesSent,
    })),
    [{ reason: "the peer said so", bytesReceived: 1, bytesSent: 1 }],
  );
  assertEquals(server.stats().failed, 0, "that is an end in good order");
  await server.shutdown();
});

Deno.test("a shutdown lets what has arrived be answered, and takes nothing more", async () => {
  const { server, socket } = serverOf();
  const gate = Promise.withResolvers<void>();
  socket.sending = gate.promise;
  socket.arriveFrom(udpAddress(5001), "a", "b");
  await settled();
  const down = server.shutdown();
  socket.arriveFrom(udpAddress(5001), "late");
  socket.arriveFrom(udpAddress(5002), "late and new");
  await settled();
  assertEquals([socket.disposed, socket.sent.length], [false, 0]);
  gate.resolve();
  await down;
  assertEquals(socket.sentTexts, ["a", "b"]);
  assertEquals(socket.disposed, true);
  assertEquals([server.stats().messagesReceived, server.stats().opened], [2, 1]);
  await server.finished;
});

Deno.test("a shutdown whose grace is over ends sessions that still answer", async () => {
  using time = new FakeTime();
  const { server, socket, log } = serverOf({
    serve: (session) =>
      new Promise((resolve) => session.signal.addEventListener("abort", () => resolve())),
  });
  socket.arriveFrom(udpAddress(5001), "a");
  await settled();
  const down = server.shutdown({ graceMs: 500 });
  await time.advance(499);
  assertEquals(socket.disposed, false);
  await time.advance(1);
  await down;
  assertEquals(log.only("closed").map(({ reason }) => reason), ["shutdown"]);
  assertEquals(time.timers, 0);
});

Deno.test("disposing of a server ends it now", async () => {
  const { server, socket } = serverOf({
    serve: (session) =>
      new Promise((resolve) => session.signal.addEventListener("abort", () => resolve())),
  });
  socket.arriveFrom(udpAddress(5001), "a");
  await settled();
  await server[Symbol.asyncDispose]();
  assertEquals(socket.disposed, true);
  await server[Symbol.asyncDispose]();
});

Deno.test("an empty datagram is a message like any other", async () => {
  const { server, socket } = serverOf();
  socket.arriveFrom(udpAddress(5001), utf8(""));
  await settled();
  assertEquals(socket.sentTexts, [""]);
  await server.shutdown();
});

Deno.test("who a layer says a peer is, its session says; another with its address is another", async () => {
  const identity = (name: string) => ({ name, source: "psk", fingerprint: "" }) as const;
  const seen: (string | undefined)[] = [];
  const late = Promise.withResolvers<void>();
  const { server, socket, log } = serverOf({
    async serve(session) {
      seen.push(session.identity?.name);
      for await (const _message of session);
      await late.promise;
      await session.send(`late words for ${session.identity?.name}`);
    },
  });
  const from = udpAddress(5001);
  socket.arrive({ from, bytes: utf8("1"), identity: identity("alice") });
  socket.arrive({ from, ended: "gone" });
  socket.arrive({ from, bytes: utf8("2"), identity: identity("mallory") });
  await settled();
  assertEquals(seen, ["alice", "mallory"]);
  late.resolve();
  await settled();
  assertEquals(socket.sentTexts, [], "what was for alice does not reach mallory");
  assertEquals(log.only("closed").map(({ reason }) => reason), ["gone"]);
  await server.shutdown({ graceMs: 0 });
});

/** A socket that holds its peers back, and says when one has no more to say. */
function heldBackSocket(): MemoryDatagramSocket & { consumedBytes: number[] } {
  const consumedBytes: number[] = [];
  return Object.assign(new MemoryDatagramSocket(), {
    consumedBytes,
    consumed: (_from: Address, bytes: number) => void consumedBytes.push(bytes),
  });
}

Deno.test("a socket that holds its peers back loses nothing and hears what was read", async () => {
  const socket = heldBackSocket();
  const { server } = serverOf({ socket, limits: { inboxMessages: 1 } });
  const peer = udpAddress(5001);
  for (const text of ["a", "bb", "ccc"]) socket.arriveFrom(peer, text);
  await settled();
  assertEquals(socket.sentTexts, ["a", "bb", "ccc"]);
  assertEquals(socket.consumedBytes, [1, 2, 3]);
  assertEquals(server.stats().inboxDropped, 0);
  await server.shutdown();
});

Deno.test("a peer that will send no more is still answered, then forgotten", async () => {
  const forgotten: Address[] = [];
  const socket = Object.assign(heldBackSocket(), {
    forget: (to: Address) => void forgotten.push(to),
  });
  const { server, log } = serverOf({
    socket,
    async serve(session) {
      let count = 0;
      for await (const _message of session) count++;
      await session.send(`${count} messages`);
    },
  });
  const peer = udpAddress(5001);
  socket.arriveFrom(peer, "a");
  socket.arriveFrom(peer, "b");
  await settled();
  socket.arrive({ from: peer, finished: true });
  await settled();
  assertEquals(socket.sentTexts, ["2 messages"]);
  assertEquals(forgotten, [peer]);
  assertEquals(log.only("closed").map((event) => event.reason), ["done"]);
  await server.shutdown();
});

Deno.test("a session carries the messages of one identity, whatever comes from its address", async () => {
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const { server, socket, log } = serverOf({
    async serve(session) {
      for await (const message of session) {
        seen.push(`${session.identity?.name}: ${textOf(message)}`);
        await gate.promise;
        await session.send(`for ${session.identity?.name}`);
      }
    },
  });
  const from = udpAddress(5001);
  const say = (text: string, name?: string) =>
    socket.arrive({
      from,
      bytes: utf8(text),
      ...(name && { identity: { name, source: "signature", fingerprint: name } }),
    });
  say("1", "alice");
  await settled();
  say("2", "alice");
  say("3", "bob");
  say("4", "bob");
  say("5");
  await settled();
  assertEquals(seen, ["alice: 1", "bob: 3", "undefined: 5"]);
  gate.resolve();
  await settled();
  const whose = { 1: "alice", 2: "alice", 3: "bob", 4: "bob", 5: "undefined" };
  for (const line of seen) {
    const [name, text] = line.split(": ");
    assertEquals(name, whose[Number(text) as keyof typeof whose]);
  }
  assertEquals(socket.sentTexts, ["for undefined"], "nobody gets another's answers");
  assertEquals(log.only("closed").map(({ reason }) => reason), [
    "another peer has its address",
    "another peer has its address",
  ]);
  await server.shutdown({ graceMs: 0 });
});

Deno.test("a socket that holds its peers back hears of every message that is dropped", async () => {
  const consumed: number[] = [];
  const socket = Object.assign(new MemoryDatagramSocket(udpAddress(9999)), {
    consumed: (_from: Address, bytes: number) => void consumed.push(bytes),
  });
  const { server } = serverOf({
    socket,
    limits: { maxPeers: 1, maxMessageBytes: 10 },
    serve: ({ signal }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
  });
  socket.arriveFrom(udpAddress(7), "a");
  socket.arriveFrom(udpAddress(5001), "kept", "more than ten");
  socket.arriveFrom(udpAddress(5002), "table");
  await settled();
  assertEquals(consumed, [1, 13, 5]);
  await server.shutdown({ graceMs: 0 });
});

Deno.test("a peer that a layer tells of another address goes on in its session from there", async () => {
  const { server, socket, log } = serverOf();
  const [from, to] = [udpAddress(5001), udpAddress(5002)];
  socket.arriveFrom(from, "a");
  socket.arriveFrom(to, "of the one that had the address before");
  await settled();
  socket.arrive({ from, movedTo: to });
  socket.arriveFrom(to, "b");
  socket.arriveFrom(from, "c");
  await settled();
  const answersTo = (peer: Address) =>
    socket.sent.filter((one) => one.to === peer).map(({ bytes }) => textOf(bytes));
  assertEquals(answersTo(to).at(-1), "b");
  assertEquals(answersTo(from), ["a", "c"]);
  const [moved] = log.only("moved");
  const [first, second, third] = log.only("opened").map(({ session }) => session);
  assertEquals(
    [moved!.session, moved!.peer, moved!.from, moved!.to],
    [first, "127.0.0.1:5002", "127.0.0.1:5001", "127.0.0.1:5002"],
  );
  assertEquals(log.only("closed").map(({ session, reason }) => [session, reason]), [
    [second, "another peer has its address"],
  ]);
  assertEquals(third !== undefined, true);
  assertEquals(server.stats().peersMoved, 1);
  await server.shutdown();
});
