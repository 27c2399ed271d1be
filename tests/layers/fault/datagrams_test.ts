import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Datagram } from "../../../core/connection.ts";
import { settled } from "../../fake_time.ts";
import { udpAddress, utf8 } from "../../memory.ts";
import { advance, faultySocket, PEER } from "./faulty_network.ts";

const MANY = 10_000;

/** Sends numbered datagrams, 1 ms apart, and returns the numbers that left in their order. */
async function numbersThrough(spec: string, count = MANY, seed = 1): Promise<number[]> {
  const { inner, socket, clock } = faultySocket(spec, seed);
  using _owned = socket;
  for (let number = 0; number < count; number++) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setUint32(0, number);
    await socket.send(bytes, PEER);
    // A sender may use its buffer again.
    bytes.fill(0xff);
    for (const end = clock.elapsedMs() + 1; clock.step(end - clock.elapsedMs());) await settled();
  }
  await advance(clock, 10_000);
  return inner.sent.map(({ bytes }) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
}

function assertNear(actual: number, expected: number, within: number): void {
  assert(Math.abs(actual - expected) <= within, `${actual} is not within ${within} of ${expected}`);
}

Deno.test("loss loses its share, in order and without doubling any", async () => {
  const numbers = await numbersThrough("loss=40%");
  assertNear(numbers.length, 6000, 200);
  assertEquals(numbers, [...new Set(numbers)].sort((a, b) => a - b));
});

Deno.test("duplicate doubles its share", async () => {
  const numbers = await numbersThrough("duplicate=10%");
  assertNear(numbers.length, 11_000, 150);
  assertEquals(new Set(numbers).size, MANY);
});

Deno.test("reorder has its share overtaken by one to three others, and loses none", async () => {
  const numbers = await numbersThrough("reorder=5%");
  assertEquals(numbers.toSorted((a, b) => a - b), Array.from({ length: MANY }, (_, at) => at));
  let overtaken = 0;
  numbers.forEach((number, place) => {
    const before = numbers.slice(Math.max(0, place - 30), place).filter((other) => other > number);
    if (before.length > 0) overtaken++;
    assert(before.length <= 12, `${number} was overtaken by ${before.length}`);
  });
  assertNear(overtaken, 500, 80);
});

Deno.test("corrupt changes one bit of its share", async () => {
  const { inner, socket, counters } = faultySocket("corrupt=25%");
  using _owned = socket;
  const original = new Uint8Array(100).fill(0xa5);
  for (let count = 0; count < MANY; count++) await socket.send(original, PEER);
  const bits = inner.sent.map(({ bytes }) =>
    bytes.reduce((sum, byte) => sum + (byte ^ 0xa5).toString(2).replaceAll("0", "").length, 0)
  );
  assertEquals(new Set(bits), new Set([0, 1]));
  const changes = inner.sent.flatMap(({ bytes }) => [...bytes].map((byte) => byte ^ 0xa5));
  assertEquals(new Set(changes).size, 9, "each of the eight bits, or none");
  assertNear(bits.filter((count) => count === 1).length, 2500, 200);
  assertEquals(counters.faults, bits.filter((count) => count === 1).length);
  assertEquals(original, new Uint8Array(100).fill(0xa5));
});

Deno.test("an empty datagram survives corruption", async () => {
  const { inner, socket } = faultySocket("corrupt=100%");
  using _owned = socket;
  await socket.send(new Uint8Array(0), PEER);
  assertEquals(inner.sent.length, 1);
});

const MIXED = "loss=10%,duplicate=5%,reorder=5%,corrupt=5%,latency=20ms~20ms,bandwidth=64k";

Deno.test("the same seed is the same run, another seed another one", async () => {
  const [first, second, other] = [
    await numbersThrough(MIXED, 2000, 7),
    await numbersThrough(MIXED, 2000, 7),
    await numbersThrough(MIXED, 2000, 8),
  ];
  assertEquals(first, second);
  assertNotEquals(first, other);
});

Deno.test("what becomes of a datagram does not depend on when it comes", async () => {
  /** Which of 500 were lost, with pauses of this length between them. */
  async function lost(pauseMs: number): Promise<string> {
    const { inner, socket, clock } = faultySocket("loss=30%,latency=5ms", 3);
    using _owned = socket;
    for (let number = 0; number < 500; number++) {
      await socket.send(utf8(`${number}`), PEER);
      await advance(clock, pauseMs);
    }
    await advance(clock, 100);
    return inner.sentTexts.join();
  }
  assertEquals(await lost(0), await lost(13));
});

