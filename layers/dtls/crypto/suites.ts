// The cipher suites of DTLS: authenticated encryption alone, with a key exchange that is forward
// secret unless it is plain PSK (RFC 5288, 5289, 5487, 6655, 7251, 7905, 8442).

import { getCiphers } from "node:crypto";
import { CCM_PARTS } from "./ccm.ts";

/** How the premaster secret comes about (RFC 8422, 4279, 5489). */
type KeyExchange = "ecdhe" | "psk" | "ecdhe_psk";

/** How the server is authenticated. */
type Authentication = "ecdsa" | "rsa" | "psk";

/** The hash of the PRF and of the transcript. */
export type SuiteHash = "sha256" | "sha384";

/** An authenticated cipher and the sizes of what it takes. */
export interface RecordCipher {
  readonly name: "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305" | "aes-128-ccm";
  readonly keyBytes: number;
  readonly tagBytes: 8 | 16;
  /** The part of the nonce that the key block gives. */
  readonly fixedNonceBytes: number;
  /** The part of the nonce that each record carries. */
  readonly explicitNonceBytes: number;
}

export interface CipherSuite {
  readonly id: number;
  /** The name in the IANA registry, without `TLS_`. */
  readonly name: string;
  readonly keyExchange: KeyExchange;
  readonly authentication: Authentication;
  readonly cipher: RecordCipher;
  readonly hash: SuiteHash;
}

/** RFC 5288 3: a salt of 4 bytes and an explicit nonce of 8. */
const aes128: RecordCipher = {
  name: "aes-128-gcm",
  keyBytes: 16,
  tagBytes: 16,
  fixedNonceBytes: 4,
  explicitNonceBytes: 8,
};
const aes256: RecordCipher = { ...aes128, name: "aes-256-gcm", keyBytes: 32 };
/** RFC 6655 3: the nonce as with GCM. */
const ccm: RecordCipher = { ...aes128, name: "aes-128-ccm" };
/** RFC 6655 4: a tag of 8 bytes, to save air time. */
const ccm8: RecordCipher = { ...ccm, tagBytes: 8 };
/** RFC 7905 2: the whole nonce from the key block, mixed with the sequence number. */
const chacha: RecordCipher = {
  name: "chacha20-poly1305",
  keyBytes: 32,
  tagBytes: 16,
  fixedNonceBytes: 12,
  explicitNonceBytes: 0,
};

function suite(
  id: number,
  keyExchange: KeyExchange,
  authentication: Authentication,
  cipher: RecordCipher,
): CipherSuite {
  const exchange = keyExchange === "psk"
    ? "PSK"
    : keyExchange === "ecdhe_psk"
    ? "ECDHE_PSK"
    : `ECDHE_${authentication.toUpperCase()}`;
  const hash = cipher === aes256 ? "sha384" : "sha256";
  const short = cipher.tagBytes === 8 ? "_8" : "";
  const cipherName = cipher.name.toUpperCase().replaceAll("-", "_") + short;
  // The names of RFC 6655 and 7251 do not say the hash, those of RFC 8442 do.
  const saysHash = cipher.name !== "aes-128-ccm" || keyExchange === "ecdhe_psk";
  const name = `${exchange}_WITH_${cipherName}${saysHash ? `_${hash.toUpperCase()}` : ""}`;
  return { id, name, keyExchange, authentication, cipher, hash };
}

/** All of them, the preferred one first. ChaCha20 leads because this runtime seals a record with it
 * in less than half the time of AES; plain PSK, which is not forward secret, comes last. CCM, the
 * slowest here, is for devices that have nothing else, and its short tag for those that insist. */
export const cipherSuites: readonly CipherSuite[] = [
  suite(0xcca9, "ecdhe", "ecdsa", chacha),
  suite(0xc02b, "ecdhe", "ecdsa", aes128),
  suite(0xc02c, "ecdhe", "ecdsa", aes256),
  suite(0xc0ac, "ecdhe", "ecdsa", ccm),
  suite(0xc0ae, "ecdhe", "ecdsa", ccm8),
  suite(0xcca8, "ecdhe", "rsa", chacha),
  suite(0xc02f, "ecdhe", "rsa", aes128),
  suite(0xc030, "ecdhe", "rsa", aes256),
  suite(0xccac, "ecdhe_psk", "psk", chacha),
  suite(0xd001, "ecdhe_psk", "psk", aes128),
  suite(0xd002, "ecdhe_psk", "psk", aes256),
  suite(0xd005, "ecdhe_psk", "psk", ccm),
  suite(0xd003, "ecdhe_psk", "psk", ccm8),
  suite(0xccab, "psk", "psk", chacha),
  suite(0x00a8, "psk", "psk", aes128),
  suite(0x00a9, "psk", "psk", aes256),
  suite(0xc0a4, "psk", "psk", ccm),
  suite(0xc0a8, "psk", "psk", ccm8),
];

/** A signal in the list of suites: the client knows secure renegotiation (RFC 5746 3.3). */
export const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;

let usable: readonly CipherSuite[] | undefined;

/** The suites whose cipher this runtime has. */
export function usableSuites(): readonly CipherSuite[] {
  if (usable === undefined) {
    const ciphers = new Set(getCiphers());
    usable = cipherSuites.filter(({ cipher: { name } }) =>
      (name === "aes-128-ccm" ? CCM_PARTS : [name]).every((part) => ciphers.has(part))
    );
  }
  return usable;
}
