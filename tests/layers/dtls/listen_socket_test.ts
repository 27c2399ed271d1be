import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { DtlsError } from "../../../layers/dtls/wire/alert.ts";
import type { ClientPeer } from "../../../layers/dtls/client_peer.ts";
import { cpuMs } from "../../cpu_time.ts";
import { settled } from "../../fake_time.ts";
import { udpAddress } from "../../memory.ts";
import { type Client, Harbour } from "./harbour.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { mutate } from "./mutate.ts";

Deno.test("a client shakes hands after it has shown its cookie, and is heard by name", async () => {
  using harbour = await Harbour.open();
  const client = await harbour.client(5001);
  await client.shakeHands();
  assert(client.peer.isConnected);
  client.say("ahoy");
  await settled();
  const [event] = harbour.events;
  assert(event !== undefined && "bytes" in event);
  assertEquals(new TextDecoder().decode(event.bytes), "ahoy");
  await harbour.socket.send(new TextEncoder().encode("aye"), client.address);
  await client.settle();
  assertEquals(client.messages, ["aye"]);
});

Deno.test("a flood of ClientHello without cookies keeps no state, and answers with less", async () => {
  using harbour = await Harbour.open();
  const client = await harbour.client(5000);
  client.peer.start();
  const [hello] = client.sent;
  harbour.inner.sent.length = 0;
  for (let port = 10_000; port < 15_000; port++) {
    harbour.inner.arriveFrom(udpAddress(port, `192.0.2.${port % 250}`), hello!);
    if (port % 500 === 0) await settled();
  }
  for (let turn = 0; turn < 200; turn++) await settled();
  assertEquals([harbour.socket.peers, harbour.socket.handshakes, harbour.clock.timers], [0, 0, 1]);
  const answers = harbour.inner.sent.filter(({ to }) => "port" in to && to.port !== 5000);
  assert(answers.length >= 4999, `${answers.length} answers`);
  assert(answers.every(({ bytes }) => bytes.length < hello!.length));
  assertEquals(new Set(answers.map(({ bytes }) => bytes.toString())).size, answers.length);
});

Deno.test("a cookie is good for its own address and hello alone, and not for ever", async () => {
  using harbour = await Harbour.open();
  const client = await harbour.client(5001);
  await client.shakeHands();
  const withCookie = client.sent[1]!;
  harbour.inner.arriveFrom(udpAddress(5002), withCookie);
  await settled();
  assertEquals(harbour.socket.peers, 1, "another address");
  const changed = withCookie.slice();
  changed[13 + 12 + 10]! ^= 1;
  harbour.inner.arriveFrom(udpAddress(5001), changed);
  await settled();
  assertEquals(harbour.socket.peers, 1, "another hello");
  assert(!client.ended, "which harmed nobody");

  const late = await harbour.client(5003);
  late.peer.start();
  await settled();
  const [verify] = harbour.take(late.address);
  harbour.clock.advance(121_000);
  harbour.take(late.address);
  late.peer.receive(verify!);
  await settled();
  assertEquals(harbour.socket.peers, 1, "two minutes are over");
});

Deno.test("handshakes and peers are limited, and who comes too late may try again", async () => {
  using harbour = await Harbour.open({ maxHandshakes: 2, maxPeers: 3 });
  const halfOpen: Client[] = [];
  for (const port of [1, 2, 3]) {
    const client = await harbour.client(port);
    halfOpen.push(client);
    client.peer.start();
    await settled();
    client.peer.receive(harbour.take(client.address)[0]!);
    await settled();
  }
  assertEquals([harbour.socket.handshakes, harbour.refused], [2, 1]);
  for (const client of halfOpen) await client.settle();
  assertEquals([harbour.socket.peers, harbour.socket.handshakes], [2, 0]);
  harbour.clock.advance(1000);
  await halfOpen[2]!.settle();
  assertEquals(harbour.socket.peers, 3, "its next attempt found room");
  const fourth = await harbour.client(4);
  await fourth.shakeHands();
  assertEquals([harbour.socket.peers, harbour.refused], [3, 2]);
});

