import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import type { Identity } from "../../../core/session.ts";
import { UndeliveredError } from "../../../core/undelivered_error.ts";
import { encodeHello, encodeReset } from "../../../layers/reliable/wire/handshake.ts";
import { kindOf, kinds, newConnectionId } from "../../../layers/reliable/wire/prefix.ts";
import { settled } from "../../fake_time.ts";
import { udpAddress, utf8 } from "../../memory.ts";
import { seeded } from "../../seeded.ts";
import { Harbour, SERVER } from "./harbour.ts";

const TERMS = { maxMessageBytes: 1000, windowBytes: 65_536 };

const identityOf = (name: string): Identity => ({ name, source: "signature", fingerprint: name });

Deno.test("a sender that has not proved its address costs no memory and gets less than it sent", async () => {
  using harbour = new Harbour();
  for (let port = 1000; port < 3000; port++) {
    const hello = encodeHello(newConnectionId(), TERMS, new Uint8Array(20).fill(port));
    harbour.inner.arrive({ from: udpAddress(port, "198.51.100.1"), bytes: hello });
    await settled();
    const [answer, ...others] = harbour.inner.sent.splice(0);
    assertEquals([kindOf(answer!.bytes), others.length], [kinds.retry, 0]);
    assert(answer!.bytes.length < hello.length);
  }
  assertEquals([harbour.socket.peers, harbour.clock.timers], [0, 0]);
});

Deno.test("a cookie of another address, or of another hello, is none", async () => {
  using harbour = new Harbour();
  const id = newConnectionId();
  const [one, other] = [udpAddress(1000), udpAddress(1001)];
  harbour.inner.arrive({ from: one, bytes: encodeHello(id, TERMS) });
  await settled();
  const cookie = harbour.inner.sent.splice(0)[0]!.bytes.slice(14);
  harbour.inner.arrive({ from: other, bytes: encodeHello(id, TERMS, cookie) });
  harbour.inner.arrive({ from: one, bytes: encodeHello(newConnectionId(), TERMS, cookie) });
  await settled();
  assertEquals(harbour.inner.sent.splice(0).map(({ bytes }) => kindOf(bytes)), [2, 2]);
  harbour.clock.advance(121_000);
  harbour.inner.arrive({ from: one, bytes: encodeHello(id, TERMS, cookie) });
  await settled();
  assertEquals(harbour.inner.sent.splice(0).map(({ bytes }) => kindOf(bytes)), [2], "too old");
  assertEquals(harbour.socket.peers, 0);
});

Deno.test("peers send and are answered, each on its own", async () => {
  using harbour = new Harbour();
  const [one, other] = [harbour.client(1000), harbour.client(1001)];
  await Promise.all([one.connect(), other.connect()]);
  await one.socket.send(utf8("one"));
  await other.socket.send(utf8("other"));
  await harbour.run(50);
  assertEquals(harbour.texts.sort(), ["one", "other"]);
  await harbour.socket.send(utf8("answer"), one.address);
  const answer = one.socket.receive();
  await harbour.run(50);
  const datagram = await answer;
  assert(datagram !== null && "bytes" in datagram);
  assertEquals(new TextDecoder().decode(datagram.bytes), "answer");
  assertEquals(harbour.socket.delivery(one.address)?.acknowledged, 1);
  await harbour.socket.delivered(one.address);
});

Deno.test("an end arrives after everything, and both halves ended is the end of all", async () => {
  using harbour = new Harbour();
  const client = harbour.client(1000);
  await client.connect();
  await client.socket.send(utf8("last words"));
  const ended = client.socket.end();
  await harbour.run(100);
  await ended;
  assertEquals(harbour.events.length, 2);
  assertEquals(harbour.events[1], { from: client.address, finished: true });
  const back = harbour.socket.end(client.address);
  await harbour.run(100);
  await back;
  assertEquals(await client.socket.receive(), { from: SERVER, finished: true });
  assertEquals(await client.socket.receive(), { from: SERVER, ended: "both sides have ended" });
  assertEquals(harbour.events[2], { from: client.address, ended: "both sides have ended" });
  await harbour.run(30_000);
  assertEquals([harbour.socket.peers, harbour.clock.timers], [0, 0]);
});

Deno.test("a full table refuses, unless somebody in it only lingers", async () => {
  using harbour = new Harbour({ maxPeers: 1 });
  const first = harbour.client(1000);
  await first.connect();
  const second = harbour.client(1001);
  const connecting = second.socket.connect(SERVER, new AbortController().signal);
  await harbour.run(1000);
  assert(harbour.counters.peersRefused > 0);
  void first.socket.end();
  void harbour.socket.end(first.address);
  await harbour.run(5000);
  await connecting;
  assertEquals(harbour.socket.peers, 1);
});

