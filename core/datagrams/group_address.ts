// Broadcast addresses (RFC 919) and multicast groups (RFC 1112, RFC 4291 2.7), and the interface by
// which they are reached.

import { canonicalHost, isLoopback } from "../addresses/address.ts";
import { ipFamily } from "../addresses/admission.ts";
import { flag, integer, type OptionValues, text } from "../options/option.ts";
import { UsageError } from "../usage_error.ts";

/** Options of a server that joins a group and of a client that sends to one. */
export const interfaceOptions = {
  interface: text({
    metavar: "address",
    help:
      "the interface of a multicast group, by its address (IPv4) or number (IPv6), or by name " +
      "where --allow-sys is given",
  }),
} as const;

export const groupSenderOptions = {
  ...interfaceOptions,
  hops: integer({
    default: 1,
    min: 0,
    max: 255,
    help: "how many networks what is sent to a multicast group may pass; 1 is the local one",
  }),
  multicastLoopback: flag({
    default: true,
    help: "let programs on this machine hear what is sent to a multicast group",
  }),
  broadcast: flag({
    help: "take the address for that of a whole network and hear everybody who answers",
    negatable: false,
  }),
} as const;

export type NetworkInterface = Pick<Deno.NetworkInterfaceInfo, "name" | "address" | "family"> & {
  readonly scopeid?: number | null;
};

/** Whether an address is that of a multicast group. */
export function isMulticast(hostname: string): boolean {
  const host = canonicalHost(hostname);
  return host.includes(":") ? host.startsWith("ff") : ipFamily(host) === "ipv4" &&
    /^2(?:2[4-9]|3\d)\./.test(host);
}

/** Whether an address is a broadcast address, as far as the address alone can tell: a network's own
 * broadcast address looks like any other, except on loopback. */
export function isBroadcast(hostname: string): boolean {
  const host = canonicalHost(hostname);
  return host === "255.255.255.255" || host === "127.255.255.255";
}

/** The scope from which a server of a group can be reached, which decides on its replies: a group
 * that was joined on loopback alone cannot be reached from the network. */
export function reachOf(
  hostname: string,
  { interface: place }: OptionValues<typeof interfaceOptions>,
): string {
  return isMulticast(hostname) && place !== undefined && isLoopback(place) ? place : hostname;
}

/** The address of an IPv4 interface.
 * @param place what the user wrote; undefined leaves the choice to the system
 * @param interfaces all there are; null when they may not be asked for
 * @throws {UsageError} when there is none of that name */
export function interfaceAddress(
  place: string | undefined,
  interfaces: () => readonly NetworkInterface[] | null,
): string {
  if (place === undefined) return "0.0.0.0";
  if (ipFamily(place) === "ipv4") return place;
  const found = named(place, "its IPv4 address, such as 192.0.2.7", interfaces)
    .find(({ family }) => family === "IPv4");
  if (found !== undefined) return found.address;
  throw new UsageError(`--interface: ${place} has no IPv4 address`);
}

/** The number of an IPv6 interface.
 * @throws {UsageError} when there is none of that name */
export function interfaceNumber(
  place: string | undefined,
  interfaces: () => readonly NetworkInterface[] | null,
): number {
  if (place === undefined) return 0;
  if (/^\d{1,9}$/.test(place)) return Number(place);
  const found = named(place, "its number, the first that `ip link` shows", interfaces)
    .find(({ scopeid }) => (scopeid ?? 0) > 0);
  if (found !== undefined) return found.scopeid!;
  throw new UsageError(`--interface: the number of ${place} cannot be found out; give it instead`);
}

function named(
  place: string,
  instead: string,
  interfaces: () => readonly NetworkInterface[] | null,
): readonly NetworkInterface[] {
  const all = interfaces();
  if (all === null) {
    throw new UsageError(
      `--interface: the name ${place} can be looked up with --allow-sys alone; give ${instead}`,
    );
  }
  const found = all.filter(({ name, address }) => name === place || address === place);
  if (found.length > 0) return found;
  const names = [...new Set(all.map(({ name }) => name))];
  throw new UsageError(`--interface: there is no ${place}; there are ${names.join(", ")}`);
}

/** The interfaces of this machine, or null where the program may not ask. Never prompts. */
export function systemInterfaces(): readonly NetworkInterface[] | null {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" });
  return state === "granted" ? Deno.networkInterfaces() : null;
}
