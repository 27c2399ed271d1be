/** What `sealed` and `signed` promise, whatever the algorithm: only what is authentic, timely and new
 * comes through, and whatever else comes is dropped and counted. */

import { assert, assertEquals } from "@std/assert";
import { createCounters } from "../../core/counters.ts";
import { MemoryDatagramSocket, udpAddress, utf8 } from "../memory.ts";
import { newSeed, seeded } from "../seeded.ts";
import { dialled, ends, openLayer, type Protection, protectionTest } from "./protected.ts";

const isStamped = ({ isFernet }: Protection) => !isFernet;
const LIFETIME_MS = 60_000;

protectionTest("messages go both ways, and either side knows who the other is", async (way) => {
  const { server, client } = await ends(way);
  for (const text of ["ahoy", "", "x".repeat(5000)]) {
    await server.hear(client.address, await client.seal(text, server.address));
    await client.hear(server.address, await server.seal(`re: ${text}`, client.address));
  }
  assertEquals(server.texts, ["ahoy", "", "x".repeat(5000)]);
  assertEquals(client.texts, server.texts.map((text) => `re: ${text}`));
  assertEquals(server.arrivals[0]!.identity!.name, way.names[0]);
  assertEquals(client.arrivals[0]!.identity!.source, server.arrivals[0]!.identity!.source);
  assertEquals(server.dropped, {});
  assertEquals(client.dropped, {});
});

protectionTest(
  "nothing of a sealed message can be read, and none looks like another",
  async (way) => {
    const { server, client } = await ends(way);
    const one = await client.seal("ahoy ahoy ahoy ahoy", server.address);
    const other = await client.seal("ahoy ahoy ahoy ahoy", server.address);
    const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
    assertEquals(text(one).includes("ahoy"), way.layer.name === "signed");
    assert(text(one) !== text(other));
  },
);

protectionTest("maxBytes is what still fits into a datagram, to the byte", async (way) => {
  for (const wireBytes of [200, 1200, 1201, 1233, 65_507]) {
    const { server, client } = await ends(way, { wireBytes });
    const { maxBytes } = client.socket;
    const length = async (bytes: number) =>
      (await client.seal(new Uint8Array(bytes), server.address)).length;
    assert(await length(maxBytes) <= wireBytes);
    assert(await length(maxBytes + 1) > wireBytes);
  }
});

protectionTest("a datagram that comes again is dropped, wherever it comes from", async (way) => {
  const { server, client } = await ends(way);
  const datagram = await client.seal("pay 5", server.address);
  await server.hear(client.address, datagram, datagram);
  await server.hear(udpAddress(6666), datagram);
  assertEquals(server.texts, ["pay 5"]);
  assertEquals(server.dropped, { replayed: 2 });
});

protectionTest(
  "a receiver that was started anew refuses what is older than its start",
  async (way) => {
    const { server, client, clocks, restarted } = await ends(way);
    const datagram = await client.seal("pay 5", server.address);
    await server.hear(client.address, datagram);
    clocks.server.ms += 1000;
    clocks.client.ms += 1000;
    const anew = await restarted();
    await anew.hear(client.address, datagram);
    assertEquals(anew.texts, []);
    assertEquals(anew.dropped, { stale: 1 });
    await anew.hear(client.address, await client.seal("pay 6", server.address));
    assertEquals(anew.texts, ["pay 6"]);
  },
);

protectionTest("what is sent back to its sender is dropped, on either side", async (way) => {
  const { server, client } = await ends(way);
  const question = await client.seal("question", server.address);
  await server.hear(client.address, question);
  const answer = await server.seal("answer", client.address);
  await client.hear(server.address, question);
  await server.hear(client.address, answer);
  assertEquals(client.texts, []);
  assertEquals(server.texts, ["question"]);
  assertEquals([client.dropped, server.dropped], [{ replayed: 1 }, { replayed: 1 }]);
});

protectionTest("an answer is for the client that it answers and for no other", async (way) => {
  const { server, client } = await ends(way);
  const twin = await dialled(way, way.client, 5002);
  await server.hear(client.address, await client.seal("question", server.address));
  const answer = await server.seal("answer", client.address);
  await twin.hear(server.address, answer);
  assertEquals(twin.texts, []);
  assertEquals(twin.dropped, { forged: 1 });
  await client.hear(server.address, answer);
  assertEquals(client.texts, ["answer"]);
}, isStamped);

protectionTest(
  "a server says nothing to an address that nothing authentic came from",
  async (way) => {
    const { server } = await ends(way);
    await server.socket.send(new Uint8Array(10), udpAddress(5005));
    assertEquals(server.takeSent(), []);
    assertEquals(server.dropped, { unanswerable: 1 });
  },
  isStamped,
);

