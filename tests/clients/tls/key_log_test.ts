/** Without the permission to read SSLKEYLOGFILE. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { keyLogNotice, writesKeys } from "../../../clients/tls/key_log.ts";
import { hasFeature } from "../../../core/runtime.ts";
import { keyLogWarning } from "../../../core/tls/key_log.ts";

Deno.test({
  name: "a variable that may not be read is warned of where Deno's own TLS heeds it",
  permissions: { env: false },
  fn() {
    assertStringIncludes(keyLogWarning()!, "if it is set, the keys of every TLS session are");
    assertStringIncludes(keyLogWarning()!, "--allow-env=SSLKEYLOGFILE");
    assertEquals(keyLogWarning("nothing writes them"), null);
  },
});

Deno.test({
  name: "a client that cannot read the variable writes no keys, and has nothing to say",
  ignore: !hasFeature("nodeTls"),
  permissions: { env: false },
  fn() {
    assertEquals(writesKeys({}), false);
    assertEquals(keyLogNotice({}), null);
  },
});
