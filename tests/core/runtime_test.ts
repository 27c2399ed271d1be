/** What depends on the version of the runtime, for versions old and new. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  hasFeature,
  missingFeatures,
  needsRuntime,
  requireFeature,
  requireUnixSockets,
} from "../../core/runtime.ts";
import { builtinSuite } from "../../commands/serving/builtin_suite.ts";
import { UsageError } from "../../core/usage_error.ts";

Deno.test("node:tls is relied on from Deno 2.7.14 on", () => {
  const has = (version: string) => hasFeature("nodeTls", version);
  assertEquals(["2.4.0", "2.6.10", "2.7.13", "1.46.3"].map(has), Array(4).fill(false));
  assertEquals(["2.7.14", "2.8.0", "2.9.6", "3.0.0-rc.1"].map(has), Array(4).fill(true));
});

Deno.test("DTLS is refused before Deno 2.8.3", () => {
  for (const version of ["2.6.10", "2.7.14", "2.8.2", "1.46.3"]) {
    assertThrows(
      () => requireFeature("dtls", undefined, version),
      UsageError,
      `dtls needs Deno 2.8.3 or newer; this is ${version}, which `,
    );
  }
  for (const version of ["2.8.3", "2.8.4", "2.9.0", "2.10.1+abc", "3.0.0-rc.1"]) {
    requireFeature("dtls", undefined, version);
  }
});

Deno.test("a refusal names what was asked for, and what would happen instead", () => {
  assertEquals(
    needsRuntime("localAddress", "--local of connect", "2.6.10"),
    "--local of connect needs Deno 2.7.14 or newer; this is 2.6.10, " +
      "which takes the address without a word and dials from another",
  );
});

Deno.test("what cannot be had is listed on an old runtime, and nothing on the one that tests run on", () => {
  assertEquals(missingFeatures(), []);
  assertEquals(missingFeatures("2.8.2").map(({ name }) => name), ["dtls"]);
  assertEquals(
    missingFeatures("2.7.13").some(({ name }) => name === "--require-client-cert"),
    true,
  );
});

Deno.test("Unix sockets are refused on Windows, with what to use instead", () => {
  for (const os of ["linux", "darwin"] as const) requireUnixSockets("unix", os);
  assertThrows(
    () => requireUnixSockets("unix", "windows"),
    UsageError,
    "unix cannot be had on Windows, where Deno has no Unix sockets; use tcp:// or udp:// on loopback",
  );
});

Deno.test("the built-in suite leaves out what its system or runtime does not have", () => {
  const urls = (os: "linux" | "windows", version = "2.9.6") => {
    const suite = builtinSuite({ socket: "echo.sock", samples: ".", freePorts: true, os, version });
    return suite.flatMap(({ urls }) => urls).map(String);
  };
  const all = urls("linux");
  const leftOut = (few: readonly string[]) => all.filter((url) => !few.includes(url));
  assertEquals(leftOut(urls("windows")), ["unix://echo.sock"]);
  assertEquals(leftOut(urls("linux", "2.6.10")), ["dtls://127.0.0.1:0"]);
});
