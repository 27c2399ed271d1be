/** A socket with faults, between a memory and a test, and a clock that the test moves on. */

import { createCounters } from "../../../core/counters.ts";
import { FaultyDatagrams } from "../../../layers/fault/datagrams.ts";
import type { FaultDeeds } from "../../../layers/fault/deeds.ts";
import { parseFaults } from "../../../layers/fault/spec.ts";
import { FaultyConnection } from "../../../layers/fault/stream.ts";
import { settled } from "../../fake_time.ts";
import { connectionPair, MemoryDatagramSocket, udpAddress } from "../../memory.ts";
import { VirtualClock } from "../virtual_clock.ts";

/** The peer of every test. */
export const PEER = udpAddress(50_000);

/** A datagram socket with faults; an empty text is none. */
export function faultySocket(spec: string, seed = 1) {
  const inner = new MemoryDatagramSocket();
  const clock = new VirtualClock();
  const counters = createCounters();
  const did: FaultDeeds = { in: {}, out: {} };
  const socket = new FaultyDatagrams(inner, spec === "" ? null : parseFaults([spec], "datagram"), {
    ...{ clock, seed, counters, index: 0, did },
    openedMs: 0,
  });
  return { inner, clock, counters, socket, did };
}

/** A connection with faults, and the other end of it. */
export function faultyConnection(spec: string, { seed = 1, index = 0 } = {}) {
  const pair = connectionPair();
  const clock = new VirtualClock();
  const counters = createCounters();
  const did: FaultDeeds = { in: {}, out: {} };
  const connection = new FaultyConnection(
    pair.server,
    spec === "" ? null : parseFaults([spec], "stream"),
    {
      ...{ clock, seed, counters, index, did },
      openedMs: 0,
    },
  );
  return { peer: pair.client, inner: pair.server, clock, counters, connection, did };
}

/** Moves the clock on, and lets what falls due settle before the next. */
export async function advance(clock: VirtualClock, ms: number): Promise<void> {
  const end = clock.elapsedMs() + ms;
  await settled();
  while (clock.step(end - clock.elapsedMs())) await settled();
  // However many promises were set off, they have come to rest before the next task.
  await new Promise((resolve) => setTimeout(resolve, 0));
}
