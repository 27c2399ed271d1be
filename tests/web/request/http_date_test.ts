/** Dates of HTTP. */

import { assertEquals } from "@std/assert";
import { httpDate, parseHttpDate } from "../../../web/request/http_date.ts";

const NOW = Date.UTC(2026, 5, 1);
const parse = (text: string) => parseHttpDate(text, NOW);

Deno.test("parseHttpDate() reads the three forms of RFC 9110", () => {
  assertEquals(parse("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  assertEquals(parse("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
  assertEquals(parse("Sun Nov  6 08:49:37 1994"), 784111777);
});

Deno.test("parseHttpDate() takes two digits for the nearest year, at most 50 ahead", () => {
  const year = (text: string) => new Date(parse(text)! * 1000).getUTCFullYear();
  assertEquals(year("Sunday, 06-Nov-76 08:49:37 GMT"), 2076);
  assertEquals(year("Sunday, 06-Nov-77 08:49:37 GMT"), 1977);
});

Deno.test("parseHttpDate() takes nothing else for a date", () => {
  for (
    const text of [
      "",
      "now",
      "784111777",
      "1994-11-06T08:49:37Z",
      "Sun, 06 Nov 1994 08:49:37 PST",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Foo 1994 08:49:37 GMT",
      "Sun, 99 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 28:49:37 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT",
    ]
  ) assertEquals(parse(text), null, text);
});

Deno.test("httpDate() writes what parseHttpDate() reads", () => {
  assertEquals(httpDate(784111777_000), "Sun, 06 Nov 1994 08:49:37 GMT");
  assertEquals(parse(httpDate(1_767_268_800_999)), 1_767_268_800);
});
