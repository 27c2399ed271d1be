/** The format of `sealed` with AES-256-GCM and ChaCha20-Poly1305, as docs/sealed.md has it. */

import { assertEquals, assertNotEquals } from "@std/assert";
import { parseKeys } from "../../../core/keys/key.ts";
import { aeadKey, type AeadSharedKey } from "../../../layers/sealed/aead_key.ts";
import { STAMP_BYTES, writeStamp } from "../../../layers/stamped/stamp.ts";
import { packageTest, startPackageProgram } from "../../python_package.ts";
import { documentedVectors, hexBytes, page } from "../documented_vectors.ts";

Deno.test("the test vectors of docs/sealed.md are what is sent, and opened", async () => {
  const vectors = await documentedVectors("sealed");
  assertEquals(vectors.map(({ direction }) => direction), [0, 1, 0, 1]);
  for (const { direction, counter, timeMs, ...vector } of vectors) {
    const key = aeadKey(parseKeys(vector.key)[0] as AeadSharedKey);
    const [instance, recipient, payload, datagram] = [
      hexBytes(vector.instance),
      hexBytes(vector.recipient),
      hexBytes(vector.payload),
      hexBytes(vector.datagram),
    ];
    const made = new Uint8Array(STAMP_BYTES + payload.length + key.tagBytes);
    writeStamp(made, {
      algorithm: key.algorithm,
      direction,
      keyId: key.id,
      instance,
      counter,
      timeMs,
    });
    key.sealer(instance, direction)(made, payload, recipient);
    assertEquals(made, datagram);
    const opened = key.opener(instance, direction)(datagram, recipient)!;
    assertEquals(new Uint8Array(opened), payload);
    assertEquals(key.opener(instance, direction)(datagram, new Uint8Array(16)), null);
  }
});

packageTest("cryptography", "Python opens the vectors of docs/sealed.md", async () => {
  await using program = startPackageProgram("cryptography", "vectors.py", [page("sealed")]);
  const { stdout, stderr } = await program.finish();
  assertEquals({ stdout, stderr }, { stdout: "4 vectors are right\n", stderr: "" });
});

Deno.test("the two directions of one instance have keys of their own", () => {
  const key = aeadKey({ kind: "aes-gcm", name: undefined, secret: new Uint8Array(32) });
  const nobody = new Uint8Array(0);
  const instance = new Uint8Array(16);
  const sealed = ([0, 1] as const).map((direction) => {
    const datagram = new Uint8Array(STAMP_BYTES + 16 + key.tagBytes);
    key.sealer(instance, direction)(datagram, new Uint8Array(16), nobody);
    return datagram.slice(STAMP_BYTES, STAMP_BYTES + 16);
  });
  assertNotEquals(sealed[0], sealed[1]);
});
