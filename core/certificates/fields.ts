// The extensions of a certificate that restrict its use (RFC 5280 4.1 and 4.2). The runtime's own
// X509Certificate gives no key usage, no path length and no critical extensions.

import { canonicalHost } from "../addresses/address.ts";
import { type DerElement, readDer, readOid } from "./der.ts";
import type { CertificateName } from "./names.ts";

export interface CertificateFields {
  /** Object identifier of the signature algorithm. */
  readonly signatureAlgorithm: string;
  readonly isAuthority: boolean;
  /** Number of authorities allowed between this and the last certificate; undefined is no limit. */
  readonly maxPathLength: number | undefined;
  /** Undefined when the use of the key is not restricted. */
  readonly keyUsage:
    | { readonly digitalSignature: boolean; readonly keyCertSign: boolean }
    | undefined;
  /** Object identifiers; undefined when the use of the certificate is not restricted. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly names: readonly CertificateName[];
  /** Critical extensions that this module does not know, by their object identifiers. */
  readonly unknownCritical: readonly string[];
}

const SEQUENCE = 0x30;
const EXTENSIONS = 0xa3;
const BOOLEAN = 1;
const INTEGER = 2;

const KEY_USAGE = "2.5.29.15";
const ALTERNATIVE_NAME = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const EXTENDED_KEY_USAGE = "2.5.29.37";
/** The name constraints of an authority (RFC 5280 4.2.1.10). The extension has to be critical, and
 * is treated as critical where it is not: a constraint that is not checked must not be ignored. */
const NAME_CONSTRAINTS = "2.5.29.30";

const UNDERSTOOD = [KEY_USAGE, ALTERNATIVE_NAME, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE];

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** Reads a certificate in DER.
 * @throws {SyntaxError} when it is none */
export function readCertificateFields(der: Uint8Array): CertificateFields {
  const [toBeSigned, algorithm] = sequence(readDer(der)[0]);
  const extensions = new Map<string, Extension>();
  const list = sequence(toBeSigned).find(({ tag }) => tag === EXTENSIONS);
  for (const element of list === undefined ? [] : sequence(readDer(list.value)[0])) {
    const [oid, ...rest] = sequence(element);
    const name = readOid(oid?.value ?? new Uint8Array(0));
    const critical = rest[0]?.tag === BOOLEAN && rest[0].value[0] !== 0;
    // RFC 5280 4.2: no extension twice.
    if (extensions.has(name)) throw new SyntaxError(`A certificate has extension ${name} twice`);
    extensions.set(name, { critical, value: rest.at(-1)?.value ?? new Uint8Array(0) });
  }
  const inside = (oid: string): DerElement[] | undefined => {
    const extension = extensions.get(oid);
    return extension && sequence(readDer(extension.value)[0]);
  };
  const constraints = inside(BASIC_CONSTRAINTS) ?? [];
  const isAuthority = constraints[0]?.tag === BOOLEAN && constraints[0].value[0] !== 0;
  const pathLength = constraints.find(({ tag }) => tag === INTEGER)?.value;
  const usage = extensions.get(KEY_USAGE);
  // The first byte counts unused bits; then the bits, the highest first (RFC 5280 4.2.1.3).
  const bits = usage && readDer(usage.value)[0]?.value[1];
  return {
    signatureAlgorithm: readOid(sequence(algorithm)[0]?.value ?? new Uint8Array(0)),
    isAuthority,
    maxPathLength: pathLength && pathLength.reduce((sum, byte) => sum * 256 + byte, 0),
    keyUsage: usage && {
      digitalSignature: ((bits ?? 0) & 0x80) !== 0,
      keyCertSign: ((bits ?? 0) & 0x04) !== 0,
    },
    extendedKeyUsage: inside(EXTENDED_KEY_USAGE)?.map(({ value }) => readOid(value)),
    names: (inside(ALTERNATIVE_NAME) ?? []).flatMap(alternativeName),
    unknownCritical: [...extensions]
      .filter(([oid, { critical }]) =>
        (critical || oid === NAME_CONSTRAINTS) && !UNDERSTOOD.includes(oid)
      )
      .map(([oid]) => oid),
  };
}

function sequence(element: DerElement | undefined): DerElement[] {
  if (element?.tag !== SEQUENCE) throw new SyntaxError("A certificate is not made as it should be");
  return readDer(element.value);
}

const decoder = new TextDecoder("latin1");

const NAME_TYPES = new Map<number, CertificateName["type"]>([
  [0x81, "email"],
  [0x82, "dns"],
  [0x86, "uri"],
  [0x87, "ip"],
]);

/** Reads a name from the DER, because the runtime joins names with commas: a single name that
 * contains a comma could pass for two. */
function alternativeName({ tag, value: bytes }: DerElement): CertificateName[] {
  const type = NAME_TYPES.get(tag);
  if (type === undefined) return [];
  if (type === "ip") return [{ type, value: addressText(bytes) }];
  const value = decoder.decode(bytes);
  // Control characters and spaces are invalid in every name, and would be printed in our messages.
  if (!/^[\x21-\x7e]+$/.test(value)) return [];
  return [{ type, value: type === "dns" ? value.toLowerCase() : value }];
}

/** Formats an address of 4 or 16 bytes. */
function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, at) => ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return canonicalHost(groups.join(":"));
}
