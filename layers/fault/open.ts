// Opening the layer fault: one seed for everything that passes the endpoint, and faults that can be
// replaced while it is open.

import type { LayerContext, OpenedLayer } from "../../core/layer.ts";
import type { LiveFaults } from "../../core/live_faults.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { FaultyDatagrams } from "./datagrams.ts";
import { type faultOptions, LARGEST_SEED } from "./options.ts";
import { seededRandom } from "./random.ts";
import { type FaultPlan, type Faults, parsePlan } from "./spec.ts";
import { FaultyConnection } from "./stream.ts";
import { addDeeds, type Decisions, type FaultDeeds } from "./deeds.ts";

/** Sequences of chances from here on decide which connections meet the faults of a share. */
const FIRST_SHARE_STREAM = 0x4000_0000;

/** The faults in force, with all that belongs to them. */
interface InForce {
  readonly fault: readonly string[];
  readonly plan: FaultPlan;
  readonly seed: number;
  readonly sinceMs: number;
  readonly since: string;
  readonly did: FaultDeeds;
  /** How many connections have met them. */
  connections: number;
}

/** Something that lets bytes or datagrams through, with faults or without. */
interface Faulty {
  change(faults: Faults | null, decisions: Decisions): void;
}

export function openFault(
  { fault, seed: given }: OptionValues<typeof faultOptions>,
  { clock, random, emit }: LayerContext,
): OpenedLayer {
  const open = new Set<Faulty>();
  let lastSeed = given;
  let inForce: InForce | null = null;

  function begin(fault: readonly string[], plan: FaultPlan, seed: number | undefined): InForce {
    lastSeed = seed ?? Math.floor(random() * (LARGEST_SEED + 1));
    if (seed === undefined && plan.hasChance) {
      emit?.({
        event: "notice",
        text: `faults by seed ${lastSeed}; --seed ${lastSeed} repeats them`,
      });
    }
    return {
      ...{ fault, plan, seed: lastSeed, connections: 0, did: { in: {}, out: {} } },
      sinceMs: clock.elapsedMs(),
      since: new Date(clock.now()).toISOString(),
    };
  }

  /** The faults of the next connection, and the chances by which they decide. */
  function next(): [Faults | null, Decisions] {
    if (inForce === null) {
      return [null, { seed: 0, index: 0, openedMs: 0, did: { in: {}, out: {} } }];
    }
    const { plan, seed, sinceMs: openedMs, did } = inForce;
    const index = inForce.connections++;
    const faults = plan.faultsOf(seededRandom(seed, FIRST_SHARE_STREAM + index));
    return [faults, { seed, index, openedMs, did }];
  }

  function added<F extends Faulty>(faulty: F): F {
    open.add(faulty);
    return faulty;
  }

  // The option has a fault at least wherever the user named the layer.
  if (fault.length > 0) inForce = begin(fault, parsePlan(fault), given);
  const resets = inForce?.plan.resets ?? false;
  /** What the faults did that are not in force any more. */
  const before: FaultDeeds = { in: {}, out: {} };
  const live: LiveFaults = {
    get done() {
      const sum: FaultDeeds = { in: { ...before.in }, out: { ...before.out } };
      if (inForce !== null) addDeeds(sum, inForce.did);
      return sum;
    },
    get inForce() {
      if (inForce === null) return null;
      const { fault, plan, seed, since, did } = inForce;
      const copy = { in: { ...did.in }, out: { ...did.out } };
      return { fault, seed, since, did: copy, resets: plan.resets };
    },
    set(fault, carrier, seed) {
      if (inForce !== null) addDeeds(before, inForce.did);
      if (fault === null) inForce = null;
      else inForce = begin([...fault], parsePlan(fault, carrier), seed ?? lastSeed);
      for (const faulty of open) faulty.change(...next());
    },
  };
  return {
    ...(resets && { resets }),
    live,
    stream(connection, _side, { counters }) {
      const [faults, decisions] = next();
      const over = () => open.delete(faulty);
      const faulty = added(
        new FaultyConnection(connection, faults, { clock, counters, over, ...decisions }),
      );
      return faulty;
    },
    datagram(socket, _side, { counters }) {
      const [faults, decisions] = next();
      return added(new FaultyDatagrams(socket, faults, { clock, counters, ...decisions }));
    },
  };
}
