// The options of a client session.

import type { Emit } from "../core/event.ts";
import type { DialOptions, LayerOptions } from "./option_types.ts";

/** Options of `connect` alone, whatever the transport. */
export interface ConnectHooks {
  /** Aborting it ends the attempt; an open session is closed by its owner. */
  readonly signal?: AbortSignal;
  /** Time for connecting, in milliseconds. Default: 10,000. */
  readonly connectTimeoutMs?: number;
  /** Receives notices, such as the seed of faults, or that the keys of TLS are written to the file of
   * SSLKEYLOGFILE. Default: none. */
  readonly emit?: Emit;
}

/** Options of `connect`: those of the transports ({@linkcode DialOptions}, such as `tlsCa`,
 * `tlsFingerprint` and `maxMessageBytes`), of the layers ({@linkcode LayerOptions}, such as `fault`
 * and `sealedKey`), and of `connect` itself ({@linkcode ConnectHooks}). */
export type ConnectOptions = DialOptions & LayerOptions & ConnectHooks;
