import { assertEquals } from "@std/assert";
import { isTemporaryName, unreadable } from "../../../core/files/plain_name.ts";

Deno.test("isTemporaryName() sees through capitals, wide letters and what nobody sees", () => {
  const names = [
    ".sockdock-upload-1",
    ".sockdock-partial-1",
    ".SOCKDOCK-partial-",
    ".sock\u200ddock-upload-",
  ];
  assertEquals(names.filter((name) => !isTemporaryName(name)), []);
  assertEquals(
    [".sockdock", "sockdock-upload-1", "x.sockdock-upload-"].filter(isTemporaryName),
    [],
  );
});

Deno.test("unreadable() names what a person could not read", () => {
  assertEquals(unreadable("a\tb"), "holds a control character");
  for (const mark of ["\u2066", "\u202e", "\u061c", "\u200f"]) {
    assertEquals(unreadable(`a${mark}b`), "holds a character that hides its order");
  }
  assertEquals(["plain", "grüße", "日本", " "].map(unreadable), [null, null, null, null]);
});
