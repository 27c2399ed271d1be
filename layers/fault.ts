// The layer fault: an endpoint behaves as if the network were bad. A seed repeats every decision.

import type { Layer, OpenedLayer } from "../core/layer.ts";
import { FaultyDatagrams } from "./fault/datagrams.ts";
import { faultOptions, LARGEST_SEED } from "./fault/options.ts";
import { type LinkFaults, parseFaults } from "./fault/spec.ts";
import { FaultyConnection } from "./fault/stream.ts";

/** The layer `fault`. */
export const fault: Layer<typeof faultOptions> = {
  name: "fault",
  summary: "Faults on purpose: loss, delay, damage, resets",
  rank: 10,
  carriers: ["stream", "datagram"],
  impliedBy: "fault",
  options: faultOptions,
  check({ fault }, carrier) {
    parseFaults(fault, carrier);
  },
  open({ fault, seed: given }, { clock, random, emit }): OpenedLayer {
    const faults = parseFaults(fault);
    const directions = [faults.in, faults.out];
    const seed = given ?? Math.floor(random() * (LARGEST_SEED + 1));
    if (given === undefined && directions.some(hasChance)) {
      emit({ event: "notice", text: `faults by seed ${seed}; --seed ${seed} repeats them` });
    }
    const openedMs = clock.elapsedMs();
    let connections = 0;
    const resets = directions.some(({ reset, resetAfterBytes }) =>
      reset > 0 || resetAfterBytes !== undefined
    );
    return {
      ...(resets && { resets }),
      stream: (connection, _side, { counters }) =>
        new FaultyConnection(connection, faults, {
          clock,
          seed,
          counters,
          openedMs,
          index: connections++,
        }),
      datagram: (socket, _side, { counters }) =>
        new FaultyDatagrams(socket, faults, { clock, seed, counters, openedMs }),
    };
  },
};

/** Whether chance decides anything; a latency alone has nothing to repeat. */
function hasChance(
  { loss, duplicate, reorder, corrupt, reset, jitterMs }: LinkFaults,
): boolean {
  return loss + duplicate + reorder + corrupt + reset + jitterMs > 0;
}