protectionTest("no part of a datagram is taken, nor one with more behind it", async (way) => {
  const { server, client } = await ends(way);
  const datagram = await client.seal("a message to be cut", server.address);
  for (let length = 0; length < datagram.length; length++) {
    await server.hear(client.address, datagram.subarray(0, length));
  }
  await server.hear(client.address, new Uint8Array([...datagram, 0]));
  assertEquals(server.texts, []);
  const { malformed = 0, forged = 0 } = server.dropped;
  assertEquals(malformed + forged, datagram.length + 1);
  await server.hear(client.address, datagram);
  assertEquals(server.texts, ["a message to be cut"]);
});

protectionTest("no datagram is taken in which one bit is another", async (way) => {
  const { server, client } = await ends(way);
  const datagram = await client.seal("a message", server.address);
  for (let bit = 0; bit < 8 * datagram.length; bit++) {
    const flipped = datagram.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    await server.hear(client.address, flipped);
  }
  assertEquals(server.texts, []);
  const counted = Object.values(server.dropped).reduce((sum, count) => sum + count, 0);
  assertEquals(counted, 8 * datagram.length);
  assert(server.counters.tableFull === 0);
  await server.hear(client.address, datagram);
  assertEquals(server.texts, ["a message"]);
});

protectionTest("who has another key is not heard, and hears nobody", async (way) => {
  const { server, client } = await ends(way);
  const stranger = await dialled(way, way.stranger, 6666);
  await server.hear(stranger.address, await stranger.seal("let me in", server.address));
  assertEquals(server.texts, []);
  assertEquals(server.dropped, way.isFernet ? { forged: 1 } : { unknownSenders: 1 });
  await server.hear(client.address, await client.seal("hello", server.address));
  await stranger.hear(server.address, await server.seal("secret", client.address));
  assertEquals(stranger.texts, []);
});

protectionTest("clocks may be apart as far as it was said, and no further", async (way) => {
  for (const ahead of [1, -1]) {
    for (const [apartMs, texts] of [[LIFETIME_MS, ["x"]], [LIFETIME_MS + 1000, []]] as const) {
      const { server, client, clocks } = await ends(way);
      // A while after its start, so that nothing here is older than that.
      clocks.server.ms += 10 * LIFETIME_MS;
      clocks.client.ms = clocks.server.ms + ahead * apartMs;
      await server.hear(client.address, await client.seal("x", server.address));
      assertEquals(server.texts, [...texts]);
      assertEquals(server.dropped, texts.length > 0 ? {} : { stale: 1 });
    }
  }
});

protectionTest("a clock that is set back lets nothing old in again", async (way) => {
  const { server, client, clocks } = await ends(way, { server: { [way.tableOption]: 1 } });
  const datagram = await client.seal("pay 5", server.address);
  await server.hear(client.address, datagram);
  clocks.server.ms += 3 * LIFETIME_MS;
  clocks.client.ms = clocks.server.ms;
  const other = await dialled(way, way.other, 5002, clocks.client);
  await server.hear(other.address, await other.seal("makes room", server.address));
  clocks.server.ms -= 3 * LIFETIME_MS;
  await server.hear(client.address, datagram);
  assertEquals(server.texts, ["pay 5", "makes room"]);
  assertEquals(server.counters.stale, 1);
});

protectionTest("datagrams may come in any order, each once", async (way) => {
  const seed = newSeed();
  const random = seeded(seed);
  const { server, client } = await ends(way);
  const datagrams: Uint8Array[] = [];
  for (let number = 0; number < 300; number++) {
    datagrams.push(await client.seal(`${number}`, server.address));
  }
  const shuffled = datagrams.map((datagram) => ({ datagram, at: random() }))
    .sort((one, other) => one.at - other.at).map(({ datagram }) => datagram);
  await server.hear(client.address, ...shuffled);
  assertEquals(server.texts.map(Number).sort((one, other) => one - other), [
    ...Array(300).keys(),
  ]);
  await server.hear(client.address, ...shuffled);
  assertEquals(server.texts.length, 300);
  assertEquals(server.dropped, { replayed: 300 });
});

protectionTest("a full table refuses, and has room again when time has passed", async (way) => {
  const { server, clocks } = await ends(way, { server: { [way.tableOption]: 2 } });
  const sent: Uint8Array[] = [];
  const from = async (port: number) => {
    const client = await dialled(way, way.client, port, clocks.server);
    const datagram = await client.seal(`${port}`, server.address);
    sent.push(datagram);
    await server.hear(client.address, datagram);
  };
  for (const port of [5001, 5002, 5003]) await from(port);
  assertEquals(server.texts, ["5001", "5002"]);
  assertEquals(server.dropped, { tableFull: 1 });
  clocks.server.ms += LIFETIME_MS + 1000;
  await from(5004);
  assertEquals(server.texts, ["5001", "5002", "5004"]);
  await server.hear(udpAddress(5001), sent[0]!, sent[1]!, sent[3]!);
  assertEquals(server.texts.length, 3);
});

