// The addresses of this machine's interfaces, and those of them that others can use.

import { canonicalHost, isLoopback } from "./address.ts";

/** Interfaces of containers, virtual machines and tunnels: rarely what another device can reach. */
const VIRTUAL =
  /^(?:docker|br-|veth|virbr|vmnet|vboxnet|tun|tap|utun|wg|zt|cni|flannel|lxc|podman)/i;

/** Whether a listening host stands for every address of this machine. */
export function isUnspecified(hostname: string): boolean {
  return hostname === "0.0.0.0" || canonicalHost(hostname) === "::";
}

/** The host at which this machine dials what listens on a host: its own, where that is every address. */
export function dialledHost(hostname: string): string {
  if (!isUnspecified(hostname)) return hostname;
  return hostname.includes(":") ? "::1" : "127.0.0.1";
}

/** All addresses of this machine; null when they cannot be known without a question to the user. */
export function ownAddresses(): string[] | null {
  return interfaces()?.map(({ address }) => address) ?? null;
}

/** The addresses by which other devices may reach a server on this host, the likeliest first: IPv4
 * before IPv6, and real interfaces before virtual ones. Loopback and link-local addresses, which
 * need the name of an interface, are left out.
 * @param hostname the listening host: `0.0.0.0` is IPv4 alone, `::` is both
 * @returns null when they cannot be known */
export function reachableAddresses(hostname: string): string[] | null {
  if (!isUnspecified(hostname)) return isLoopback(hostname) ? [] : [hostname];
  const found = interfaces()?.filter(({ address, family }) =>
    !isLoopback(address) && !/^fe[89ab]/i.test(address) &&
    (family === "IPv4" || hostname !== "0.0.0.0")
  );
  if (found === undefined) return null;
  const rank = ({ name, family }: Deno.NetworkInterfaceInfo) =>
    (VIRTUAL.test(name) ? 2 : 0) + (family === "IPv4" ? 0 : 1);
  found.sort((one, other) => rank(one) - rank(other));
  return [...new Set(found.map(({ address }) => canonicalHost(address)))];
}

function interfaces(): Deno.NetworkInterfaceInfo[] | undefined {
  const permission = Deno.permissions.querySync({ name: "sys", kind: "networkInterfaces" });
  return permission.state === "granted" ? Deno.networkInterfaces() : undefined;
}
