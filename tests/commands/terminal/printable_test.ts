import { assertEquals, assertMatch } from "@std/assert";
import { hexDump, printable } from "../../../commands/terminal/printable.ts";

const SOFT_HYPHEN = 0xad;

Deno.test("printable() escapes every control character and leaves every other one", () => {
  for (let code = 0; code < 0x250; code++) {
    const character = String.fromCharCode(code);
    const control = code < 0x20 || (code >= 0x7f && code < 0xa0) || code === SOFT_HYPHEN;
    const escape = `\\x${code.toString(16).padStart(2, "0")}`;
    assertEquals(printable(character), control ? escape : character);
  }
  for (const text of ["naïve 漢字 😀 👩‍👩‍👧 ❤️", "می\u200cخواهم", "e\u0301", "葛\u{e0100}"]) {
    assertEquals(printable(text), text);
  }
});

Deno.test("printable() escapes the marks that turn text around", () => {
  assertEquals(
    printable("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    "\\u200e\\u200f\\u202a\\u202b\\u202c\\u202d\\u202e\\u2066\\u2067\\u2068\\u2069",
  );
});

Deno.test("printable() escapes what breaks lines, turns text around or hides in it", () => {
  const hidden = [
    ...["\u061c", "\u2028", "\u2029", "\u200b", "\u2060", "\ufeff", "\u180e", "\u206a", "\ufffa"],
    ...["\u{e0041}", "\u{1d173}", "\u3164"],
  ];
  for (const character of hidden) {
    const code = character.codePointAt(0)!.toString(16);
    const escape = code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
    assertEquals(printable(`a${character}b`), `a${escape}b`);
    assertEquals(printable(`a${character}b`, { lines: true }), `a${escape}b`);
    const json = printable(JSON.stringify(character), { style: "json" });
    assertEquals(JSON.parse(json), character);
    assertMatch(json, /^[ -~]+$/);
  }
});

Deno.test("printable() keeps newlines and tabs where lines are shown, and no lone carriage return", () => {
  const lines = { lines: true };
  assertEquals(printable("a\tb\nc\r\nd", lines), "a\tb\nc\r\nd");
  assertEquals(printable("good\rbad\r", lines), "good\\x0dbad\\x0d");
  assertEquals(printable("a\tb\n"), "a\\x09b\\x0a");
});

Deno.test("printable() in JSON's style stays JSON", () => {
  const json = JSON.stringify("\x1b \x7f \u0085 \u2028 \u202e");
  const harmless = printable(json, { style: "json" });
  assertEquals(harmless, String.raw`"\u001b \u007f \u0085 \u2028 \u202e"`);
  assertEquals(JSON.parse(harmless), JSON.parse(json));
});

Deno.test("hexDump() shows offset, bytes and text, sixteen bytes to a row", () => {
  assertEquals(hexDump(new Uint8Array(0)), []);
  assertEquals(hexDump(new TextEncoder().encode("Hello\n\x7fé")), [
    "000000  48 65 6c 6c 6f 0a 7f c3 a9                       Hello....",
  ]);
  const rows = hexDump(Uint8Array.from({ length: 33 }, (_, index) => 0x20 + index));
  assertEquals(rows, [
    "000000  20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f   !\"#$%&'()*+,-./",
    "000010  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?",
    "000020  40                                               @",
  ]);
});
