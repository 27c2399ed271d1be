// Socket addresses: a host and port, or the path of a Unix socket.

/** A socket's address. A Unix peer that never bound a path has the path `""`. */
export type Address =
  | { readonly transport: "tcp" | "udp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix" | "unixgram"; readonly path: string };

/** Converts an IPv4 address that arrived on an IPv6 socket (`::ffff:192.0.2.1`, RFC 4291 2.5.5.2)
 * to its IPv4 form; returns every other address unchanged. */
export function unmapIpv4(hostname: string): string {
  // A quick test, because this runs for every datagram: an IPv4 address never starts with a colon.
  if (hostname.charCodeAt(0) !== 58) return hostname;
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(hostname) ? hostname.slice(7) : hostname;
}

/** The canonical spelling of a host, which is the one that the system reports: IPv6 as in RFC 5952
 * and without its zone, mapped IPv4 as IPv4. A host name is returned as it is. */
export function canonicalHost(hostname: string): string {
  const bare = unmapIpv4(hostname.replace(/%.*$/, "")).toLowerCase();
  return bare.includes(":") ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare;
}

/** The network of one subscriber: an IPv4 address, or a /64 network of IPv6, by its first four
 * groups. A host name is returned as it is. */
export function networkOf(hostname: string): string {
  const host = canonicalHost(hostname);
  if (!host.includes(":")) return host;
  const [head = "", tail = ""] = host.split("::");
  const [left, right] = [head, tail].map((part) => part === "" ? [] : part.split(":"));
  const zeros = Array<string>(8 - left!.length - right!.length).fill("0");
  return [...left!, ...zeros, ...right!].slice(0, 4).join(":");
}

/** Whether two addresses, both as the system reports them, are equal. */
export function sameAddress(left: Address, right: Address): boolean {
  if ("port" in left) {
    return "port" in right && left.port === right.port && left.hostname === right.hostname;
  }
  return "path" in right && left.path === right.path;
}

/** `127.0.0.1:80`, `[::1]:80`, `/run/echo.sock`, `@abstract` or `unnamed`. */
export function formatAddress(address: Address): string {
  if ("port" in address) return `${bracket(address.hostname)}:${address.port}`;
  if (address.path === "") return "unnamed";
  return address.path.startsWith("\0") ? `@${address.path.slice(1)}` : address.path;
}

/** Puts an IPv6 address in brackets, as in a URL; returns every other host unchanged. */
export function bracket(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** Whether a host name or address stays on this machine: 127.0.0.0/8, `::1`, `localhost` and the
 * names below it (RFC 6761 6.3). */
export function isLoopback(hostname: string): boolean {
  const name = unmapIpv4(hostname).toLowerCase();
  return name === "::1" || name === "localhost" || name.endsWith(".localhost") ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(name);
}

export function addressOf(address: Deno.Addr): Address {
  // Deno 2.6 leaves the transport out of the addresses of a TLS socket.
  if (address.transport === undefined) {
    return addressOf({ ...(address as Deno.NetAddr), transport: "tcp" });
  }
  switch (address.transport) {
    case "tcp":
    case "udp":
      // Always a new object: the runtime's is in dictionary mode, which is slow to read.
      return {
        transport: address.transport,
        hostname: unmapIpv4(address.hostname),
        port: address.port,
      };
    case "unix":
      return { transport: "unix", path: address.path ?? "" };
    case "unixpacket":
      return { transport: "unixgram", path: address.path ?? "" };
    default:
      throw new TypeError(`Cannot name an address of transport ${address.transport}`);
  }
}
