// Keys that no option of the library has: a slip in writing, which is refused with the key that was
// probably meant. What an option that does exist goes with is decided in applicable.ts.

import { clientKinds } from "../clients/index.ts";
import { didYouMean } from "../core/options/nearest.ts";
import type { Given, OptionTable } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { serverKinds } from "../servers/index.ts";
import { serveOptions } from "./applicable.ts";
import type { ConnectHooks } from "./connect_options.ts";
import { layerOptions } from "./layer_stack.ts";
import type { ServeHooks } from "./serve_hooks.ts";
import { servable } from "./served.ts";
import { upstreamOptions } from "./upstream.ts";

/** The options of `serve` that are not in a table. */
export const serveHookNames: readonly string[] = [
  "emit",
  "watch",
  "now",
  "random",
  "clock",
  "dial",
  "lines",
  "signal",
  "changeable",
  "requests",
  "measure",
  "freePortIfTaken",
] satisfies readonly (keyof ServeHooks)[];

/** The options of `connect` that are in no table of a transport. */
const connectHookNames: readonly string[] = [
  "signal",
  "connectTimeoutMs",
  "emit",
] satisfies readonly (keyof ConnectHooks)[];

/** Every option that a server can be started with, whatever it serves and wherever, in one table.
 *
 * @param own the options of what is served, which may be nobody's in this house */
export function servingTable(own: OptionTable = {}): OptionTable {
  return Object.assign(
    {},
    // Those of others are no slips; they are refused as options without effect.
    ...servable.map(({ options }) => options),
    upstreamOptions,
    layerOptions,
    ...serverKinds.map(({ options }) => options),
    serveOptions,
    own,
  );
}

/** Refuses what is no option of `serve`.
 *
 * @param own the options of what is served
 * @throws {UsageError} naming the key and the one that was probably meant */
export function refuseUnknownServing(given: Given, own: OptionTable): void {
  refuse(given, [...serveHookNames, ...Object.keys(servingTable(own))]);
}

/** Refuses what is no option of `connect`, or of a function that passes its options on to it.
 *
 * @param own names of options of that function itself
 * @throws {UsageError} naming the key and the one that was probably meant */
export function refuseUnknownDialling(given: Given, own: readonly string[] = []): void {
  const tables = [...clientKinds.map(({ options }) => options), layerOptions];
  refuse(given, [...own, ...connectHookNames, ...keysOf(tables)]);
}

function refuse(given: Given, known: readonly string[]): void {
  const names = new Set(known);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || names.has(key)) continue;
    throw new UsageError(`unknown option ${key}${didYouMean(key, names)}`);
  }
}

function keysOf(tables: readonly OptionTable[]): string[] {
  return tables.flatMap((table) => Object.keys(table));
}
