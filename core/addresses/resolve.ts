// Resolution of host names to addresses of the IP family that was asked for.

import { ipFamily } from "./admission.ts";
import { errorText } from "../event.ts";
import { about, flag } from "../options/option.ts";
import { UsageError } from "../usage_error.ts";

export const familyOptions = about("addresses", {
  ipv4: flag({ short: "4", help: "use IPv4 addresses only", negatable: false }),
  ipv6: flag({ short: "6", help: "use IPv6 addresses only", negatable: false }),
});

export interface FamilyChoice {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

/** The first address of a host name in the family that was asked for. A literal address is
 * returned as it is.
 * @throws {UsageError} when both families are asked for, or a literal address is of the other one
 * @throws {Error} when the name has no such address */
export async function resolveHost(hostname: string, choice: FamilyChoice): Promise<string> {
  if (choice.ipv4 && choice.ipv6) throw new UsageError("-4 and -6 exclude each other; give one");
  const bare = hostname.replace(/%.*$/, "");
  const literal = ipFamily(bare);
  const wanted = choice.ipv4 ? "ipv4" : choice.ipv6 ? "ipv6" : null;
  if (literal !== null) {
    if (wanted !== null && literal !== wanted) {
      throw new UsageError(`${hostname} is not an ${wanted === "ipv4" ? "IPv4" : "IPv6"} address`);
    }
    return hostname;
  }
  const { lookup } = await import("node:dns/promises");
  try {
    const found = await lookup(hostname, { family: choice.ipv4 ? 4 : choice.ipv6 ? 6 : 0 });
    return found.address;
  } catch (error) {
    const kind = wanted === null ? "" : wanted === "ipv4" ? " IPv4" : " IPv6";
    throw new Error(`Cannot resolve ${hostname} to an${kind} address: ${errorText(error)}`, {
      cause: error,
    });
  }
}
