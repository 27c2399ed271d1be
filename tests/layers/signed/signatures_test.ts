/** The format of `signed`, as docs/signed.md has it. */

import { assertEquals } from "@std/assert";
import { createHmac } from "node:crypto";
import { type Key, parseKeys, type PublicKey, type SharedKey } from "../../../core/keys/key.ts";
import { hmacSha256, SHA256_BLOCK_BYTES } from "../../../layers/signed/signatures.ts";
import { ed25519Checker, ed25519Signer, hmacKey } from "../../../layers/signed/signatures.ts";
import type { OpeningKey, SealingKey } from "../../../layers/stamped/protection.ts";
import { STAMP_BYTES, writeStamp } from "../../../layers/stamped/stamp.ts";
import { packageTest, startPackageProgram } from "../../python_package.ts";
import { documentedVectors, hexBytes, page } from "../documented_vectors.ts";

/** The first key of RFC 8032 7.1. */
const PEM = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g
-----END PRIVATE KEY-----
`;

function bothHalves(key: Key): { sealing: SealingKey; opening: OpeningKey } {
  if (key.kind !== "ed25519") {
    const both = hmacKey(key as SharedKey);
    return { sealing: both, opening: both };
  }
  const [own] = parseKeys(PEM);
  if (own === undefined || !("privateKey" in own)) throw new Error("That is a private key");
  assertEquals(own.publicKey, (key as PublicKey).publicKey);
  const sealing = ed25519Signer(own);
  return { sealing, opening: ed25519Checker(key as PublicKey, sealing) };
}

Deno.test("the test vectors of docs/signed.md are what is sent, and believed", async () => {
  const vectors = await documentedVectors("signed");
  assertEquals(vectors.map(({ key }) => key.slice(0, 4)), ["hmac", "hmac", "ed25", "ed25"]);
  for (const { direction, counter, timeMs, ...vector } of vectors) {
    const { sealing, opening } = bothHalves(parseKeys(vector.key)[0]!);
    const [instance, recipient, payload, datagram] = [
      hexBytes(vector.instance),
      hexBytes(vector.recipient),
      hexBytes(vector.payload),
      hexBytes(vector.datagram),
    ];
    const made = new Uint8Array(STAMP_BYTES + payload.length + sealing.tagBytes);
    const { algorithm, id: keyId } = sealing;
    writeStamp(made, { algorithm, direction, keyId, instance, counter, timeMs });
    sealing.sealer(instance, direction)(made, payload, recipient);
    assertEquals(made, datagram);
    const opener = opening.opener(instance, direction);
    assertEquals(opener(datagram, recipient), payload);
    assertEquals(opener(datagram, new Uint8Array(16)), null);
  }
});

packageTest("cryptography", "Python believes the vectors of docs/signed.md", async () => {
  await using program = startPackageProgram("cryptography", "vectors.py", [page("signed")]);
  const { stdout, stderr } = await program.finish();
  assertEquals({ stdout, stderr }, { stdout: "4 vectors are right\n", stderr: "" });
});

Deno.test("hmacSha256() is that of node:crypto, for secrets up to a block and any text", () => {
  for (const [secretBytes, textBytes] of [[16, 0], [32, 1], [33, 1000], [64, 70_000]] as const) {
    const secret = crypto.getRandomValues(new Uint8Array(secretBytes));
    const room = new Uint8Array(SHA256_BLOCK_BYTES + textBytes).fill(7);
    const text = room.subarray(SHA256_BLOCK_BYTES);
    const expected = createHmac("sha256", secret).update(text).digest();
    assertEquals(new Uint8Array(hmacSha256(secret)(text)), new Uint8Array(expected));
  }
});
