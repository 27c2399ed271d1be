/** What it costs to be watched: the same server beside itself with nobody looking. */

import { telling } from "../../core/event_stamp.ts";
import type { Address } from "../../core/addresses/address.ts";
import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { startServer } from "./server_process.ts";
import { load, pythonMissing } from "./throughput.ts";

const TOLD = 200_000;

/** One event, as a listener gets it, beside an object of the same fields made by hand. */
export const eventCost: Benchmark = {
  name: "event-cost",
  summary: "telling one event to a listener",
  unit: "us",
  target: { most: 2 },
  measure({ rounds }) {
    const peer: Address = { transport: "tcp", hostname: "127.0.0.1", port: 50_322 };
    const of = { peer, sessionId: 7, serverUrl: "tcp://127.0.0.1:9999" };
    const message = new Uint8Array(64);
    let seen: unknown;
    const tell = telling((event) => void (seen = event), of.serverUrl)!;
    const time = new Date().toISOString();
    const ours = () => tell({ event: "received", message }, of);
    const bare = () => {
      seen = {
        ...{ event: "received", time, url: of.serverUrl, session: 7 },
        ...{ peer: "127.0.0.1:50322", message },
      };
    };
    // Compiled first.
    for (let at = 0; at < 2; at++) [bare, ours].forEach(microseconds);
    const measured = Array.from({ length: rounds }, () => ({
      bare: microseconds(bare),
      ours: microseconds(ours),
    }));
    if (seen === undefined) throw new Error("Nothing was told");
    return Promise.resolve({ rounds: measured });
  },
};

/** The time of one call. */
function microseconds(call: () => void): number {
  const start = performance.now();
  for (let at = 0; at < TOLD; at++) call();
  return (performance.now() - start) * 1000 / TOLD;
}

/** Everything told, each message among it. */
export const eventsAll: Benchmark = {
  name: "events-all",
  summary: "TCP echo of 64 bytes while every event is listened to, beside nobody listening",
  unit: "answers/s",
  target: { leastRatio: 0.6 },
  unavailable: pythonMissing,
  measure: (effort) => watchedEcho("events", effort),
};

/** Numbers at a URL of their own. */
export const metricsOn: Benchmark = {
  name: "metrics-on",
  summary: "TCP echo of 64 bytes with metrics, beside the same without",
  unit: "answers/s",
  target: { leastRatio: 0.98 },
  unavailable: pythonMissing,
  measure: (effort) => watchedEcho("metrics", effort),
};

async function watchedEcho(how: string, effort: Effort): Promise<Measured> {
  await using bare = await startServer("watched.ts", ["none"]);
  await using ours = await startServer("watched.ts", [how]);
  return await load(bare, ours, ["tcp", "--connections", "50", "--bytes", "64"], effort);
}
