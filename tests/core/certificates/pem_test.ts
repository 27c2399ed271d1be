/** Blocks of PEM. */

import { assertEquals, assertThrows } from "@std/assert";
import { pemBlocks } from "../../../core/certificates/pem.ts";

Deno.test("pemBlocks() finds the blocks among other text, in their order", () => {
  const text = `subject=a
-----BEGIN CERTIFICATE-----\r
AQ\r
ID\r
-----END CERTIFICATE-----
between
-----BEGIN EC PRIVATE KEY-----
/w==
-----END EC PRIVATE KEY-----`;
  assertEquals(pemBlocks(text).map(({ label, der }) => [label, ...der]), [
    ["CERTIFICATE", 1, 2, 3],
    ["EC PRIVATE KEY", 255],
  ]);
});

Deno.test("pemBlocks() passes by what has no end, or the end of another", () => {
  assertEquals(pemBlocks("-----BEGIN CERTIFICATE-----\nAQID\n"), []);
  assertEquals(pemBlocks("-----BEGIN A-----\nAQID\n-----END B-----"), []);
});

Deno.test("pemBlocks() refuses a block that is not base64 inside", () => {
  const text = "-----BEGIN CERTIFICATE-----\n%\n-----END CERTIFICATE-----";
  assertThrows(() => pemBlocks(text), SyntaxError, "the block CERTIFICATE is not base64");
});
