// The groups of the ephemeral Diffie-Hellman exchange of DTLS (RFC 8422 5.1.1).

import { createECDH, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { Buffer } from "node:buffer";
import { DtlsError } from "../wire/alert.ts";

/** Our half of one exchange. */
export interface KeyShare {
  /** As it goes over the wire. */
  readonly publicKey: Uint8Array;
  /** The shared secret.
   * @throws {DtlsError} when the peer's half is none of the group */
  secretWith(peerPublicKey: Uint8Array): Uint8Array;
}

export interface Group {
  readonly id: number;
  readonly name: string;
  makeShare(): KeyShare;
}

const X25519_BYTES = 32;

/** RFC 7748, as RFC 8422 5.10 and 5.11 use it. */
const x25519: Group = {
  id: 29,
  name: "x25519",
  makeShare() {
    const { privateKey, publicKey } = generateKeyPairSync("x25519");
    return {
      publicKey: Buffer.from(String(publicKey.export({ format: "jwk" }).x), "base64url"),
      secretWith(peer) {
        if (peer.length !== X25519_BYTES) throw badShare("x25519");
        const x = Buffer.from(peer).toString("base64url");
        const key = createPublicKey({ key: { kty: "OKP", crv: "X25519", x }, format: "jwk" });
        return ofGroup("x25519", () => {
          const secret = diffieHellman({ privateKey, publicKey: key });
          // A point of small order gives zeros whatever our half is (RFC 8422 5.11).
          if (secret.every((byte) => byte === 0)) throw badShare("x25519");
          return secret;
        });
      },
    };
  },
};

/** A curve whose points are sent uncompressed (RFC 8422 5.4.1). */
function curve(id: number, name: string, opensslName: string, fieldBytes: number): Group {
  return {
    id,
    name,
    makeShare() {
      const ecdh = createECDH(opensslName);
      const publicKey = ecdh.generateKeys();
      return {
        publicKey,
        secretWith(peer) {
          if (peer.length !== 1 + 2 * fieldBytes || peer[0] !== 4) throw badShare(name);
          // Refuses what is not on the curve (RFC 8422 5.11).
          return ofGroup(name, () => ecdh.computeSecret(peer));
        },
      };
    },
  };
}

/** The groups, the preferred one first. */
export const groups: readonly Group[] = [
  x25519,
  curve(23, "secp256r1", "prime256v1", 32),
  curve(24, "secp384r1", "secp384r1", 48),
];

function ofGroup(name: string, compute: () => Uint8Array): Uint8Array {
  try {
    return compute();
  } catch {
    throw badShare(name);
  }
}

function badShare(name: string): DtlsError {
  return new DtlsError("illegal_parameter", `the peer's key share is not one of ${name}`);
}
