/** What a TLS client says before it dials. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { tlsNotices } from "../../../clients/tls/notices.ts";

Deno.test("an old runtime says that it trusts the well-known authorities as well", () => {
  const [text = ""] = tlsNotices({ tlsCa: ["own.pem"] }, "2.6.10");
  assertStringIncludes(text, "Deno 2.6.10, which trusts the well-known authorities as well");
  assertEquals(tlsNotices({ tlsCa: ["own.pem"] }, "2.7.14"), []);
  assertEquals(tlsNotices({}, "2.6.10"), []);
});
