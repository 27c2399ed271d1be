import { assertThrows } from "@std/assert";
import { UsageError } from "../../../core/usage_error.ts";
import { refuseOldRuntime } from "../../../layers/dtls/runtime.ts";

Deno.test("a runtime that a peer could crash is refused", () => {
  for (const version of ["2.6.10", "2.7.14", "2.8.2", "1.46.3"]) {
    assertThrows(() => refuseOldRuntime(version), UsageError, "dtls needs a newer runtime: Deno");
  }
  for (const version of ["2.8.3", "2.8.4", "2.9.0", "2.10.1+abc", "3.0.0-rc.1"]) {
    refuseOldRuntime(version);
  }
});
