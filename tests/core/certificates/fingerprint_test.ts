/** Fingerprints of certificates. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { fingerprintOf, parseFingerprint } from "../../../core/certificates/fingerprint.ts";
import { makeCertificate } from "../../../core/certificates/self_signed.ts";

const NOW = Date.UTC(2030, 0, 31, 12, 30, 15, 500);

Deno.test("fingerprintOf() is the SHA-256 of the first certificate in lower-case hexadecimal", async () => {
  const { cert } = await makeCertificate(["localhost"], NOW);
  const { cert: second } = await makeCertificate(["localhost"], NOW);
  const fingerprint = await fingerprintOf(`subject=localhost\n${cert}${second}`);
  assertMatch(fingerprint, /^[0-9a-f]{64}$/);
  const expected = new X509Certificate(cert).fingerprint256;
  assertEquals(fingerprint, expected.replaceAll(":", "").toLowerCase());
});

Deno.test("fingerprintOf() refuses a text that holds no certificate", async () => {
  const { key } = await makeCertificate(["localhost"], NOW);
  await assertRejects(() => fingerprintOf(key), SyntaxError, "no certificate");
});

Deno.test("parseFingerprint() takes every way in which one is written, and nothing else", () => {
  const [plain, upper] = ["ab".repeat(32), "AB:".repeat(31) + "AB"];
  for (const text of [plain, upper, ` ${upper}\n`, `sha256:${plain}`, `SHA-256=${upper}`]) {
    assertEquals(parseFingerprint(text), plain, text);
  }
  for (const text of ["", "beef", `${plain}0`, `md5:${plain}`, "zz".repeat(32)]) {
    assertEquals(parseFingerprint(text), null, text);
  }
});
