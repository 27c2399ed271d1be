import { assertEquals, assertThrows } from "@std/assert";
import {
  holdsWords,
  indexedText,
  matchExpression,
  queryWords,
} from "../../../../protocols/chat/history/search_words.ts";
import { MATCHES } from "./messages.ts";

Deno.test("a text is found by the words that it holds, whatever their case, accents and width", () => {
  for (const [text, query, holds] of MATCHES) {
    assertEquals(holdsWords(text, queryWords(query)), holds, `${query} in ${text}`);
  }
});

Deno.test("runs without spaces are indexed as pairs, and searched as phrases of pairs", () => {
  assertEquals(indexedText("ab 東京都!"), "ab 東京 京都 都");
  assertEquals(
    matchExpression(queryWords("ab 東京都 行")),
    `text : ("ab" AND "東京 京都" AND "行" *)`,
  );
});

Deno.test("a query is limited to so many different words", () => {
  const words = Array.from({ length: 33 }, (_, at) => `w${at}`);
  assertEquals(queryWords(`${words.slice(0, 32).join(" ")} `.repeat(2)).length, 32);
  assertThrows(() => queryWords(words.join(" ") + " more"), RangeError, "34 words");
  assertEquals(queryWords("same SAME Same").length, 1);
  assertEquals(queryWords(`"'-*()`), []);
});
