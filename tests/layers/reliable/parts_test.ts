/** The smaller parts, each by itself. */

import { assert, assertEquals } from "@std/assert";
import { AckRanges } from "../../../layers/reliable/recovery/ack_ranges.ts";
import { ByteRing } from "../../../layers/reliable/stream/byte_ring.ts";
import { Congestion } from "../../../layers/reliable/congestion/window.ts";
import { kernelBytes } from "../../../layers/reliable/congestion/kernel_buffer.ts";
import { Pacing } from "../../../layers/reliable/congestion/pacing.ts";
import { RangeSet } from "../../../layers/reliable/stream/range_set.ts";
import { RoundTrip } from "../../../layers/reliable/recovery/round_trip.ts";
import { SendBuffer } from "../../../layers/reliable/stream/send_buffer.ts";
import { seeded } from "../../seeded.ts";

Deno.test("RangeSet is a set of numbers", () => {
  const random = seeded(1);
  for (let round = 0; round < 200; round++) {
    const ranges = new RangeSet();
    const model = new Set<number>();
    for (let step = 0; step < 50; step++) {
      const start = Math.floor(random() * 60);
      const end = start + Math.floor(random() * 12);
      const adds = random() < 0.6;
      if (adds) ranges.add(start, end);
      else ranges.remove(start, end);
      for (let number = start; number < end; number++) {
        if (adds) model.add(number);
        else model.delete(number);
      }
      assertEquals(ranges.total, model.size);
      for (let number = 0; number < 75; number++) {
        assertEquals(ranges.has(number), model.has(number), `${ranges.bounds} ${number}`);
      }
      const { bounds } = ranges;
      assert(bounds.every((bound, index) => index === 0 || bound > bounds[index - 1]!));
    }
  }
});

Deno.test("AckRanges has bounded room, and takes nothing twice", () => {
  const ranges = new AckRanges();
  for (let number = 1; number < 1000; number += 2) {
    if (ranges.takes(number)) ranges.add(number);
  }
  assertEquals([ranges.cumulative, ranges.ranges.length], [0, 128]);
  assertEquals([ranges.takes(1), ranges.takes(999), ranges.takes(0)], [false, false, true]);
  ranges.forgetBelow(100);
  assertEquals(ranges.cumulative, 100);
  assertEquals([ranges.takes(98), ranges.takes(100)], [false, true]);
  ranges.add(100);
  assertEquals(ranges.cumulative, 102);
});

Deno.test("ByteRing keeps what is in use while it grows and goes round", () => {
  const random = seeded(2);
  const ring = new ByteRing();
  let [low, high] = [0, 0];
  const at = (offset: number) => (offset * 31) & 0xff;
  for (let step = 0; step < 500; step++) {
    const count = Math.floor(random() * 3000);
    ring.write(high, Uint8Array.from({ length: count }, (_, index) => at(high + index)), low, high);
    high += count;
    low += Math.floor(random() * (high - low));
    const read = new Uint8Array(high - low);
    ring.read(low, read);
    assert(read.every((byte, index) => byte === at(low + index)), `step ${step}`);
  }
});

Deno.test("RoundTrip follows RFC 6298", () => {
  const trip = new RoundTrip();
  assertEquals([trip.smoothedMs, trip.timeoutMs], [undefined, 500]);
  trip.measured(100, 0);
  assertEquals([trip.smoothedMs, trip.timeoutMs], [100, 100 + 4 * 50 + 5]);
  trip.measured(200, 0);
  assertEquals([trip.smoothedMs, trip.minMs], [112.5, 100]);
  // A peer cannot make the round trip shorter than it ever was.
  trip.measured(100, 1000);
  assert(trip.smoothedMs! > 100);
});

Deno.test("a window grows, and shrinks less when no queue stands", () => {
  const withoutQueue = new Congestion(1200);
  const withQueue = new Congestion(1200);
  for (const [window, queuedMs] of [[withoutQueue, 0], [withQueue, 60]] as const) {
    for (let number = 0; number < 200; number++) {
      window.measured(number < 100 ? 50 : 50 + queuedMs, number, number + 10);
      if (number < 20) window.acknowledged(1200, number + 1, number + 51, true, 50);
    }
    assert(window.windowBytes > 30_000);
    const before = window.windowBytes;
    window.lost(300, 400);
    // One reduction for all that was sent before it.
    window.lost(350, 401);
    assertEquals(Math.round(100 * window.windowBytes / before), queuedMs === 0 ? 85 : 70);
  }
  withQueue.collapse(500);
  assertEquals(withQueue.windowBytes, 2400);
});

Deno.test("a window that is not used does not grow", () => {
  const window = new Congestion(1200);
  const before = window.windowBytes;
  for (let number = 0; number < 100; number++) {
    window.acknowledged(1200, number + 1, number + 51, false, 50);
  }
  assertEquals(window.windowBytes, before);
});

Deno.test("CUBIC comes back to where the loss was, and goes beyond", () => {
  const window = new Congestion(1200);
  for (let number = 0; number < 100; number++) window.acknowledged(1200, number + 1, 50, true, 50);
  const before = window.windowBytes;
  window.lost(150, 200);
  let nowMs = 200;
  let backAfterMs: number | undefined;
  for (; nowMs < 20_000; nowMs += 50) {
    const datagrams = Math.floor(window.windowBytes / 1200);
    for (let count = 0; count < datagrams; count++) {
      window.acknowledged(1200, nowMs - 50 + 1, nowMs, true, 50);
    }
    if (window.windowBytes >= before) backAfterMs ??= nowMs - 200;
  }
  assert(backAfterMs !== undefined && backAfterMs > 300 && backAfterMs < 5000, `${backAfterMs}`);
  assert(window.windowBytes > 1.5 * before);
});

Deno.test("Pacing spreads a window over its round trip", () => {
  const pacing = new Pacing(1000);
  let nowMs = 0;
  let sent = 0;
  while (nowMs < 1000) {
    const waitMs = pacing.waitMs(nowMs, 10_000, 100);
    if (waitMs === 0) {
      pacing.sent(1000);
      sent++;
    } else nowMs += waitMs;
  }
  // 1.25 windows of ten in each of ten round trips, and the burst at the start.
  assert(sent >= 122 && sent <= 131, `${sent}`);
});

Deno.test("a datagram takes of a socket's memory what was measured", () => {
  const fit = (bytes: number) => Math.floor(212_992 / kernelBytes(bytes));
  assertEquals([1000, 1452, 2000, 8000, 16_000].map(fit), [92, 92, 48, 12, 12]);
});

Deno.test("SendBuffer sends again what was lost and nothing that arrived", () => {
  const buffer = new SendBuffer(1000);
  buffer.begin(96);
  buffer.write(new Uint8Array(96));
  const into = new Uint8Array(100);
  const take = () => {
    const part = buffer.next(20, 1000);
    if (part !== null) buffer.take(part, into.subarray(0, part.end - part.start));
    return part;
  };
  for (let count = 0; count < 5; count++) take();
  assertEquals(take(), null);
  buffer.acknowledge(20, 40);
  buffer.lose(0, 60);
  assertEquals([take(), take(), take()], [
    { start: 0, end: 20 },
    { start: 40, end: 60 },
    null,
  ]);
  buffer.acknowledge(0, 20);
  assertEquals([buffer.acknowledged, buffer.acknowledgedBytes], [40, 36]);
  buffer.acknowledge(40, 100);
  assertEquals([buffer.acknowledgedMessages, buffer.acknowledgedBytes], [1, 96]);
});
