import { assertEquals } from "@std/assert";
import { nearest } from "../../../core/options/nearest.ts";

Deno.test("nearest() suggests a name one slip away and nothing far-fetched", () => {
  const known = ["--max-connections", "--idle-timeout", "--json"];
  assertEquals(nearest("--max-conections", known), "--max-connections");
  assertEquals(nearest("--jsno", known), "--json");
  assertEquals(nearest("jsno", ["json"]), "json", "two neighbours swapped are one slip");
  assertEquals(nearest("--idle", known), "--idle-timeout");
  assertEquals(nearest("--verbose", known), undefined);
  assertEquals(nearest("a", ["b"]), undefined);
});

Deno.test("nearest() knows a name by its words, however they are written and without its unit", () => {
  const keys = ["idleTimeoutMs", "maxMessageBytes", "rateBytesPerSecond", "tlsFingerprint"];
  for (
    const [typed, meant] of [
      ["idleTimeout", "idleTimeoutMs"],
      ["idle_timeout", "idleTimeoutMs"],
      ["idle-timeout-ms", "idleTimeoutMs"],
      ["maxMessage", "maxMessageBytes"],
      ["rate", "rateBytesPerSecond"],
      ["tlsFingerPrint", "tlsFingerprint"],
    ] as const
  ) assertEquals(nearest(typed, keys), meant, typed);
  const flags = ["--idle-timeout", "--max-message"];
  assertEquals(nearest("--idleTimeoutMs", flags), "--idle-timeout");
  assertEquals(nearest("--maxMessageBytes", flags), "--max-message");
  assertEquals(nearest("--", flags), undefined);
  assertEquals(nearest("Ms", ["milliseconds"]), undefined);
});
