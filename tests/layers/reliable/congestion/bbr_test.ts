import { assert } from "@std/assert";
import { Bbr } from "../../../../layers/reliable/congestion/bbr.ts";
import { seeded } from "../../../seeded.ts";
import type { ControlledPacket } from "../../../../layers/reliable/congestion/congestion_control.ts";

const DATAGRAM_BYTES = 1000;
const ROUND_TRIP_MS = 50;

/** A path that delivers a datagram each millisecond, without a queue's end. */
class Path {
  readonly bbr = new Bbr(DATAGRAM_BYTES, seeded(1));
  nowMs = 0;
  #next = 0;
  #freeAtMs = 0;
  #inFlightBytes = 0;
  readonly #arriving: { atMs: number; number: number; packet: ControlledPacket }[] = [];
  #tokens = 0;
  /** By how much the path has become longer. */
  longerMs = 0;
  /** What is lost: one of so many. */
  loseEvery = Infinity;
  /** The window at each millisecond. */
  readonly windows: number[] = [];
  readonly rates: number[] = [];

  run(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; this.nowMs++) {
      while (this.#arriving[0] !== undefined && this.#arriving[0].atMs <= this.nowMs) {
        this.#settle(this.#arriving.shift()!);
      }
      const rate = this.bbr.rate(this.nowMs < ROUND_TRIP_MS ? undefined : ROUND_TRIP_MS);
      this.#tokens = Math.min(4 * DATAGRAM_BYTES, this.#tokens + (rate ?? Infinity));
      while (
        this.#tokens >= DATAGRAM_BYTES &&
        this.#inFlightBytes + DATAGRAM_BYTES <= this.bbr.windowBytes
      ) {
        this.#tokens -= DATAGRAM_BYTES;
        this.#send();
      }
      this.windows.push(this.bbr.windowBytes);
      this.rates.push(rate ?? 0);
    }
  }

  #send(): void {
    const delivery = this.bbr.sent(DATAGRAM_BYTES, this.#inFlightBytes, this.nowMs);
    this.#inFlightBytes += DATAGRAM_BYTES;
    this.#freeAtMs = Math.max(this.#freeAtMs, this.nowMs) + 1;
    this.#arriving.push({
      atMs: this.#freeAtMs - 1 + ROUND_TRIP_MS + this.longerMs,
      number: this.#next++,
      packet: { sentAtMs: this.nowMs, bytes: DATAGRAM_BYTES, delivery },
    });
  }

  #settle({ number, packet }: { number: number; packet: ControlledPacket }): void {
    const before = this.#inFlightBytes;
    this.#inFlightBytes -= DATAGRAM_BYTES;
    if (number % this.loseEvery === this.loseEvery - 1) {
      this.bbr.lost(packet, this.nowMs);
      return;
    }
    this.bbr.begin(before);
    this.bbr.acknowledged(packet, this.nowMs);
    this.bbr.measured(this.nowMs - packet.sentAtMs);
    this.bbr.end(this.#inFlightBytes, this.nowMs);
  }
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

Deno.test("BBR finds what the path delivers, and sends as fast", () => {
  const path = new Path();
  path.run(1000);
  path.rates.length = 0;
  path.run(4000);
  const rate = meanOf(path.rates);
  assert(rate > 950 && rate < 1050, `${rate}`);
});

Deno.test("BBR makes way every few seconds, so that it sees the path without its own queue", () => {
  const path = new Path();
  path.run(1000);
  // It cannot know whether this is its own queue.
  path.longerMs = 5;
  path.windows.length = 0;
  path.run(6000);
  const least = Math.min(...path.windows);
  assert(least < 0.7 * 1000 * ROUND_TRIP_MS, `${least}`);
  const small = path.windows.filter((bytes) => bytes < 0.7 * 1000 * ROUND_TRIP_MS).length;
  assert(small >= 200 && small < 400, `${small} ms`);
});

Deno.test("BBR keeps its rate when few are lost by chance, and lowers it when many are", () => {
  const [few, many] = [new Path(), new Path()];
  few.loseEvery = 20;
  many.loseEvery = 4;
  for (const path of [few, many]) {
    path.run(1500);
    path.rates.length = 0;
    path.run(1000);
  }
  assert(meanOf(few.rates) > 900, `${meanOf(few.rates)}`);
  assert(meanOf(many.rates) < 850, `${meanOf(many.rates)}`);
});
