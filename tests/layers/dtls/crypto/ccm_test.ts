import { assertEquals } from "@std/assert";
import { openCcm, sealCcm } from "../../../../layers/dtls/crypto/ccm.ts";

const counting = (from: number, length: number) =>
  Uint8Array.from({ length }, (_, at) => from + at);

/** Example 3 of NIST SP 800-38C, the one whose nonce has 12 bytes. */
const CONTEXT = {
  key: counting(0x40, 16),
  nonce: counting(0x10, 12),
  additionalData: counting(0, 20),
  tagBytes: 8,
};
const PLAIN = counting(0x20, 24);

Deno.test("CCM seals and opens what the example of NIST says", () => {
  const wanted = "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5484392fbc1b09951";
  const sealed = sealCcm(CONTEXT, PLAIN);
  assertEquals(sealed.toHex(), wanted);
  assertEquals(openCcm(CONTEXT, sealed)?.toHex(), PLAIN.toHex());
});

Deno.test("CCM opens what it sealed, of every length of the last block, with either tag", () => {
  for (const tagBytes of [8, 16]) {
    const context = { ...CONTEXT, tagBytes };
    for (const length of [0, 1, 15, 16, 17, 31, 32, 1000, 16384]) {
      const plain = counting(length, length);
      const sealed = sealCcm(context, plain);
      assertEquals(sealed.length, length + tagBytes);
      assertEquals(openCcm(context, sealed)?.toHex(), plain.toHex(), `${length} bytes`);
    }
  }
});

Deno.test("CCM opens nothing of which one bit differs, and nothing too short for a tag", () => {
  const sealed = sealCcm(CONTEXT, PLAIN);
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const forged = sealed.slice();
    forged[bit >> 3]! ^= 1 << (bit & 7);
    assertEquals(openCcm(CONTEXT, forged), null, `bit ${bit}`);
  }
  for (let bytes = 0; bytes < sealed.length; bytes++) {
    assertEquals(openCcm(CONTEXT, sealed.subarray(0, bytes)), null, `${bytes} bytes`);
  }
  for (const part of ["key", "nonce", "additionalData"] as const) {
    const other = CONTEXT[part].slice();
    other[0]! ^= 1;
    assertEquals(openCcm({ ...CONTEXT, [part]: other }, sealed), null, part);
  }
});
