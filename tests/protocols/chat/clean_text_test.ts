import { assertEquals, assertThrows } from "@std/assert";
import { cleanText, spokenText } from "../../../protocols/chat/clean_text.ts";
import { RefusedError } from "../../../protocols/chat/refused_error.ts";

Deno.test("cleanText() leaves what people write alone", () => {
  for (const text of ["hello", "grüße, 世界", "👩‍👩‍👧 and 🏳️‍🌈", "می‌خواهم", "a  b", "e\u0301"]) {
    assertEquals(cleanText(text), text);
  }
});

Deno.test("cleanText() takes out what would change more than its own place", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["a\x1b[2Jb", "a[2Jb"],
    ["a\tb", "a b"],
    ["a\r\nb", "a b"],
    ["a\u2028b", "a b"],
    ["a\0b\x7fc\x9bd", "abcd"],
    ["\u202eabc\u202c", "abc"],
    ["a\u2066b\u2069", "ab"],
    ["\ufeffa\u200bb\u2060c", "abc"],
    ["a\u{e0041}b", "ab"],
    ["a\ud800b", "a\ufffdb"],
    ["  a  ", "a"],
    ["\u200b\u202e", ""],
  ];
  assertEquals(cases.map(([text]) => cleanText(text)), cases.map(([, clean]) => clean));
});

Deno.test("spokenText() counts bytes and wants something to see", () => {
  assertEquals(spokenText("x".repeat(10), 10), "x".repeat(10));
  assertEquals(spokenText("ü".repeat(5), 10), "ü".repeat(5));
  assertEquals(assertThrows(() => spokenText("ü".repeat(6), 10), RefusedError).code, "too-long");
  assertEquals(assertThrows(() => spokenText("\u200b ", 10), RefusedError).code, "text-refused");
});
