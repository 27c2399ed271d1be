// From the premaster secret to the keys of the records (RFC 5246 5, 6.3 and 8.1; RFC 7627; RFC 4279
// 2 and RFC 5489 2 for pre-shared keys).

import { createHash, createHmac } from "node:crypto";
import { concat } from "@std/bytes/concat";
import { ByteReader, vector } from "../wire/presentation.ts";
import type { CipherSuite, SuiteHash } from "./suites.ts";

const encoder = new TextEncoder();
const MASTER_SECRET_BYTES = 48;
const VERIFY_DATA_BYTES = 12;

/** The pseudo-random function of version 1.2 (RFC 5246 5). */
export function prf(
  hash: SuiteHash,
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  const labelled = concat([encoder.encode(label), seed]);
  const out = new Uint8Array(length);
  let chained: Uint8Array = labelled;
  for (let at = 0; at < length;) {
    chained = createHmac(hash, secret).update(chained).digest();
    const block = createHmac(hash, secret).update(chained).update(labelled).digest();
    out.set(block.subarray(0, length - at), at);
    at += block.length;
  }
  return out;
}

/** The random numbers of both hellos. */
interface Randoms {
  readonly client: Uint8Array;
  readonly server: Uint8Array;
}

/** The master secret of a handshake. With the extended one it depends on the whole transcript, up to
 * and with ClientKeyExchange (RFC 7627 4), without it on the random numbers (RFC 5246 8.1). */
export function masterSecret(
  { hash }: Pick<CipherSuite, "hash">,
  premaster: Uint8Array,
  randoms: Randoms,
  extendedOver: Uint8Array | null,
): Uint8Array {
  if (extendedOver === null) {
    const seed = concat([randoms.client, randoms.server]);
    return prf(hash, premaster, "master secret", seed, MASTER_SECRET_BYTES);
  }
  const sessionHash = createHash(hash).update(extendedOver).digest();
  return prf(hash, premaster, "extended master secret", sessionHash, MASTER_SECRET_BYTES);
}

/** The key and the fixed part of the nonce of one direction. */
export interface DirectionKeys {
  readonly key: Uint8Array;
  readonly fixedNonce: Uint8Array;
}

/** The keys of both directions (RFC 5246 6.3). */
export function recordKeys(
  { hash, cipher }: Pick<CipherSuite, "hash" | "cipher">,
  master: Uint8Array,
  randoms: Randoms,
): { readonly client: DirectionKeys; readonly server: DirectionKeys } {
  const { keyBytes, fixedNonceBytes } = cipher;
  const seed = concat([randoms.server, randoms.client]);
  const block = prf(hash, master, "key expansion", seed, 2 * (keyBytes + fixedNonceBytes));
  const reader = new ByteReader(block);
  const [clientKey, serverKey] = [reader.bytes(keyBytes), reader.bytes(keyBytes)];
  const [clientNonce, serverNonce] = [reader.bytes(fixedNonceBytes), reader.bytes(fixedNonceBytes)];
  return {
    client: { key: clientKey, fixedNonce: clientNonce },
    server: { key: serverKey, fixedNonce: serverNonce },
  };
}

/** The content of a Finished message (RFC 5246 7.4.9). */
export function verifyData(
  { hash }: Pick<CipherSuite, "hash">,
  master: Uint8Array,
  sender: "client" | "server",
  transcript: Uint8Array,
): Uint8Array {
  const digest = createHash(hash).update(transcript).digest();
  return prf(hash, master, `${sender} finished`, digest, VERIFY_DATA_BYTES);
}

/** The premaster secret with a pre-shared key. Without a Diffie-Hellman exchange, zeros stand in
 * its place (RFC 4279 2). */
export function pskPremaster(psk: Uint8Array, exchanged?: Uint8Array): Uint8Array {
  return concat([vector(2, exchanged ?? new Uint8Array(psk.length)), vector(2, psk)]);
}