Deno.test("one host has a share of the table, and leaves the rest to others", async () => {
  using harbour = new Harbour({ maxPeers: 40 });
  const hosts = ["192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"];
  const refused: number[] = [];
  for (const [index, host] of hosts.entries()) {
    const before = harbour.counters.peersRefused;
    for (let port = 0; port < 7; port++) {
      const client = harbour.client(1000 + 100 * index + port, host);
      client.socket.connect(SERVER, new AbortController().signal).catch(() => {});
    }
    await harbour.run();
    refused.push(harbour.counters.peersRefused - before);
  }
  // A quarter of 40, and the two that begin with 2001:db8:0:0 are one.
  assertEquals([refused, harbour.socket.peers], [[0, 0, 4, 0], 24]);
  // One that goes makes room for another of its host.
  const [left] = harbour.clients.splice(7, 1);
  left!.socket[Symbol.dispose]();
  await harbour.run(10);
  for (const { bytes } of left!.inner.sent) harbour.inner.arrive({ from: left!.address, bytes });
  await harbour.run(1000);
  assertEquals(harbour.socket.peers, 24);
});

Deno.test("--reliable-host-peers sets the share of a host", async () => {
  using harbour = new Harbour({ maxPeers: 40, hostPeers: 1 });
  await harbour.client(1000).connect();
  const second = harbour.client(1001).socket;
  second.connect(SERVER, new AbortController().signal).catch(() => {});
  await harbour.run(100);
  assertEquals(harbour.socket.peers, 1);
  assert(harbour.counters.peersRefused > 0);
});

Deno.test("a datagram of an association with another identity is dropped", async () => {
  using harbour = new Harbour();
  const client = harbour.client(1000);
  harbour.identities.set(client.address, identityOf("ann"));
  await client.connect();
  await client.socket.send(utf8("hello"));
  await harbour.run(50);
  const [hello] = harbour.events;
  assert(hello !== undefined && "bytes" in hello);
  assertEquals(hello.identity?.name, "ann");
  harbour.identities.set(client.address, identityOf("eve"));
  await client.socket.send(utf8("me too"));
  await harbour.run(50);
  assertEquals(harbour.events.length, 1);
  assert(harbour.counters.forged > 0);
  harbour.identities.set(client.address, identityOf("ann"));
  await harbour.run(2000);
  assertEquals(harbour.texts, ["hello", "me too"]);
});

Deno.test("a HELLO that comes again after a while is answered as before, and ends nothing", async () => {
  using harbour = new Harbour();
  const client = harbour.client(1);
  const hellos: Uint8Array[] = [];
  const accepts: Uint8Array[] = [];
  const carried = harbour.inner.arrive.bind(harbour.inner);
  harbour.inner.arrive = (datagram) => {
    if ("bytes" in datagram && kindOf(datagram.bytes) === kinds.hello) hellos.push(datagram.bytes);
    carried(datagram);
  };
  const heard = client.inner.arrive.bind(client.inner);
  client.inner.arrive = (datagram) => {
    if ("bytes" in datagram && kindOf(datagram.bytes) === kinds.accept) {
      accepts.push(datagram.bytes);
    }
    heard(datagram);
  };
  await client.connect();
  await client.socket.send(utf8("one"));
  await harbour.run(100);
  carried({ from: client.address, bytes: hellos.at(-1)! });
  await harbour.run(100);
  await client.socket.send(utf8("two"));
  await harbour.run(100);
  assertEquals(harbour.texts, ["one", "two"]);
  assertEquals(accepts.length, 2);
  assertEquals(accepts[1], accepts[0]);
  assertEquals(harbour.socket.peers, 1);
});

Deno.test("whoever begins anew from the same address replaces what was there", async () => {
  using harbour = new Harbour();
  const first = harbour.client(1000);
  await first.connect();
  await first.socket.send(utf8("before"));
  await harbour.run(50);
  harbour.clients.splice(0);
  const second = harbour.client(1000);
  await second.connect();
  await second.socket.send(utf8("after"));
  await harbour.run(50);
  const from = first.address;
  assertEquals(harbour.events[1], { from, ended: "the peer began anew" });
  assertEquals(harbour.texts, ["before", "after"]);
  assertEquals(harbour.socket.peers, 1);
  first.socket[Symbol.dispose]();
});

Deno.test("a server that has forgotten us says so; forged words of that kind change nothing", async () => {
  using harbour = new Harbour();
  const client = harbour.client(1000);
  await client.connect();
  for (let guess = 0; guess < 100; guess++) {
    client.inner.arrive({ from: SERVER, bytes: encodeReset(newConnectionId()) });
    harbour.inner.arrive({ from: client.address, bytes: encodeReset(newConnectionId()) });
  }
  await harbour.run(10);
  assertEquals([client.counters.stale, harbour.counters.stale], [100, 100]);
  // The server starts anew.
  using restarted = new Harbour();
  restarted.clients.push(client);
  await client.socket.send(utf8("hello?"));
  const heard = client.socket.receive();
  const failed = assertRejects(
    () => heard,
    UndeliveredError,
    "it may have started anew; no message was delivered, message 1 was not",
  );
  await restarted.run(2000);
  await failed;
  await assertRejects(() => client.socket.send(utf8("again")), UndeliveredError);
});

