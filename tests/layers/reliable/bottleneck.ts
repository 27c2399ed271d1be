/** Flows of associations that share a bottleneck with a queue that drops what does not fit, on a clock
 * that a test moves on. What a machine is busy with changes nothing of it. */

import { createCounters } from "../../../core/counters.ts";
import { Association } from "../../../layers/reliable/association.ts";
import type { AssociationOptions } from "../../../layers/reliable/association_options.ts";
import type { ControlName } from "../../../layers/reliable/congestion/control_names.ts";
import { Room } from "../../../layers/reliable/stream/room.ts";
import { PacketReader } from "../../../layers/reliable/wire/packet.ts";
import { seeded } from "../../seeded.ts";
import { VirtualClock } from "../virtual_clock.ts";

/** A path of all flows. */
export interface BottleneckOptions {
  readonly seed: number;
  /** What goes through, in bytes a second. */
  readonly bandwidth: number;
  /** The round trip without a queue. */
  readonly roundTripMs: number;
  /** The room of the queue. */
  readonly queueBytes: number;
  /** The share that is lost by chance, each way alike. @default 0 */
  readonly loss?: number;
  readonly flows: readonly { readonly control: ControlName; readonly fromMs?: number }[];
}

/** What came of it, without the beginning. */
export interface BottleneckOutcome {
  /** What each flow delivered, in parts of what the bottleneck carries. */
  readonly shares: readonly number[];
  /** How long a datagram waited in the queue, in round trips: the mean and the median. */
  readonly queue: number;
  readonly medianQueue: number;
  /** The share of datagrams that the queue had no room for. */
  readonly dropped: number;
}

const DATAGRAM_BYTES = 1200;
const MESSAGE_BYTES = 16_384;
const WINDOW_BYTES = 1 << 24;

/** What a datagram takes of a link besides its bytes. */
const OVERHEAD_BYTES = 28;

/** Sends for so long, and measures from a time on. */
export async function runBottleneck(
  { seed, bandwidth, roundTripMs, queueBytes, loss = 0, flows }: BottleneckOptions,
  fromMs: number,
  untilMs: number,
): Promise<BottleneckOutcome> {
  const clock = new VirtualClock(0);
  const random = seeded(seed);
  const rate = bandwidth / 1000;
  const oneWayMs = roundTripMs / 2;
  const received = flows.map(() => 0);
  const waits: number[] = [];
  const associations: Association[] = [];
  let freeAtMs = 0;
  let [offered, dropped] = [0, 0];
  const isMeasured = () => clock.elapsedMs() >= fromMs;

  /** Through the queue, when it has room. */
  const enqueue = (bytes: Uint8Array, arrive: (bytes: Uint8Array) => void) => {
    const now = clock.elapsedMs();
    const waitMs = Math.max(0, freeAtMs - now);
    if (isMeasured()) offered++;
    if (waitMs * rate + bytes.length > queueBytes) {
      if (isMeasured()) dropped++;
      return;
    }
    if (isMeasured()) waits.push(waitMs);
    freeAtMs = Math.max(freeAtMs, now) + (bytes.length + OVERHEAD_BYTES) / rate;
    if (random() < loss) return;
    const copy = bytes.slice();
    clock.after(freeAtMs - now + oneWayMs, () => arrive(copy));
  };
  const back = (bytes: Uint8Array, arrive: (bytes: Uint8Array) => void) => {
    if (random() < loss) return;
    const copy = bytes.slice();
    clock.after(oneWayMs, () => arrive(copy));
  };

  flows.forEach(({ control, fromMs: startMs = 0 }, flow) => {
    const options: AssociationOptions = {
      clock,
      random,
      counters: createCounters(),
      terms: { maxMessageBytes: 1 << 20, windowBytes: WINDOW_BYTES },
      sendBufferBytes: WINDOW_BYTES,
      maxUnreadMessages: 1 << 16,
      rooms: { unread: new Room(1 << 28), unacknowledged: new Room(1 << 28) },
      datagramBytes: DATAGRAM_BYTES,
      largestDatagramBytes: DATAGRAM_BYTES,
      control,
      kernelBuffer: undefined,
      timeoutMs: 30_000,
      keepAliveMs: Infinity,
      idleMs: Infinity,
    };
    const packet = new PacketReader();
    const ids = [{ high: flow, low: 1 }, { high: flow, low: 2 }] as const;
    const buffer = new Uint8Array(DATAGRAM_BYTES);
    const events = {
      buffer: () => buffer,
      peerFinished: () => {},
      ended: () => {},
    };
    const sender: Association = new Association(ids[0], ids[1], options.terms, options, {
      ...events,
      delivered: () => {},
      transmit: (bytes, length) =>
        enqueue(bytes.subarray(0, length), (arrived) => receiver.receive(arrived, packet)),
    });
    const receiver: Association = new Association(ids[1], ids[0], options.terms, options, {
      ...events,
      delivered: ({ length }) => {
        if (isMeasured()) received[flow]! += length;
        queueMicrotask(() => receiver.consumed(length));
      },
      transmit: (bytes, length) =>
        back(bytes.subarray(0, length), (arrived) => sender.receive(arrived, packet)),
    });
    associations.push(sender, receiver);
    clock.after(startMs, () => {
      (async () => {
        for (;;) await sender.send(new Uint8Array(MESSAGE_BYTES));
      })().catch(() => {});
    });
  });
  while (clock.elapsedMs() < untilMs) {
    if (!clock.step(untilMs - clock.elapsedMs())) break;
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  }
  for (const association of associations) association.dispose();
  const carried = bandwidth * (untilMs - fromMs) / 1000;
  waits.sort((one, other) => one - other);
  return {
    shares: received.map((bytes) => bytes / carried),
    queue: waits.reduce((sum, wait) => sum + wait, 0) / Math.max(1, waits.length) / roundTripMs,
    medianQueue: (waits[waits.length >> 1] ?? 0) / roundTripMs,
    dropped: dropped / Math.max(1, offered),
  };
}
