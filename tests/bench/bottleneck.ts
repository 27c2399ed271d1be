/** Congestion control over a bottleneck on a clock of its own: what a flow delivers beside what the
 * path carries. The same on every machine, however busy. */

import { runBottleneck } from "../layers/reliable/bottleneck.ts";
import type { ControlName } from "../../layers/reliable/congestion/control_names.ts";
import type { Benchmark, Round } from "./benchmark.ts";

const SEEDS = [1, 2, 3] as const;
const BANDWIDTH = 12_000_000;
const ROUND_TRIP_MS = 50;
const [FROM_MS, UNTIL_MS] = [2000, 8000] as const;

/** At 1 % lost each way. */
export const reliableLossBbr: Benchmark = overLoss("reliable-loss1-bbr", "bbr", 0.01, 0.85);

/** At 5 %. */
export const reliableHighLossBbr: Benchmark = overLoss("reliable-loss5-bbr", "bbr", 0.05, 0.6);

/** CUBIC at 1 %, for comparison: what goes by losses cannot fill such a path. */
export const reliableLossCubic: Benchmark = overLoss("reliable-loss1-cubic", "cubic", 0.01, 0.03);

function overLoss(
  name: string,
  control: ControlName,
  loss: number,
  leastRatio: number,
): Benchmark {
  return {
    name,
    summary: `${control} at ${
      100 * loss
    } % loss and 50 ms, beside what the path carries (simulated)`,
    unit: "MB/s",
    target: { leastRatio },
    async measure() {
      const rounds: Round[] = [];
      for (const seed of SEEDS) {
        const { shares } = await runBottleneck(
          {
            seed,
            bandwidth: BANDWIDTH,
            roundTripMs: ROUND_TRIP_MS,
            queueBytes: BANDWIDTH * ROUND_TRIP_MS / 1000,
            loss,
            flows: [{ control }],
          },
          FROM_MS,
          UNTIL_MS,
        );
        rounds.push({ bare: BANDWIDTH / 1e6, ours: shares[0]! * BANDWIDTH / 1e6 });
      }
      return { rounds };
    },
  };
}