Deno.test("one fault more leaves the decisions of the others as they were", async () => {
  const alone = new Set(await numbersThrough("loss=20%", 2000));
  const together = new Set(await numbersThrough("loss=20%,duplicate=20%,latency=9ms", 2000));
  assertEquals(alone, together);
  const doubled = (numbers: readonly number[]) =>
    new Set(numbers.filter((number, place) => numbers.indexOf(number) !== place));
  const before = doubled(await numbersThrough("duplicate=20%", 2000));
  const lossy = await numbersThrough("duplicate=20%,loss=20%", 2000);
  const arrived = new Set(lossy);
  assertEquals(doubled(lossy), before.intersection(arrived));
});

Deno.test("latency holds every datagram back by exactly that, however many there are", async () => {
  const { inner, socket, clock } = faultySocket("latency=20ms");
  using _owned = socket;
  for (let count = 0; count < 5; count++) {
    await socket.send(utf8(`${count}`), PEER);
    await advance(clock, 4);
  }
  assertEquals(inner.sentTexts, ["0"]);
  await advance(clock, 3);
  assertEquals(inner.sentTexts, ["0"]);
  await advance(clock, 1);
  assertEquals(inner.sentTexts, ["0", "1"]);
  await advance(clock, 12);
  assertEquals(inner.sentTexts, ["0", "1", "2", "3", "4"]);
  assertEquals(clock.timers, 0);
});

Deno.test("one timer serves the whole queue", async () => {
  const { inner, socket, clock } = faultySocket("latency=20ms~10ms");
  using _owned = socket;
  for (let count = 0; count < 1000; count++) {
    await socket.send(utf8(`${count}`), PEER);
    assertEquals(clock.timers, 1);
  }
  await advance(clock, 9);
  assertEquals(inner.sent.length, 0);
  await advance(clock, 22);
  assertEquals(inner.sent.length, 1000);
  assertNotEquals(inner.sentTexts[0], "0");
});

Deno.test("bandwidth lets datagrams out at its rate and drops what its queue cannot hold", async () => {
  const { inner, socket, clock, counters } = faultySocket("bandwidth=1000,queue=500");
  using _owned = socket;
  for (let count = 0; count < 10; count++) await socket.send(new Uint8Array(100), PEER);
  assertEquals(counters.faults, 5);
  for (let ms = 100; ms <= 500; ms += 100) {
    await advance(clock, 99);
    assertEquals(inner.sent.length, ms / 100 - 1);
    await advance(clock, 1);
    assertEquals(inner.sent.length, ms / 100);
  }
  await advance(clock, 1000);
  assertEquals(inner.sent.length, 5);
});

Deno.test("a datagram larger than the queue still passes when nothing waits", async () => {
  const { inner, socket, clock } = faultySocket("bandwidth=1000,queue=10");
  using _owned = socket;
  await socket.send(new Uint8Array(100), PEER);
  await advance(clock, 100);
  assertEquals(inner.sent.length, 1);
});

Deno.test("nothing passes during a blackout, in either direction", async () => {
  const { inner, socket, clock, counters } = faultySocket("blackout=2s@5s");
  using _owned = socket;
  const received = receiveAll(socket);
  for (let second = 0; second < 9; second++) {
    await socket.send(utf8(`out ${second}`), PEER);
    inner.arriveFrom(PEER, `in ${second}`);
    await advance(clock, 1000);
  }
  const seconds = [0, 1, 2, 3, 4, 7, 8];
  assertEquals(inner.sentTexts, seconds.map((second) => `out ${second}`));
  assertEquals(received, seconds.map((second) => `in ${second}`));
  assertEquals(counters.faults, 4);
});

/** Reads in the background; what came, as text. */
function receiveAll(socket: { receive(): Promise<Datagram | null> }): string[] {
  const texts: string[] = [];
  void (async () => {
    for (;;) {
      const datagram = await socket.receive();
      if (datagram === null) return;
      texts.push(
        "bytes" in datagram
          ? new TextDecoder().decode(datagram.bytes)
          : "ended" in datagram
          ? datagram.ended
          : "finished",
      );
    }
  })();
  return texts;
}

for (const spec of ["in.loss=0%", "in.latency=10ms", "in.reorder=0%"]) {
  Deno.test(`what arrives passes in order with ${spec}, the end of a peer last`, async () => {
    const { inner, socket, clock } = faultySocket(spec);
    using _owned = socket;
    const received = receiveAll(socket);
    inner.arriveFrom(PEER, "one", "two");
    inner.arrive({ from: PEER, finished: true });
    inner.arrive({ from: PEER, ended: "gone" });
    await advance(clock, 10);
    assertEquals(received, ["one", "two", "finished", "gone"]);
    socket[Symbol.dispose]();
    assertEquals(await socket.receive(), null);
  });
}

