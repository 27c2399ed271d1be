// Admission of peers by address: lists of allowed and denied addresses and networks (CIDR, RFC 4632
// and RFC 4291 2.3).

import { type Address, unmapIpv4 } from "./address.ts";
import { errorText } from "../event.ts";
import type { AdmissionLimits } from "../limits.ts";
import { UsageError } from "../usage_error.ts";

/** Decides by address alone, before any byte of the peer is read. */
export type Admission = (address: Address) => boolean;

/** Admits every peer: there is nothing to ask. */
export const everybody: Admission = () => true;

/** Builds an Admission from two lists. A peer on the deny list is denied; with an allow list, so is
 * every peer that is not on it. Unix peers have no address and are admitted: the socket file's
 * permissions decide about them.
 * @throws {UsageError} when an entry is not an address or network, or a list cannot be read */
export async function createAdmission(lists: AdmissionLimits): Promise<Admission> {
  if (lists.allow.length === 0 && lists.deny.length === 0) return everybody;
  const allowed = await parseList(lists.allow, "--allow");
  const denied = await parseList(lists.deny, "--deny");
  return (address) => {
    if (!("port" in address)) return true;
    if (denied(address.hostname)) return false;
    return lists.allow.length === 0 || allowed(address.hostname);
  };
}

async function parseList(
  entries: readonly string[],
  flag: string,
): Promise<(hostname: string) => boolean> {
  const { BlockList } = await import("node:net");
  const list = new BlockList();
  for (const entry of await expandFiles(entries, flag)) {
    const { address, family, prefix } = parseNetwork(entry, flag);
    list.addSubnet(address, prefix, family);
  }
  return (hostname) => {
    const bare = unmapIpv4(hostname.replace(/%.*$/, ""));
    return list.check(bare, bare.includes(":") ? "ipv6" : "ipv4");
  };
}

async function expandFiles(entries: readonly string[], flag: string): Promise<string[]> {
  const all: string[] = [];
  for (const entry of entries) {
    if (!entry.startsWith("@")) {
      all.push(entry);
      continue;
    }
    let content: string;
    try {
      content = await Deno.readTextFile(entry.slice(1));
    } catch (error) {
      throw new UsageError(`${flag}: cannot read the list ${entry.slice(1)}: ${errorText(error)}`);
    }
    for (const line of content.split("\n")) {
      const written = line.replace(/#.*/, "").trim();
      if (written !== "") all.push(written);
    }
  }
  return all;
}

/** Parses a network; a mapped IPv4 network is returned in its IPv4 form.
 * @throws {UsageError} naming the flag and the entry */
export function parseNetwork(
  entry: string,
  flag: string,
): { address: string; family: "ipv4" | "ipv6"; prefix: number } {
  const wrong = (why: string) =>
    new UsageError(`${flag}: ${why}: "${entry}"; write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32`);
  const match = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(entry);
  const written = match?.[1] ?? "";
  const family = ipFamily(written);
  if (family === null) throw wrong("not an address or network");
  const bits = family === "ipv4" ? 32 : 128;
  const prefix = match?.[2] === undefined ? bits : Number(match[2]);
  if (prefix > bits) throw wrong(`the prefix is longer than ${bits} bits`);
  const address = unmapIpv4(written);
  if (family === "ipv6" && address !== written) {
    if (prefix < 96) throw wrong("a mapped IPv4 network has a prefix of at least 96 bits");
    return { address, family: "ipv4", prefix: prefix - 96 };
  }
  return { address, family, prefix };
}

/** The family of a literal address, strictly: no leading zeros (which some read as octal), no
 * short forms, no zone. */
export function ipFamily(text: string): "ipv4" | "ipv6" | null {
  const octet = "(?:0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
  if (new RegExp(`^${octet}(?:\\.${octet}){3}$`).test(text)) return "ipv4";
  if (!text.includes(":") || !/^[0-9a-f:.]+$/i.test(text)) return null;
  return URL.canParse(`http://[${text}]/`) ? "ipv6" : null;
}
