// The cipher suites of DTLS: authenticated encryption alone, with a key exchange that is forward
// secret unless it is plain PSK (RFC 5288, 5289, 5487, 7905, 8442).

import { getCiphers } from "node:crypto";

/** How the premaster secret comes about (RFC 8422, 4279, 5489). */
type KeyExchange = "ecdhe" | "psk" | "ecdhe_psk";

/** How the server is authenticated. */
type Authentication = "ecdsa" | "rsa" | "psk";

/** The hash of the PRF and of the transcript. */
export type SuiteHash = "sha256" | "sha384";

/** An authenticated cipher and the sizes of what it takes. */
export interface RecordCipher {
  readonly name: "aes-128-gcm" | "aes-256-gcm" | "chacha20-poly1305";
  readonly keyBytes: number;
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
  fixedNonceBytes: 4,
  explicitNonceBytes: 8,
};
const aes256: RecordCipher = { ...aes128, name: "aes-256-gcm", keyBytes: 32 };
/** RFC 7905 2: the whole nonce from the key block, mixed with the sequence number. */
const chacha: RecordCipher = {
  name: "chacha20-poly1305",
  keyBytes: 32,
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
  const cipherName = cipher.name.toUpperCase().replaceAll("-", "_");
  const name = `${exchange}_WITH_${cipherName}_${hash.toUpperCase()}`;
  return { id, name, keyExchange, authentication, cipher, hash };
}

/** All of them, the preferred one first. ChaCha20 leads because this runtime seals a record with it
 * in less than half the time of AES; plain PSK, which is not forward secret, comes last. */
export const cipherSuites: readonly CipherSuite[] = [
  suite(0xcca9, "ecdhe", "ecdsa", chacha),
  suite(0xc02b, "ecdhe", "ecdsa", aes128),
  suite(0xc02c, "ecdhe", "ecdsa", aes256),
  suite(0xcca8, "ecdhe", "rsa", chacha),
  suite(0xc02f, "ecdhe", "rsa", aes128),
  suite(0xc030, "ecdhe", "rsa", aes256),
  suite(0xccac, "ecdhe_psk", "psk", chacha),
  suite(0xd001, "ecdhe_psk", "psk", aes128),
  suite(0xd002, "ecdhe_psk", "psk", aes256),
  suite(0xccab, "psk", "psk", chacha),
  suite(0x00a8, "psk", "psk", aes128),
  suite(0x00a9, "psk", "psk", aes256),
];

/** A signal in the list of suites: the client knows secure renegotiation (RFC 5746 3.3). */
export const EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff;

let usable: readonly CipherSuite[] | undefined;

/** The suites whose cipher this runtime has. */
export function usableSuites(): readonly CipherSuite[] {
  if (usable === undefined) {
    const ciphers = new Set(getCiphers());
    usable = cipherSuites.filter(({ cipher }) => ciphers.has(cipher.name));
  }
  return usable;
}