Deno.test("loss in one direction leaves the other alone", async () => {
  const { inner, socket, clock } = faultySocket("in.loss=100%");
  using _owned = socket;
  const received = receiveAll(socket);
  for (let count = 0; count < 100; count++) {
    await socket.send(utf8(`${count}`), PEER);
    inner.arriveFrom(PEER, "lost");
  }
  await advance(clock, 1);
  assertEquals([inner.sent.length, received.length], [100, 0]);
});

Deno.test("the last datagram is not held back for ever when none comes to overtake it", async () => {
  const { inner, socket, clock } = faultySocket("reorder=100%");
  using _owned = socket;
  await socket.send(utf8("alone"), PEER);
  assertEquals(inner.sent.length, 0);
  await advance(clock, 50);
  assertEquals(inner.sentTexts, ["alone"]);
  assertEquals(clock.timers, 0);
});

Deno.test("only datagrams of the same peer overtake", async () => {
  const { inner, socket, clock } = faultySocket("reorder=50%", 4);
  using _owned = socket;
  const peers = [0, 1, 2].map((port) => udpAddress(50_000 + port));
  for (let count = 0; count < 30; count++) await socket.send(utf8(`${count}`), peers[count % 3]!);
  await advance(clock, 50);
  assertEquals(inner.sent.length, 30);
  for (const peer of peers) {
    const own = inner.sent.filter(({ to }) => to === peer).length;
    assertEquals(own, 10);
  }
});

Deno.test("a peer is told of the end once all that was sent to it has left", async () => {
  const { inner, socket, clock } = faultySocket("out.latency=20ms,out.reorder=100%");
  using _owned = socket;
  await socket.send(utf8("last"), PEER);
  let ended = false;
  const ending = socket.end(PEER).then(() => ended = true);
  await advance(clock, 19);
  assertEquals([inner.sent.length, ended], [0, false]);
  await advance(clock, 1);
  await ending;
  assertEquals([inner.sentTexts, inner.ended.length], [["last"], 1]);
});

Deno.test("disposal forgets what waits, sets no timer and leaves nobody waiting", async () => {
  const { inner, socket, clock } = faultySocket("latency=1s,reorder=50%");
  const receiving = socket.receive();
  for (let count = 0; count < 20; count++) await socket.send(utf8("late"), PEER);
  inner.arriveFrom(PEER, "late");
  await settled();
  const ending = socket.end(PEER);
  const delivering = socket.delivered!(PEER);
  socket[Symbol.dispose]();
  assertEquals(await receiving, null);
  await Promise.all([ending, delivering]);
  assertEquals([clock.timers, inner.sent.length, inner.disposed], [0, 0, true]);
});

Deno.test("a failure of the socket below reaches the reader, who can go on", async () => {
  const { inner, socket, clock } = faultySocket("in.latency=5ms");
  using _owned = socket;
  inner.arrive(new Error("out of descriptors"));
  const failed = await socket.receive().catch((error: Error) => error.message);
  assertEquals(failed, "out of descriptors");
  inner.arriveFrom(PEER, "after it");
  const next = socket.receive();
  await advance(clock, 5);
  const datagram = await next;
  assert(datagram !== null && "bytes" in datagram);
});

Deno.test("what nobody reads stays below the layer beyond a bound", async () => {
  const { inner, socket, clock } = faultySocket("in.latency=1ms");
  using _owned = socket;
  const first = socket.receive();
  let asked = 0;
  const receive = inner.receive.bind(inner);
  inner.receive = () => {
    asked++;
    return receive();
  };
  for (let count = 0; count < 5000; count++) inner.arriveFrom(PEER, "x");
  await settled();
  for (let turn = 0; turn < 200; turn++) await advance(clock, 5);
  await first;
  assert(asked < 3000, `${asked} were taken in`);
  let received = 1;
  void (async () => {
    for (; await socket.receive() !== null;) received++;
  })();
  while (received < 5000) await advance(clock, 5);
});

Deno.test("a socket below without more to it gives the layer no more than it can do", () => {
  const { socket } = faultySocket("loss=1%");
  using _owned = socket;
  // Whether `consumed` is there means something; the others only do what the socket below does.
  assertEquals(socket.consumed, undefined);
  assertEquals(socket.delivery(udpAddress(1)), undefined);
});

Deno.test("what waits for a busy socket leaves once and in order, however much it is", async () => {
  const { inner, socket, clock } = faultySocket("latency=1ms");
  using _owned = socket;
  const { promise, resolve } = Promise.withResolvers<void>();
  inner.sending = promise;
  for (let number = 0; number < 5000; number++) {
    await socket.send(Uint8Array.of(number >> 8, number & 255), PEER);
  }
  await advance(clock, 10);
  inner.sending = undefined;
  resolve();
  await socket.delivered(PEER);
  assertEquals(
    inner.sent.map(({ bytes }) => bytes[0]! << 8 | bytes[1]!),
    Array.from({ length: 5000 }, (_, number) => number),
  );
});
