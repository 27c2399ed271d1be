// The names in a certificate, its subject alternative names (RFC 5280 4.2.1.6): issuing them, and
// matching a host. The common name is never considered (RFC 9525 2).

import { canonicalHost } from "../addresses/address.ts";
import { ipFamily } from "../addresses/admission.ts";
import { UsageError } from "../usage_error.ts";

/** The role of the peer that shows a certificate. */
export type CertificateUse = "server" | "client";

export interface CertificateName {
  readonly type: "dns" | "ip" | "email" | "uri";
  /** A host name in lower case, an address as `canonicalHost` writes it, all else as it stands. */
  readonly value: string;
}

export const MAX_NAMES = 100;
const MAX_NAME_CHARACTERS = 253;
const MAX_TEXT_CHARACTERS = 1024;

/** Reads the names of one certificate, each once.
 * @throws {UsageError} naming the one that cannot stand in such a certificate, and the remedy */
export function parseNames(
  texts: readonly string[],
  use: CertificateUse,
): [CertificateName, ...CertificateName[]] {
  const read = new Map<string, CertificateName>();
  for (const text of texts) {
    const name = parseName(text, use);
    read.set(`${name.type}:${name.value}`, name);
  }
  const [first, ...rest] = read.values();
  if (first === undefined) {
    throw new UsageError("a certificate is for at least one name or address");
  }
  if (rest.length >= MAX_NAMES) {
    throw new UsageError(`a certificate is for at most ${MAX_NAMES} names, got ${rest.length + 1}`);
  }
  return [first, ...rest];
}

function parseName(text: string, use: CertificateUse): CertificateName {
  // deno-lint-ignore no-control-regex
  if (text === "" || text.length > MAX_TEXT_CHARACTERS || /[\x00-\x20\x7f]/.test(text)) {
    throw new UsageError(
      `${quote(text)} is no name for a certificate: it is empty, too long or holds white space`,
    );
  }
  const address = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  if (ipFamily(address) !== null) return { type: "ip", value: canonicalHost(address) };
  const type = use === "client" ? nameType(text) : "dns";
  if (type === "uri") return { type, value: parseUri(text) };
  if (type === "email") return { type, value: parseEmail(text) };
  return { type, value: parseDnsName(text, use) };
}

/** The kind of a name that is no address. A URI may hold an @; an e-mail address has no scheme. */
export function nameType(text: string): "uri" | "email" | "dns" {
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return "uri";
  return text.includes("@") ? "email" : "dns";
}

function parseUri(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text) && URL.canParse(text)) return text;
  throw new UsageError(`${quote(text)} is no URI; write it in ASCII, such as spiffe://dock/ada`);
}

function parseEmail(text: string): string {
  const [, local = "", domain = ""] = /^([\x21-\x3f\x41-\x7e]+)@([^@]+)$/.exec(text) ?? [];
  if (local !== "" && domain !== "") return `${local}@${parseDnsName(domain, "client")}`;
  throw new UsageError(`${quote(text)} is no e-mail address in ASCII, such as ada@harbour.example`);
}

function parseDnsName(text: string, use: CertificateUse): string {
  // Only an address has a zone, so in a name a % is wrong.
  const ascii = text.includes("%") ? text : asciiHost(text);
  const name = ascii.toLowerCase().replace(/\.$/, "");
  const labels = name.split(".");
  const [first, ...others] = labels;
  if (first === "*" && others.length < 2) {
    throw new UsageError(
      `${
        quote(text)
      } would be believed by no client: a wildcard stands in front of two labels or ` +
        "more, such as *.harbour.example",
    );
  }
  const plain = first === "*" ? others : labels;
  const isName = name.length <= MAX_NAME_CHARACTERS && plain.every(isLabel) &&
    // A last label of digits would be an address written wrong (WHATWG URL, 3.5).
    !/^(\d+|0x[\da-f]*)$/.test(labels.at(-1) ?? "");
  if (isName) return name;
  const hint = /:\/\//.test(text)
    ? "; give the name alone, without scheme and port"
    : /^[^:]+:\d+$/.test(text)
    ? "; leave the port out"
    : text.includes("*")
    ? "; a wildcard is a whole label, the first"
    : text.includes("@")
    ? "; e-mail addresses are for client certificates"
    : "";
  const expected = use === "client"
    ? "neither an e-mail address, a URI, a host name nor an address"
    : "neither a host name nor an address";
  throw new UsageError(`${quote(text)} is ${expected}${hint}`);
}

function isLabel(label: string): boolean {
  return /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label);
}

/** A host as certificates have it: no zone, an international name in ASCII (RFC 5280 7.2). */
export function asciiHost(host: string): string {
  const name = host.replace(/%.*$/, "");
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(name)) return name;
  return URL.parse(`http://${name}`)?.hostname ?? name;
}

/** Whether a certificate with these names matches a host or an address. A `*` stands for one whole
 * label, the first, and never in front of a top-level name (RFC 9525 6.3). */
export function isForHost(names: readonly CertificateName[], wanted: string): boolean {
  const address = canonicalHost(wanted);
  const host = wanted.toLowerCase().replace(/\.$/, "");
  return names.some(({ type, value }) =>
    type === "ip" ? value === address : type === "dns" && matchesHost(value, host)
  );
}

/** Certificates in the order in which a server prefers them for a client that asks for a name: those
 * for the name first, then the others, each in the order they are in.
 * @param wanted empty when the client asks for none */
export function preferredFor<T extends { readonly names: readonly CertificateName[] }>(
  certificates: readonly T[],
  wanted: string,
): readonly T[] {
  if (wanted === "" || certificates.length < 2) return certificates;
  const fits = certificates.filter(({ names }) => isForHost(names, wanted));
  return [...fits, ...certificates.filter((one) => !fits.includes(one))];
}

function matchesHost(pattern: string, host: string): boolean {
  const name = pattern.replace(/\.$/, "");
  if (!name.startsWith("*.")) return name === host;
  const dot = host.indexOf(".");
  // An address has no labels.
  if (dot <= 0 || host.includes(":") || /^[\d.]+$/.test(host)) return false;
  return name.slice(2).includes(".") && name.slice(1) === host.slice(dot);
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
