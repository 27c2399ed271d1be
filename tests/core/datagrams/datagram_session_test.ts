import { assertEquals, assertRejects } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import { createCounters } from "../../../core/counters.ts";
import { DatagramClientSession } from "../../../core/datagrams/client_session.ts";
import {
  DatagramPeer,
  type DatagramPeerOptions,
} from "../../../core/datagrams/datagram_session.ts";
import { textOf } from "../../../core/session.ts";
import { FakeTime, settled } from "../../fake_time.ts";
import { MemoryDatagramSocket, udpAddress, utf8 } from "../../memory.ts";

/** A peer on a socket in memory. */
function peerOf(address: Address, options: Partial<DatagramPeerOptions> = {}) {
  const socket = new MemoryDatagramSocket();
  const counters = createCounters();
  const peer = new DatagramPeer({
    address,
    socket,
    counters,
    maxMessageBytes: 1000,
    inboxMessages: 10,
    inboxRoom: { bytes: 1000 },
    replyRatePerSecond: 3,
    ...options,
  });
  return { peer, socket, counters };
}

/** How many of this many answers leave. */
async function answered(address: Address, answers: number): Promise<number> {
  const { peer, socket } = peerOf(address);
  const session = peer.open();
  for (let sent = 0; sent < answers; sent++) await session.send("answer");
  return socket.sent.length;
}

Deno.test("a datagram session yields each datagram as one message", async () => {
  const { peer } = peerOf(udpAddress(5000));
  const session = peer.open();
  for (const text of ["one", "", "two"]) assertEquals(session.deliver(utf8(text)), true);
  session.close();
  const messages: string[] = [];
  for await (const message of session) messages.push(textOf(message));
  assertEquals(messages, ["one", "", "two"]);
  assertEquals(session.bytesReceived, 6);
});

Deno.test("a datagram session sends one datagram a message to its peer, and counts it", async () => {
  const { peer, socket, counters } = peerOf(udpAddress(5000));
  const session = peer.open();
  await session.send("é");
  await session.send("");
  assertEquals(socket.sent, [
    { to: udpAddress(5000), bytes: utf8("é") },
    { to: udpAddress(5000), bytes: new Uint8Array(0) },
  ]);
  assertEquals([session.bytesSent, counters.bytesSent, counters.messagesSent], [2, 2, 2]);
});

Deno.test("a message that no datagram holds is refused with both sizes", async () => {
  const { peer } = peerOf(udpAddress(5000), {
    socket: new MemoryDatagramSocket(udpAddress(9999), 100),
  });
  const session = peer.open();
  assertEquals(session.maxMessageBytes, 100);
  await session.send(new Uint8Array(100));
  assertEquals(
    (await assertRejects(() => session.send(new Uint8Array(101)), RangeError)).message,
    "Cannot send 101 bytes: a datagram here holds at most 100",
  );
});

Deno.test("answers to a peer beyond loopback are limited by the second", async () => {
  using time = new FakeTime();
  const { peer, socket, counters } = peerOf(udpAddress(5000, "192.0.2.1"));
  const session = peer.open();
  for (let sent = 0; sent < 5; sent++) await session.send("answer");
  assertEquals([socket.sent.length, counters.repliesLimited], [3, 2]);
  assertEquals(counters.messagesSent, 3);
  await time.advance(1000);
  for (let sent = 0; sent < 5; sent++) await session.send("answer");
  assertEquals([socket.sent.length, counters.repliesLimited], [6, 4]);
});

Deno.test("a new session with the same peer has no new answers", async () => {
  using _time = new FakeTime();
  const { peer, socket } = peerOf(udpAddress(5000, "192.0.2.1"));
  for (let opened = 0; opened < 5; opened++) {
    const session = peer.open();
    await session.send("answer");
    session.close();
  }
  assertEquals(socket.sent.length, 3);
});

Deno.test("answers that stay on this machine are not limited", async () => {
  using _time = new FakeTime();
  assertEquals(await answered(udpAddress(5000), 50), 50);
  assertEquals(await answered(udpAddress(5000, "::1"), 50), 50);
  assertEquals(await answered({ transport: "unixgram", path: "/tmp/peer" }, 50), 50);
});

Deno.test("a Unix peer without an address cannot be answered, which is counted", async () => {
  const { peer, socket, counters } = peerOf({ transport: "unixgram", path: "" });
  await peer.open().send("answer");
  assertEquals([socket.sent.length, counters.unanswerable, counters.messagesSent], [0, 1, 0]);
});

