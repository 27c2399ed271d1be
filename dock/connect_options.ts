// The options of a client session.

import type { clientKinds } from "../clients/index.ts";
import type { Emit } from "../core/event.ts";
import type { Intersection, OptionValues } from "../core/options/option.ts";
import type { LayerOptions } from "./layer_stack.ts";

type KindOptions = Intersection<(typeof clientKinds)[number]["options"]>;

/** Options of `connect`: those of the transport and the layers in use, and two of its own. */
export type ConnectOptions = Partial<OptionValues<KindOptions & LayerOptions>> & {
  /** Aborting it ends the attempt; an open session is closed by its owner. */
  readonly signal?: AbortSignal;
  /** Time for connecting, in milliseconds. Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /** Receives notices, such as the seed of faults, or that the keys of TLS are written to the file of
   * SSLKEYLOGFILE. Default: none. */
  readonly emit?: Emit;
};
