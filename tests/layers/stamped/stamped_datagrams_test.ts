/** What only shows from the inside: a counter that runs out, and layers around layers. */

import { assertEquals, assertNotEquals } from "@std/assert";
import { createCounters } from "../../../core/counters.ts";
import { hmacKey } from "../../../layers/signed/signatures.ts";
import { aeadKey } from "../../../layers/sealed/aead_key.ts";
import { StampedDatagrams } from "../../../layers/stamped/stamped_datagrams.ts";
import { field, MAX_COUNTER, readUint64, writeStamp } from "../../../layers/stamped/stamp.ts";
import { MemoryDatagramSocket, udpAddress, utf8 } from "../../memory.ts";
import { SetClock } from "../protected.ts";

const secret = new Uint8Array(32).fill(5);
const key = aeadKey({ kind: "aes-gcm", name: "us", secret });

function end(
  role: "listen" | "dial",
  port: number,
  datagramsPerInstance = 2 ** 40,
  clock = new SetClock(),
) {
  const wire = new MemoryDatagramSocket(udpAddress(port));
  const counters = createCounters();
  const socket = new StampedDatagrams(wire, {
    role,
    keys: [key],
    own: key,
    lifetimeMs: 60_000,
    maxSenders: 10,
    maxPeers: 10,
    clock,
    counters,
    datagramsPerInstance,
  });
  return { wire, socket, counters };
}

async function textFrom(socket: StampedDatagrams): Promise<string | undefined> {
  const datagram = await socket.receive();
  if (datagram === null || !("bytes" in datagram)) return undefined;
  return new TextDecoder().decode(datagram.bytes);
}

Deno.test("a counter that runs out begins again in a new instance, and nothing is lost", async () => {
  const client = end("dial", 5001, 3);
  const server = end("listen", 9999, 2);
  const [there, back] = [udpAddress(9999), udpAddress(5001)];
  const nonces = new Set<string>();
  for (let number = 0; number < 10; number++) {
    await client.socket.send(utf8(`${number}`), there);
    server.wire.arriveFrom(back, client.wire.sent.at(-1)!.bytes);
    assertEquals(await textFrom(server.socket), `${number}`);
    // One answer is still under way when the client becomes a new instance.
    await server.socket.send(utf8(`re: ${number}`), back);
    if (number > 0) {
      client.wire.arriveFrom(there, server.wire.sent[number - 1]!.bytes);
      assertEquals(await textFrom(client.socket), `re: ${number - 1}`);
    }
  }
  for (const { bytes } of [...client.wire.sent, ...server.wire.sent]) {
    nonces.add(bytes.subarray(field.direction, field.time).join());
  }
  assertEquals(nonces.size, 20, "no instance used a counter twice");
  const instances = ({ wire }: typeof client) =>
    new Set(wire.sent.map(({ bytes }) => bytes.subarray(field.instance, field.counter).join()))
      .size;
  assertEquals([instances(client), instances(server)], [4, 5]);
  assertEquals(client.counters, createCounters());
});

Deno.test("two sockets of one key are two instances", async () => {
  const sent = [];
  for (const { wire, socket } of [end("dial", 1), end("dial", 1)]) {
    await socket.send(utf8("x"), udpAddress(2));
    sent.push(wire.sent[0]!.bytes.slice(field.instance, field.counter));
  }
  assertNotEquals(sent[0], sent[1]);
});

Deno.test("a signature and a seal of one secret have nothing in common", () => {
  const signing = hmacKey({ kind: "hmac", name: "us", secret });
  assertNotEquals(signing.id, key.id);
});

Deno.test("a stamp holds the largest counter and today's time exactly", () => {
  const stamp = new Uint8Array(43);
  const timeMs = Date.UTC(2200, 0, 1, 0, 0, 0, 123);
  writeStamp(stamp, {
    algorithm: 3,
    direction: 1,
    keyId: new Uint8Array(8),
    instance: new Uint8Array(16),
    counter: MAX_COUNTER,
    timeMs,
  });
  assertEquals(readUint64(stamp, field.counter), MAX_COUNTER);
  assertEquals(readUint64(stamp, field.time), timeMs);
});

Deno.test("what a layer nearer to the wire says goes through", async () => {
  const { wire, socket } = end("dial", 5001);
  const from = udpAddress(9999);
  wire.arrive({ from, finished: true });
  wire.arrive({ from, ended: "gone" });
  assertEquals(await socket.receive(), { from, finished: true });
  assertEquals(await socket.receive(), { from, ended: "gone" });
  await socket.end(from);
  assertEquals(wire.ended, [from]);
  assertEquals(socket.consumed, undefined);
  wire[Symbol.dispose]();
  assertEquals(await socket.receive(), null);
});

Deno.test("a sender that was forgotten does not come in again beside itself", async () => {
  const clock = new SetClock();
  const server = end("listen", 9999, undefined, clock);
  const [one, other] = [1, 2].map((port) => end("dial", port, undefined, clock));
  const arrive = async ({ wire, socket }: ReturnType<typeof end>, from = wire.address) => {
    await socket.send(utf8("x"), udpAddress(9999));
    server.wire.arriveFrom(from, wire.sent.at(-1)!.bytes);
    assertEquals(await textFrom(server.socket), "x");
    return wire.sent.at(-1)!.bytes;
  };
  await arrive(one!);
  // Its time is over, as a new sender finds out.
  clock.ms += 61_000;
  await arrive(other!);
  // By a clock that was set back it is believed again, once.
  clock.ms -= 60_000;
  const again = await arrive(one!);
  await arrive(other!);
  server.wire.arriveFrom(udpAddress(6666), again);
  await arrive(other!);
  assertEquals(server.counters.replayed, 1);
});
