// A running server whose faults can be replaced.

import type { BoundLayer, Carrier } from "../core/layer.ts";
import type { FaultsInForce } from "../core/live_faults.ts";
import type { ServerKind } from "../core/server_kind.ts";
import type { Endpoint } from "../core/addresses/endpoint.ts";
import type { RunningServer } from "../core/running_server.ts";
import { UsageError } from "../core/usage_error.ts";
import { fault as faultLayer } from "../layers/fault.ts";
import { LARGEST_SEED } from "../layers/fault/options.ts";

/** Replaces faults, as `--fault` takes them; null takes them away.
 *
 * Sessions that are open have the new faults at once. What is on its way keeps its order and arrives
 * no later than it would have. The decisions begin anew with each call: the same seed and the same
 * traffic lead to the same ones.
 *
 * @throws {UsageError} when a fault cannot be had here */
export type SetFaults = (
  fault: string | readonly string[] | null,
  options?: {
    /** The seed of all decisions. Default: that of the faults before, or a new one. */
    readonly seed?: number;
  },
) => void;

/** The server of one endpoint. */
export interface DrivenServer extends RunningServer {
  /** The scheme of its URL, without layers. */
  readonly transport: string;
  /** What it serves: sessions of a protocol, or HTTP requests. */
  readonly carries: "sessions" | "requests";
  /** What its layers wrap. */
  readonly carrier: Carrier;
  /** The layers that its URL names. */
  readonly layers: readonly string[];
  /** The faults in force, and what they have done; null when there are none. */
  readonly faults: FaultsInForce | null;
  /** What all its faults have done, those that were taken away among them. */
  readonly faultsDone: FaultsInForce["did"];
  /** Replaces its faults, for the sessions that are open too; null takes them away. */
  readonly setFaults: SetFaults;
  /** Refuses faults that `setFaults` would refuse, and changes nothing. */
  checkFaults(fault: string | readonly string[] | null): void;
}

const CLOSES =
  "this listener cannot reset connections, so it closes them; one that can is opened when " +
  "the server starts with a fault that resets, such as reset-after=1g";

interface ServedPlace {
  readonly kind: ServerKind;
  readonly endpoint: Endpoint;
}

/** Why a server cannot be changed. */
export function unchangeable(url: string): string {
  return `${url} cannot be changed: it was started with changeable: false, or by --listener deno`;
}

/** Adds to a server what replaces its faults.
 * @param bound the layers that it wraps its connections in */
export function drivenServer(
  server: RunningServer,
  { kind: { carrier, carries, name }, endpoint }: ServedPlace,
  bound: readonly BoundLayer[],
): DrivenServer {
  const canReset = bound.some(({ resets }) => resets);
  const live = bound.find(({ live }) => live !== undefined)?.live;

  function checkFaults(fault: string | readonly string[] | null): void {
    if (live === undefined) {
      throw new UsageError(unchangeable(server.url));
    }
    if (fault !== null) faultLayer.check?.({ fault: [fault].flat(), seed: undefined }, carrier);
  }

  return {
    ...server,
    ...{ transport: name, carries, carrier, layers: endpoint.layers },
    get faults() {
      const inForce = live?.inForce ?? null;
      return inForce?.resets && !canReset ? { ...inForce, note: CLOSES } : inForce;
    },
    get faultsDone() {
      return live?.done ?? { in: {}, out: {} };
    },
    checkFaults,
    setFaults(fault, { seed } = {}) {
      checkFaults(fault);
      if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed <= LARGEST_SEED)) {
        throw new UsageError(
          `the seed of faults on ${name} is a whole number from 0 to ${LARGEST_SEED}, got ${seed}`,
        );
      }
      live!.set(fault === null ? null : [fault].flat(), carrier, seed);
    },
  };
}
