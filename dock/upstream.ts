// The options of client sessions that a protocol opens itself, as a relay does: those of clients,
// under names that begin with `upstream`, because a server's own options have the plain names.

import { clientKinds } from "../clients/index.ts";
import { canonicalHost, isLoopback } from "../core/addresses/address.ts";
import type { Endpoint } from "../core/addresses/endpoint.ts";
import { connectTimeoutOptions } from "../core/client_options.ts";
import type { Given, OptionTable } from "../core/options/option.ts";
import { prefixedKey, prefixedTable, unprefixed } from "../core/options/prefixed.ts";
import { UsageError } from "../core/usage_error.ts";
import type { ConnectOptions } from "./connect_options.ts";
import { layerOptions } from "./layer_stack.ts";

const PREFIX = "upstream";

const dialling = Object.assign(
  {},
  connectTimeoutOptions,
  ...clientKinds.map((kind) => kind.options),
  layerOptions,
) as OptionTable;

/** The library's options for the upstream: `tlsCa` of `connect` is `upstreamTlsCa` here. */
export type UpstreamOptions = {
  readonly [
    Key in Exclude<keyof ConnectOptions, "signal" | "emit"> as `upstream${Capitalize<Key>}`
  ]?: ConnectOptions[Key] | undefined;
};

/** The same as a table. */
export const upstreamOptions: OptionTable = prefixedTable(PREFIX, dialling);

/** The options of `connect` among those given for the upstream. */
export function upstreamGiven(given: Given): Given {
  return unprefixed(PREFIX, dialling, given);
}

/** Refuses an upstream that is one of our own endpoints: every session would open another one,
 * until no more can be opened.
 *
 * @throws {UsageError} naming both */
export function refuseOwnUpstream(upstream: Endpoint, endpoints: readonly Endpoint[]): void {
  const own = endpoints.find((endpoint) => isSamePlace(endpoint, upstream));
  if (own === undefined) return;
  throw new UsageError(
    `upstream: ${upstream.text} is where ${own.text} listens, so every session would come back as a new one; ` +
      "name another endpoint",
  );
}

/** Whether who dials the one reaches the other, which listens. */
export function isSamePlace(listens: Endpoint, dialled: Endpoint): boolean {
  if (socketOf(listens) !== socketOf(dialled)) return false;
  if (listens.addressing === "path") return listens.path === dialled.path;
  if (listens.port === undefined || listens.port === 0 || listens.port !== dialled.port) {
    return false;
  }
  const [own, other] = [hostOf(listens), hostOf(dialled)];
  if (own === other || (own === "::" && isLoopback(other))) return true;
  return own === "0.0.0.0" && isLoopback(other) && !other.includes(":");
}

/** The kind of socket that a scheme opens; ports of different kinds are independent. */
function socketOf({ scheme, addressing }: Endpoint): string {
  if (addressing === "path") return scheme;
  const isDatagram = clientKinds.find(({ name }) => name === scheme)?.carrier === "datagram";
  return isDatagram ? "udp" : "tcp";
}

function hostOf({ hostname }: Endpoint): string {
  return hostname === "" || hostname === "localhost" ? "127.0.0.1" : canonicalHost(hostname);
}

/** The name of `connect`'s option for the upstream. */
export function upstreamKey(key: string): string {
  return prefixedKey(PREFIX, key);
}