Deno.test("what a protocol left unread opens the next session, but for what opened this one", async () => {
  const { peer } = peerOf(udpAddress(5000));
  const unasked = peer.open();
  for (const text of ["opened it", "second", "third"]) unasked.deliver(utf8(text));
  assertEquals(unasked.takeUnread().map(textOf), ["second", "third"]);

  const reader = peer.open();
  for (const text of ["read", "second", "third"]) reader.deliver(utf8(text));
  await reader.next();
  assertEquals(reader.takeUnread().map(textOf), ["second", "third"]);
});

Deno.test("drain() lets a datagram session read what has arrived, and no more", async () => {
  const { peer } = peerOf(udpAddress(5000));
  const session = peer.open();
  session.deliver(utf8("arrived"));
  session.drain();
  assertEquals(session.deliver(utf8("late")), false);
  const messages: string[] = [];
  for await (const message of session) messages.push(textOf(message));
  assertEquals(messages, ["arrived"]);
  assertEquals(session.reason, "shutdown");
});

Deno.test("close() ends a datagram session's input and aborts its signal", async () => {
  const { peer } = peerOf(udpAddress(5000));
  const session = peer.open();
  const { signal } = session;
  const reading = session.next();
  session.close("idle");
  session.close("again");
  assertEquals(await reading, { done: true, value: undefined });
  assertEquals([signal.aborted, session.reason], [true, "idle"]);
  const late = peer.open();
  late.close();
  assertEquals(late.signal.aborted, true);
});

Deno.test("end() tells the peer where a layer can", async () => {
  const { peer, socket } = peerOf(udpAddress(5000));
  await peer.open().end();
  assertEquals(socket.ended, [udpAddress(5000)]);
});

Deno.test("a dialled datagram session hears its peer alone", async () => {
  const socket = new MemoryDatagramSocket(udpAddress(40_000));
  using session = new DatagramClientSession(socket, udpAddress(9), 100);
  socket.arriveFrom(udpAddress(10), "a stranger's port");
  socket.arriveFrom(udpAddress(9, "127.0.0.2"), "a stranger's host");
  socket.arriveFrom({ transport: "unixgram", path: "/a" }, "a stranger's kind");
  socket.arriveFrom(udpAddress(9), "the peer");
  const { value } = await session.next();
  assertEquals(textOf(value ?? ""), "the peer");
});

Deno.test("a dialled datagram session passes over what is larger than its limit", async () => {
  const socket = new MemoryDatagramSocket(udpAddress(40_000));
  using session = new DatagramClientSession(socket, udpAddress(9), 5);
  socket.arriveFrom(udpAddress(9), "123456", "12345");
  assertEquals(textOf((await session.next()).value ?? ""), "12345");
});

Deno.test("a dialled datagram session ends when its peer does or when it is closed", async () => {
  const socket = new MemoryDatagramSocket(udpAddress(40_000));
  const session = new DatagramClientSession(socket, udpAddress(9), 100);
  socket.arrive({ from: udpAddress(10), ended: "a stranger" });
  socket.arrive({ from: udpAddress(9), ended: "done" });
  assertEquals((await session.next()).done, true);
  const reading = session.next();
  await settled();
  session.close();
  assertEquals((await reading).done, true);
  assertEquals([socket.disposed, session.signal.aborted], [true, true]);
});

Deno.test("a dialled datagram session refuses what no datagram holds", async () => {
  const socket = new MemoryDatagramSocket(udpAddress(40_000), 10);
  using session = new DatagramClientSession(socket, udpAddress(9), 100);
  assertEquals(session.maxMessageBytes, 10);
  assertEquals(
    (await assertRejects(() => session.send("12345678901"), RangeError)).message,
    "Cannot send 11 bytes: a datagram here holds at most 10",
  );
  await session.send("1234567890");
  assertEquals(socket.sentTexts, ["1234567890"]);
});

Deno.test("a client's session hears nobody but the first who proved who it is", async () => {
  const socket = new MemoryDatagramSocket();
  using session = new DatagramClientSession(socket, udpAddress(9), 100);
  const say = (text: string, name: string) =>
    socket.arrive({
      from: udpAddress(9),
      bytes: utf8(text),
      identity: { name, source: "psk", fingerprint: name },
    });
  say("1", "harbour");
  say("2", "mallory");
  say("3", "harbour");
  const messages = session[Symbol.asyncIterator]();
  for (const expected of ["1", "3"]) {
    assertEquals(textOf((await messages.next()).value!), expected);
  }
  assertEquals(session.identity?.name, "harbour");
});