Deno.test("a peer that says nothing after its handshake is forgotten soon, an idle one later", async () => {
  using harbour = new Harbour();
  // It proves its address, and is not heard of again.
  const [id, from] = [newConnectionId(), udpAddress(1000)];
  harbour.inner.arrive({ from, bytes: encodeHello(id, TERMS) });
  await settled();
  const cookie = harbour.inner.sent.splice(0)[0]!.bytes.slice(14);
  harbour.inner.arrive({ from, bytes: encodeHello(id, TERMS, cookie) });
  await settled();
  assertEquals(harbour.socket.peers, 1);
  await harbour.run(11_000);
  assertEquals(harbour.socket.peers, 0);
  const other = harbour.client(1001);
  await other.connect();
  await other.socket.send(utf8("hello"));
  await harbour.run(80_000);
  assertEquals(harbour.socket.peers, 1, "its pings do not count");
  await harbour.run(20_000);
  assertEquals(harbour.socket.peers, 0);
  assertEquals(harbour.events.at(-1), { from: other.address, ended: "idle" });
});

Deno.test("a peer that answers no more is lost, which is no end in good order", async () => {
  using harbour = new Harbour({ timeoutMs: 5000 });
  const client = harbour.client(1000);
  await client.connect();
  await client.socket.send(utf8("hello"));
  await harbour.run(50);
  harbour.loses = () => true;
  await harbour.socket.send(utf8("bye"), client.address);
  await harbour.run(10_000);
  assertEquals(harbour.events.at(-1), {
    from: client.address,
    ended: "no answer for 5 s",
    lost: true,
  });
});

Deno.test("forgetting a peer ends our half in the background", async () => {
  using harbour = new Harbour();
  const client = harbour.client(1000);
  await client.connect();
  await client.socket.send(utf8("hello"));
  await harbour.run(50);
  await harbour.socket.send(utf8("bye"), client.address);
  harbour.socket.forget(client.address);
  await harbour.run(50);
  const bye = await client.socket.receive();
  assert(bye !== null && "bytes" in bye);
  assertEquals(await client.socket.receive(), { from: SERVER, finished: true });
  client.socket[Symbol.dispose]();
  await harbour.run(50);
  assertEquals(harbour.socket.peers, 0);
  assertEquals(harbour.events.length, 1, "whoever forgot it hears no more of it");
});

Deno.test("disposing the listener closes with every peer", async () => {
  const harbour = new Harbour();
  const client = harbour.client(1000);
  await client.connect();
  harbour.socket[Symbol.dispose]();
  await harbour.run(10);
  assertEquals(await client.socket.receive(), { from: SERVER, ended: "closed by the peer" });
  assertEquals(await client.socket.receive(), null);
  assert(harbour.inner.disposed);
  assertEquals(harbour.clock.timers, 0);
});

Deno.test("handshake, messages and end come through a network that loses a third", async () => {
  for (let seed = 1; seed <= 30; seed++) {
    using harbour = new Harbour({ timeoutMs: 20_000 });
    const random = seeded(seed);
    harbour.loses = () => random() < 0.33;
    const client = harbour.client(1000);
    const words = Array.from({ length: 20 }, (_, number) => `seed ${seed}, message ${number}`);
    let isDone = false;
    const talking = (async () => {
      await client.socket.connect(SERVER, new AbortController().signal);
      for (const word of words) await client.socket.send(utf8(word));
      await client.socket.end();
    })().finally(() => isDone = true);
    for (let turn = 0; turn < 100 && !isDone; turn++) await harbour.run(500);
    assert(isDone, `seed ${seed} hangs`);
    await talking;
    assertEquals(harbour.texts, words);
  }
});

Deno.test("connection ids are never the same", () => {
  assertNotEquals(newConnectionId(), newConnectionId());
});

Deno.test("anything at all may come before the handshake", async () => {
  using harbour = new Harbour();
  const random = seeded(3);
  for (let time = 0; time < 2000; time++) {
    const bytes = Uint8Array.from(
      { length: Math.floor(random() * 80) },
      () => Math.floor(random() * 256),
    );
    harbour.inner.arrive({ from: udpAddress(2000), bytes });
    if (time % 20 === 0) await settled();
  }
  await settled();
  await harbour.run(10);
  assertEquals(harbour.counters.malformed, 2000);
  assertEquals([harbour.inner.sent.length, harbour.socket.peers], [0, 0]);
});