protectionTest("forgeries take no room in the table", async (way) => {
  const { server, client } = await ends(way, { server: { [way.tableOption]: 1 } });
  const stranger = await dialled(way, way.stranger, 6666);
  for (let number = 0; number < 5; number++) {
    const forged = await client.seal("x", server.address);
    // Under a new instance of a known key, with a wrong tag.
    forged.set(crypto.getRandomValues(new Uint8Array(8)), forged.length - 12);
    if (!way.isFernet) forged.set(crypto.getRandomValues(new Uint8Array(16)), 11);
    await server.hear(client.address, forged);
    await server.hear(stranger.address, await stranger.seal("x", server.address));
  }
  await server.hear(client.address, await client.seal("room for me", server.address));
  assertEquals(server.texts, ["room for me"]);
  assertEquals(server.counters.tableFull, 0);
});

protectionTest(
  "every holder of a key is answered with that key, and known by its name",
  async (way) => {
    const { server, client } = await ends(way);
    const other = await dialled(way, way.other, 5002);
    for (const one of [client, other]) {
      await server.hear(one.address, await one.seal("who am I?", server.address));
      await one.hear(server.address, await server.seal("you know", one.address));
      assertEquals(one.texts, ["you know"]);
    }
    assertEquals(server.arrivals.map(({ identity }) => identity!.name), [...way.names]);
  },
);

protectionTest(
  "of 20,000 damaged datagrams none is taken, and nothing is kept of them",
  async (way) => {
    const random = seeded(newSeed());
    const { server, client } = await ends(way, { server: { [way.tableOption]: 1 } });
    const below = (limit: number) => Math.floor(random() * limit);
    const samples: Uint8Array[] = [];
    for (const length of [0, 1, 15, 16, 100, 1000]) {
      samples.push(await client.seal(new Uint8Array(length), server.address));
    }
    const original = new Set(samples.map((sample) => sample.join()));
    let count = 0;
    while (count < 20_000) {
      const sample = samples[below(samples.length)]!;
      let bytes = sample.slice();
      for (let change = 1 + below(3); change > 0; change--) {
        const at = below(bytes.length);
        switch (below(6)) {
          case 0:
            if (bytes.length > 0) bytes[at] = below(256);
            break;
          case 1:
            if (bytes.length > 0) bytes[at]! ^= 1 << below(8);
            break;
          case 2:
            bytes = bytes.slice(0, at);
            break;
          case 3:
            bytes = new Uint8Array([...bytes, ...sample.subarray(at, at + below(40))]);
            break;
          case 4:
            bytes = new Uint8Array([...bytes.subarray(0, at), ...bytes.subarray(at + below(20))]);
            break;
          default:
            // A part of another one in its place.
            bytes.set(samples[below(samples.length)]!.subarray(0, bytes.length - at), at);
        }
      }
      if (original.has(bytes.join())) continue;
      server.wire.arriveFrom(client.address, bytes);
      count++;
    }
    await server.hear(client.address, await client.seal("still here", server.address));
    while (server.texts.length === 0) {
      await new Promise((resolve) => queueMicrotask(() => resolve(0)));
    }
    assertEquals(server.texts, ["still here"]);
    const counted = Object.values(server.dropped).reduce((sum, one) => sum + one, 0);
    assertEquals(counted, 20_000);
    assertEquals(server.counters.tableFull, 0);
  },
);

protectionTest(
  "what is for one is never sealed for another who has its address now",
  async (way) => {
    const opened = await openLayer(way, way.server);
    const wire = new MemoryDatagramSocket();
    const socket = opened.datagram!(wire, { role: "listen" }, {
      counters: createCounters(),
      limits: {
        maxMessageBytes: 1000,
        maxPeers: 10,
        peerTimeoutMs: 60_000,
        inboxMessages: 1,
        inboxBytes: 1,
      },
    });
    const [alice, bob] = [
      await dialled(way, way.client, 5001),
      await dialled(way, way.other, 5001),
    ];
    for (const client of [alice, bob]) {
      wire.arriveFrom(client.address, await client.seal("hello", socket.address));
      await socket.receive();
      // Bob has been heard, and the reader has not yet had the time to tell the part that sends.
      await socket.send(utf8("for alice"), alice.address);
      await alice.hear(socket.address, wire.sent.at(-1)!.bytes);
      await bob.hear(socket.address, wire.sent.at(-1)!.bytes);
    }
    assertEquals([alice.texts, bob.texts], [["for alice", "for alice"], []]);
    const last = socket.receive();
    await socket.send(utf8("for bob"), bob.address);
    await bob.hear(socket.address, wire.sent.at(-1)!.bytes);
    assertEquals(bob.texts, ["for bob"]);
    wire[Symbol.dispose]();
    assertEquals(await last, null);
  },
);
