/** JSON for a terminal: every split of the text gives the same, tokens are untouched, and what is no
 * JSON comes through. */

import { assertEquals } from "@std/assert";
import { JsonText } from "../../../commands/fetch/json_text.ts";

/** Formats a text that arrives in these parts. */
function formatted(...parts: string[]): string {
  const json = new JsonText((_color, text) => text);
  return parts.map((part) => json.push(part)).join("") + json.end();
}

const TEXTS = [
  '{"a":1,"a":-0.10e+5,"b":{"c":[]},"d":{},"e":[true,false,null,"x\\"y\\\\"]}',
  "[[[1],[2,3]],[]]",
  '"text alone"',
  "18446744073709551616",
  " [ 1 ,\n 2 ] ",
  '{"n":1}\n{"n":2}\n',
  '{"öäü":"\u{1f600}"}',
];

Deno.test("JSON that arrives in any parts is formatted in the same way", () => {
  for (const text of TEXTS) {
    const whole = formatted(text);
    for (let at = 0; at <= text.length; at++) {
      assertEquals(formatted(text.slice(0, at), text.slice(at)), whole, `${text} at ${at}`);
    }
    assertEquals(formatted(...text.split("")), whole);
  }
});

Deno.test("formatting JSON changes white space alone", () => {
  for (const text of TEXTS) {
    const bare = (written: string) => written.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
    assertEquals(bare(formatted(text)), bare(text));
  }
  assertEquals(formatted(" [ 1 ,\n 2 ] "), "[\n  1,\n  2\n]\n");
  assertEquals(formatted('{"n":1}\n{"n":2}\n'), '{\n  "n": 1\n}\n{\n  "n": 2\n}\n');
});

Deno.test("from what is no JSON on, the text comes through as it is", () => {
  for (
    const [text, shown] of [
      ["<html> a </html>", "<html> a </html>"],
      ["[1,2}, 3", "[\n  1,\n  2}, 3"],
      ["[01, 2]", "[01, 2]"],
      ["{a: 1}", "{a: 1}"],
      ["nul  x", "nul  x"],
      ["[1 2]", "[\n  1 2]"],
      ["\x1b[31m", "\\x1b[31m"],
      ['["\u202e"]', '[\n  "\\u202e"\n]\n'],
      ['{"cut": "in the m', '{\n  "cut": "in the m\n'],
    ] as const
  ) assertEquals(formatted(text), shown);
  const deep = "[".repeat(100_000);
  assertEquals(formatted(deep).replace(/\s/g, ""), deep);
});
