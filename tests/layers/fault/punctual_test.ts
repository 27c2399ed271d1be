import { assert, assertEquals } from "@std/assert";
import type { Clock } from "../../../core/clock.ts";
import { createCounters } from "../../../core/counters.ts";
import { FaultyDatagrams } from "../../../layers/fault/datagrams.ts";
import { callAt } from "../../../layers/fault/punctual.ts";
import { parseFaults } from "../../../layers/fault/spec.ts";
import { FaultyConnection } from "../../../layers/fault/stream.ts";
import { connectionPair, MemoryDatagramSocket } from "../../memory.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { advance, PEER } from "./faulty_network.ts";

/** A clock whose timers are like those of an idle machine: they know whole milliseconds, at least
 * one, and run a call 0.1 to 1.2 ms after that. A turn of its event loop takes a while too. */
function systemLikeClock(virtual: VirtualClock, random: () => number): Clock {
  return {
    now: virtual.now,
    elapsedMs: virtual.elapsedMs,
    after: (delayMs, run) =>
      virtual.after(Math.max(1, Math.floor(delayMs)) + 0.1 + 1.1 * random(), run),
    nextTurn: (run) => virtual.after(0.01 + 0.1 * random(), run),
  };
}

/** How much too late a call may come. */
const LATEST_MS = 0.7;

Deno.test("callAt() sets no timer that is so long that it would run at once", () => {
  const delays: number[] = [];
  const clock: Clock = {
    ...{ now: () => 0, elapsedMs: () => 0, nextTurn: () => () => {} },
    after(delayMs) {
      delays.push(delayMs);
      return () => {};
    },
  };
  callAt(clock, 2 ** 40, () => assert(false));
  assertEquals(delays, [2 ** 31 - 1]);
});

Deno.test("callAt() is never early and hardly late, whatever the timers do", () => {
  const random = seeded(newSeed());
  const virtual = new VirtualClock();
  const clock = systemLikeClock(virtual, random);
  for (let round = 0; round < 2000; round++) {
    const dueMs = virtual.elapsedMs() + (random() < 0.5 ? 3 : 60) * random();
    let ranAtMs: number | undefined;
    callAt(clock, dueMs, () => ranAtMs = virtual.elapsedMs());
    assertEquals(ranAtMs, undefined, "not before it returns");
    while (ranAtMs === undefined) virtual.step();
    assert(ranAtMs >= dueMs && ranAtMs <= dueMs + LATEST_MS, `${ranAtMs - dueMs} ms late`);
  }
  callAt(clock, virtual.elapsedMs() + 1, () => assert(false))();
  callAt(clock, virtual.elapsedMs() + 50, () => assert(false))();
  assertEquals(virtual.timers, 0);
});

/** How long a message of 64 bytes takes through a stream and a datagram socket with a fault. */
async function delaysMs(fault: string): Promise<number[]> {
  const delays: number[] = [];
  const random = seeded(newSeed());
  for (const carrier of ["stream", "datagram"] as const) {
    const virtual = new VirtualClock();
    const clock = systemLikeClock(virtual, random);
    const work = {
      clock,
      seed: 1,
      counters: createCounters(),
      openedMs: 0,
      index: 0,
      did: { in: {}, out: {} },
    };
    const faults = parseFaults([fault], carrier);
    const arrived = Promise.withResolvers<number>();
    const inner = new MemoryDatagramSocket();
    const { server } = connectionPair();
    const took = () => {
      arrived.resolve(virtual.elapsedMs());
      return Promise.resolve();
    };
    inner.send = took;
    server.write = took;
    using connection = new FaultyConnection(server, faults, work);
    using socket = new FaultyDatagrams(inner, faults, work);
    // It is idle for a while, and then sends one message.
    await advance(virtual, 1000.5);
    const sentAtMs = virtual.elapsedMs();
    if (carrier === "stream") await connection.write(new Uint8Array(64));
    else await socket.send(new Uint8Array(64), PEER);
    await advance(virtual, 100);
    delays.push(await arrived.promise - sentAtMs);
  }
  return delays;
}

for (
  const [fault, ownMs] of [
    ["latency=1ms", 1],
    ["latency=20ms", 20],
    ["bandwidth=1m", 64 / 1048.576],
    ["bandwidth=100k", 64 / 102.4],
  ] as const
) {
  Deno.test(`${fault} delays an idle link's message by ${ownMs.toFixed(2)} ms`, async () => {
    for (const ms of await delaysMs(fault)) {
      assert(ms >= ownMs - 1e-6 && ms <= ownMs + LATEST_MS, `${ms} ms instead of ${ownMs}`);
    }
  });
}

Deno.test("a bandwidth is kept within 2 % over each second, however busy the process is", async () => {
  for (const bytesPerSecond of [10_000, 1_000_000, 50_000_000]) {
    const virtual = new VirtualClock();
    const random = seeded(newSeed());
    // Now and then the process has something else to do.
    const turnMs = () => random() < 0.05 ? 8 : 0.05;
    const clock: Clock = {
      ...systemLikeClock(virtual, random),
      nextTurn: (run) => virtual.after(turnMs(), run),
    };
    const { server } = connectionPair();
    let passed = 0;
    server.write = (bytes) => {
      passed += bytes.length;
      return Promise.resolve();
    };
    using connection = new FaultyConnection(
      server,
      parseFaults([`bandwidth=${bytesPerSecond}`], "stream"),
      {
        clock,
        seed: 1,
        counters: createCounters(),
        openedMs: 0,
        index: 0,
        did: { in: {}, out: {} },
      },
    );
    const chunk = new Uint8Array(Math.min(65_536, bytesPerSecond / 20));
    let over = false;
    const writing = (async () => {
      while (!over) await connection.write(chunk);
    })().catch(() => {});
    for (let second = 1; second <= 3; second++) {
      const before = passed;
      await advance(virtual, 1000);
      const share = (passed - before) / bytesPerSecond;
      assert(Math.abs(share - 1) < 0.019, `${share} of ${bytesPerSecond} bytes in a second`);
    }
    over = true;
    connection[Symbol.dispose]();
    await writing;
  }
});