Deno.test("one host cannot have all the unfinished handshakes", async () => {
  using harbour = await Harbour.open({ maxHandshakes: 40 });
  const start = async (client: Client) => {
    client.peer.start();
    await settled();
    const [verify] = harbour.take(client.address);
    client.peer.receive(verify!);
    await settled();
  };
  for (let port = 1; port <= 12; port++) await start(await harbour.client(port));
  assertEquals([harbour.socket.handshakes, harbour.refused], [10, 2]);
  await start(await harbour.client(1, "192.0.2.1"));
  assertEquals([harbour.socket.handshakes, harbour.refused], [11, 2]);
  // Every IPv6 subscriber has a /64, and with it as many addresses as it likes.
  for (let number = 1; number <= 12; number++) {
    await start(await harbour.client(1, `2001:db8:0:1::${number.toString(16)}`));
  }
  assertEquals([harbour.socket.handshakes, harbour.refused], [21, 4]);
  await start(await harbour.client(1, "2001:db8:0:2::1"));
  assertEquals([harbour.socket.handshakes, harbour.refused], [22, 4]);
});

Deno.test("a handshake that is not finished in time is given up", async () => {
  using harbour = await Harbour.open({ handshakeTimeoutMs: 5000 });
  const client = await harbour.client(5001);
  client.peer.start();
  await settled();
  client.peer.receive(harbour.take(client.address)[0]!);
  await settled();
  assertEquals(harbour.socket.handshakes, 1);
  client.peer.close();
  harbour.clock.advance(5000);
  await settled();
  assertEquals([harbour.socket.peers, harbour.socket.handshakes], [0, 0]);
  assertEquals(harbour.failed, ["user_canceled: the handshake took too long"]);
});

Deno.test("a client that forgot us begins anew, and its old session is over first", async () => {
  using harbour = await Harbour.open();
  const [first, second] = [await harbour.client(5001), await harbour.client(5001)];
  await first.shakeHands();
  first.say("one");
  await settled();
  await second.shakeHands();
  assert(second.peer.isConnected);
  second.say("two");
  await settled();
  const shown = harbour.events.map((event) =>
    "bytes" in event
      ? new TextDecoder().decode(event.bytes)
      : "ended" in event
      ? event.ended
      : "finished"
  );
  assertEquals(shown, ["one", "closed by the peer", "two"]);
  assertEquals(harbour.socket.peers, 1);
});

Deno.test("a copy of an old hello does not end an association", async () => {
  using harbour = await Harbour.open();
  const client = await harbour.client(5001);
  await client.shakeHands();
  for (const datagram of client.sent.slice()) {
    harbour.inner.arrive({ from: client.address, bytes: datagram });
  }
  await client.settle();
  assert(!client.ended);
  client.say("still here");
  await settled();
  assertEquals(harbour.events.length, 1);
});

Deno.test("a replayed record reaches nobody twice", async () => {
  using harbour = await Harbour.open();
  const client = await harbour.client(5001);
  await client.shakeHands();
  client.say("once");
  harbour.inner.arrive({ from: client.address, bytes: client.sent.at(-1)! });
  await settled();
  assertEquals(harbour.events.length, 1);
  assertEquals(harbour.dropped, ["replayed"]);
});

Deno.test("a goodbye of the client ends its session, one of ours is heard", async () => {
  using harbour = await Harbour.open();
  const [one, other] = [await harbour.client(5001), await harbour.client(5002)];
  await one.shakeHands();
  await other.shakeHands();
  one.peer.close();
  await settled();
  assertEquals(harbour.events, [{ from: one.address, ended: "closed by the peer" }]);
  harbour.socket.forget(other.address);
  await other.settle();
  assert(other.ended);
  assertEquals(harbour.socket.peers, 0);
});

Deno.test("a client whose association fails is lost, which is no end in good order", async () => {
  using harbour = await Harbour.open();
  const client = await harbour.client(5001);
  await client.shakeHands();
  client.peer.fail(new DtlsError("internal_error", "out of order"));
  await settled();
  const [ended] = harbour.events;
  assertEquals(ended, {
    from: client.address,
    ended: "the peer refused with the alert internal_error",
    lost: true,
  });
});

Deno.test("disposal says goodbye to everybody and leaves no timer", async () => {
  const harbour = await Harbour.open();
  const clients = [await harbour.client(5001), await harbour.client(5002)];
  for (const client of clients) await client.shakeHands();
  // As a real socket does, and this one otherwise not: it sends before it is closed.
  harbour.inner.send = (bytes, to) => {
    harbour.inner.sent.push({ to, bytes });
    return Promise.resolve();
  };
  harbour.socket[Symbol.dispose]();
  for (const client of clients) await client.settle();
  assertEquals(clients.map(({ ended }) => ended), [true, true]);
  assert(harbour.inner.disposed);
  assertEquals(harbour.clock.timers, 0);
});

