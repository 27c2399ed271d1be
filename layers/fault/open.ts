// Opening the layer fault: one seed for everything that passes the endpoint.

import type { LayerContext, OpenedLayer } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { FaultyDatagrams } from "./datagrams.ts";
import { type faultOptions, LARGEST_SEED } from "./options.ts";
import { type LinkFaults, parseFaults } from "./spec.ts";
import { FaultyConnection } from "./stream.ts";

export function openFault(
  { fault, seed: given }: OptionValues<typeof faultOptions>,
  { clock, random, emit }: LayerContext,
): OpenedLayer {
  const faults = parseFaults(fault);
  const directions = [faults.in, faults.out];
  const seed = given ?? Math.floor(random() * (LARGEST_SEED + 1));
  if (given === undefined && directions.some(hasChance)) {
    emit?.({ event: "notice", text: `faults by seed ${seed}; --seed ${seed} repeats them` });
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
}

/** Whether chance decides anything; a latency alone has nothing to repeat. */
function hasChance(
  { loss, duplicate, reorder, corrupt, reset, jitterMs }: LinkFaults,
): boolean {
  return loss + duplicate + reorder + corrupt + reset + jitterMs > 0;
}
