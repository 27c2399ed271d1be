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