Deno.test("a renegotiation is refused, and the association goes on", async () => {
  using harbour = await Harbour.open();
  const client = await harbour.client(5001);
  await client.shakeHands();
  const before = harbour.inner.sent.length;
  // Says hello again inside of its association, as a renegotiation begins.
  const again = new Uint8Array(12 + 2);
  again.set([1, 0, 0, 2, 0, 9, 0, 0, 0, 0, 0, 2]);
  client.send(sealHandshake(client.peer, again));
  await settled();
  assertNotEquals(harbour.inner.sent.length, before, "it is answered with an alert");
  await client.settle();
  assert(!client.ended);
  client.say("going on");
  await settled();
  assertEquals(harbour.events.length, 1);
});

const MUTATED_FLIGHTS = 20_000;
const RECORDINGS = 20;

/** The flights of a client in a whole session, which then is over. */
async function flightsOf(client: Client): Promise<Uint8Array[][]> {
  const flights: Uint8Array[][] = [];
  client.peer.start();
  for (let seen = 0; client.sent.length > seen;) {
    flights.push(client.sent.slice(seen));
    seen = client.sent.length;
    await settled();
    for (const datagram of client.take()) client.peer.receive(datagram);
  }
  client.say("recorded");
  flights.push(client.sent.slice(-1));
  client.peer.close();
  await client.settle();
  return flights;
}

Deno.test(`${MUTATED_FLIGHTS} mutated flights leave no association and no memory behind`, async () => {
  const random = seeded(newSeed());
  const pick = (below: number) => Math.floor(random() * below);
  using harbour = await Harbour.open({ maxPeers: 40, maxHandshakes: 20 });
  const talker = await harbour.client(6000);
  await talker.shakeHands();
  const before = Deno.memoryUsage().heapUsed;
  const startedMs = cpuMs();
  let begun = 0;
  for (let recording = 0; recording < RECORDINGS; recording++) {
    const model = await harbour.client(5000 + recording);
    const flights = await flightsOf(model);
    const all = flights.flat();
    for (let count = 0; count < MUTATED_FLIGHTS / RECORDINGS; count++) {
      // Most come from the address for which the cookie in them is good.
      const from = random() < 0.7 ? model.address : udpAddress(7000 + pick(1000));
      for (const datagram of flights[pick(flights.length)]!) {
        const changed = random() < 0.5 ? mutate(datagram, all, random) : datagram;
        harbour.inner.arriveFrom(from, changed);
      }
      if (count % 10 !== 0) continue;
      while (harbour.inner.unreceived > 0) await settled();
      begun += harbour.socket.handshakes;
      assert(harbour.socket.peers <= 40 && harbour.socket.handshakes <= 20);
      harbour.clock.advance(pick(10) === 0 ? 1000 : 10);
      harbour.inner.sent.length = harbour.failed.length = harbour.dropped.length = 0;
    }
  }
  const seconds = (cpuMs() - startedMs) / 1000;
  const grown = Deno.memoryUsage().heapUsed - before;
  assert(seconds < 60, `took ${seconds} s`);
  assert(grown < 64 * 1024 * 1024, `grew by ${grown} bytes`);
  assert(begun > 100, `${begun} handshakes were under way`);
  harbour.clock.advance(30_000);
  assertEquals([harbour.socket.handshakes, harbour.socket.peers], [0, 1]);
  // The client that was there before is still heard, and a new one is let in.
  talker.say("still here");
  const late = await harbour.client(6001);
  await late.shakeHands();
  assert(late.peer.isConnected);
  late.say("new");
  await settled();
  const heard = harbour.events.flatMap((event) =>
    "bytes" in event ? [new TextDecoder().decode(event.bytes)] : []
  );
  assertEquals(heard.filter((text) => text !== "recorded"), ["still here", "new"]);
  assertEquals(heard.length, RECORDINGS + 2, "nothing that was replayed was heard again");
});

/** A sealed record of the handshake type, as only the keys of the association make it. */
function sealHandshake(peer: ClientPeer, plain: Uint8Array): Uint8Array {
  return (peer as unknown as { sealRecord(type: number, plain: Uint8Array): Uint8Array })
    .sealRecord(22, plain);
}
