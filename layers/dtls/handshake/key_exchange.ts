// The messages between the hellos and Finished (RFC 5246 7.4.2 to 7.4.8, RFC 8422 5.4 to 5.8, RFC
// 4279 2, RFC 5489 2, RFC 5077 3.3).

import { concat } from "@std/bytes/concat";
import { DtlsError } from "../wire/alert.ts";
import { ByteReader, uint, vector, vectorOf16 } from "../wire/presentation.ts";
import type { CipherSuite } from "../crypto/suites.ts";

/** The most certificates that are looked at in one chain. */
const MAX_CHAIN = 10;

/** The certificates of a Certificate message, the peer's own first. */
export function readCertificates(body: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(body);
  const list = new ByteReader(reader.vector24());
  reader.end("Certificate");
  const chain: Uint8Array[] = [];
  while (!list.done) {
    if (chain.length === MAX_CHAIN) {
      throw new DtlsError("bad_certificate", `the chain has more than ${MAX_CHAIN} certificates`);
    }
    chain.push(list.vector24());
  }
  return chain;
}

export function writeCertificates(chain: readonly Uint8Array[]): Uint8Array {
  return vector(3, ...chain.map((der) => vector(3, der)));
}

const NAMED_CURVE = 3;

/** Our half of the exchange as it is signed (RFC 8422 5.4). */
export function writeEcdhParameters(group: number, publicKey: Uint8Array): Uint8Array {
  return concat([uint(NAMED_CURVE, 1), uint(group, 2), vector(1, publicKey)]);
}

export interface ServerKeyExchange {
  /** Absent with plain PSK. */
  readonly ecdh?: { readonly group: number; readonly publicKey: Uint8Array };
  /** The bytes that the signature covers besides the random numbers. */
  readonly parameters: Uint8Array;
  /** Absent with PSK. */
  readonly signed?: { readonly scheme: number; readonly signature: Uint8Array };
}

export function readServerKeyExchange(
  body: Uint8Array,
  { keyExchange, authentication }: CipherSuite,
): ServerKeyExchange {
  const reader = new ByteReader(body);
  // A hint at which identity to use; a client here has only one.
  if (authentication === "psk") reader.vector16();
  const start = reader.offset;
  if (keyExchange === "psk") {
    reader.end("ServerKeyExchange");
    return { parameters: new Uint8Array(0) };
  }
  if (reader.uint8() !== NAMED_CURVE) {
    throw new DtlsError("illegal_parameter", "the server uses a curve without a name");
  }
  const ecdh = { group: reader.uint16(), publicKey: reader.vector8() };
  const parameters = body.subarray(start, reader.offset);
  const signed = authentication === "psk"
    ? undefined
    : { scheme: reader.uint16(), signature: reader.vector16() };
  reader.end("ServerKeyExchange");
  return { ecdh, parameters, ...(signed && { signed }) };
}

/** With an empty hint for PSK, without one for certificates. */
export function writeServerKeyExchange(
  { parameters, signed }: Pick<ServerKeyExchange, "parameters" | "signed">,
): Uint8Array {
  return signed === undefined
    ? concat([vector(2), parameters])
    : concat([parameters, uint(signed.scheme, 2), vector(2, signed.signature)]);
}

/** The numbers of ClientCertificateType (RFC 8422 5.5). */
const RSA_SIGN = 1;
const ECDSA_SIGN = 64;

/** The signature schemes that a CertificateRequest takes. */
export function readCertificateRequest(body: Uint8Array): number[] {
  const reader = new ByteReader(body);
  reader.vector8();
  const schemes = reader.numbers16();
  // Names of authorities: what we have to show, we show.
  reader.vector16();
  reader.end("CertificateRequest");
  return schemes;
}

/** Asks for any certificate whose key can sign, without naming authorities. */
export function writeCertificateRequest(schemes: readonly number[]): Uint8Array {
  const types = vector(1, uint(ECDSA_SIGN, 1), uint(RSA_SIGN, 1));
  return concat([types, vectorOf16(schemes), vector(2)]);
}

interface ClientKeyExchange {
  readonly identity?: Uint8Array;
  readonly publicKey?: Uint8Array;
}

export function readClientKeyExchange(
  body: Uint8Array,
  { keyExchange, authentication }: CipherSuite,
): ClientKeyExchange {
  const reader = new ByteReader(body);
  const identity = authentication === "psk" ? reader.vector16() : undefined;
  const publicKey = keyExchange === "psk" ? undefined : reader.vector8();
  reader.end("ClientKeyExchange");
  return { ...(identity && { identity }), ...(publicKey && { publicKey }) };
}

export function writeClientKeyExchange({ identity, publicKey }: ClientKeyExchange): Uint8Array {
  return concat([
    identity === undefined ? new Uint8Array(0) : vector(2, identity),
    publicKey === undefined ? new Uint8Array(0) : vector(1, publicKey),
  ]);
}

/** A CertificateVerify (RFC 5246 7.4.8). */
interface CertificateVerify {
  readonly scheme: number;
  readonly signature: Uint8Array;
}

export function readCertificateVerify(body: Uint8Array): CertificateVerify {
  const reader = new ByteReader(body);
  const verify = { scheme: reader.uint16(), signature: reader.vector16() };
  reader.end("CertificateVerify");
  return verify;
}

export function writeCertificateVerify({ scheme, signature }: CertificateVerify): Uint8Array {
  return concat([uint(scheme, 2), vector(2, signature)]);
}

interface NewSessionTicket {
  /** A hint at how long it may be used, in seconds; 0 says nothing. */
  readonly lifeSeconds: number;
  /** Empty when the server changed its mind. */
  readonly ticket: Uint8Array;
}

export function readNewSessionTicket(body: Uint8Array): NewSessionTicket {
  const reader = new ByteReader(body);
  const lifeSeconds = reader.uint16() * 2 ** 16 + reader.uint16();
  const ticket = reader.vector16();
  reader.end("NewSessionTicket");
  return { lifeSeconds, ticket };
}

export function writeNewSessionTicket({ lifeSeconds, ticket }: NewSessionTicket): Uint8Array {
  return concat([uint(lifeSeconds, 4), vector(2, ticket)]);
}
