/** The texts of the console: each there in every language, and used. */

import { assertEquals } from "@std/assert";
import { consoleFiles } from "../../../web/console/files.ts";
import { LANGUAGES, WORDS } from "../../../web/console/page/words.js";

const words: Readonly<Record<string, readonly string[]>> = WORDS;
const scripts = [...consoleFiles()]
  .filter(([path]) => path.endsWith(".js") && !/packages|words/.test(path))
  .map(([, { text }]) => text).join("\n");

Deno.test("every text of the console is there in every language, with the same places", () => {
  for (const [key, texts] of Object.entries(words)) {
    assertEquals(texts.length, LANGUAGES.length, key);
    assertEquals(texts.filter((text) => text.trim() === ""), [], key);
    const places = texts.map((text) => text.split("{}").length - 1);
    assertEquals(new Set(places).size, 1, key);
  }
});

Deno.test("every text that the console asks for is there, and every one is asked for", () => {
  const asked = [...scripts.matchAll(/\bt\(\s*"(\w+)"/g)].map(([, key]) => key!);
  const known = Object.keys(words);
  assertEquals(asked.filter((key) => !known.includes(key)), []);
  // Some are named in a table before they are asked for.
  const named = (key: string) => new RegExp(`"${key}"|\\b${key}:`).test(scripts);
  assertEquals(known.filter((key) => !asked.includes(key) && !named(key)), []);
});

Deno.test("the console has no text outside its table", () => {
  const outside = [...scripts.matchAll(/>([^<>$`{}=;()&|]*[A-Za-z]{3,}[^<>$`{}=;()&|]*)</g)]
    .map(([, text]) => text!.trim()).filter((text) => text !== "" && text !== "sockdock");
  assertEquals(outside, []);
});
