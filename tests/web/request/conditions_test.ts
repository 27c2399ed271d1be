/** Conditional requests, in the order of RFC 9110 13.2.2. */

import { assert, assertEquals } from "@std/assert";
import {
  type Conditions,
  conditionsOf,
  evaluate,
  rangeApplies,
} from "../../../web/request/conditions.ts";
import { newSeed, seeded } from "../../seeded.ts";

const NOW = Date.UTC(2026, 0, 2);
const MODIFIED = "Thu, 01 Jan 2026 12:00:00 GMT";
const EARLIER = "Thu, 01 Jan 2026 11:59:59 GMT";
const LATER = "Thu, 01 Jan 2026 12:00:01 GMT";
const FILE = { etag: '"abc"', modified: Date.UTC(2026, 0, 1, 12) / 1000 };

function status(headers: Record<string, string>): number {
  const fields = new Headers(headers);
  const conditions = conditionsOf((name) => fields.get(name));
  return conditions === null ? 200 : evaluate(conditions, FILE, NOW);
}

const CASES: readonly (readonly [Record<string, string>, number])[] = [
  [{}, 200],
  [{ "if-none-match": '"abc"' }, 304],
  [{ "if-none-match": 'W/"abc"' }, 304],
  [{ "if-none-match": "*" }, 304],
  [{ "if-none-match": '"x", "abc" , "y"' }, 304],
  [{ "if-none-match": '"a,bc", "x"' }, 200],
  [{ "if-none-match": '"x"' }, 200],
  [{ "if-none-match": "abc" }, 200],
  [{ "if-none-match": '"ABC"' }, 200],
  [{ "if-modified-since": MODIFIED }, 304],
  [{ "if-modified-since": LATER }, 304],
  [{ "if-modified-since": EARLIER }, 200],
  [{ "if-modified-since": "yesterday" }, 200],
  [{ "if-modified-since": "Thursday, 01-Jan-26 12:00:00 GMT" }, 304],
  [{ "if-modified-since": "Thu Jan  1 12:00:00 2026" }, 304],
  [{ "if-none-match": '"x"', "if-modified-since": LATER }, 200],
  [{ "if-match": '"abc"' }, 200],
  [{ "if-match": "*" }, 200],
  [{ "if-match": 'W/"abc"' }, 412],
  [{ "if-match": '"x"' }, 412],
  [{ "if-match": "" }, 412],
  [{ "if-unmodified-since": MODIFIED }, 200],
  [{ "if-unmodified-since": EARLIER }, 412],
  [{ "if-unmodified-since": "nonsense" }, 200],
  [{ "if-match": '"abc"', "if-unmodified-since": EARLIER }, 200],
  [{ "if-match": '"x"', "if-none-match": '"abc"' }, 412],
  [{ "if-match": '"abc"', "if-none-match": '"abc"' }, 304],
  [{ "if-unmodified-since": MODIFIED, "if-modified-since": MODIFIED }, 304],
];

for (const [headers, expected] of CASES) {
  Deno.test(`evaluate() gives ${expected} for ${JSON.stringify(headers)}`, () => {
    assertEquals(status(headers), expected);
  });
}

Deno.test("rangeApplies() compares strongly, tags and dates alike", () => {
  const applies = (ifRange: string | null) => rangeApplies(ifRange, FILE, NOW);
  assertEquals([applies(null), applies('"abc"'), applies(MODIFIED)], [true, true, true]);
  for (const other of ['W/"abc"', '"x"', EARLIER, LATER, "abc", "", "*"]) {
    assertEquals(applies(other), false, other);
  }
});

Deno.test("evaluate() and rangeApplies() never throw, whatever the headers say", () => {
  const random = seeded(newSeed());
  const pieces = [
    '"abc"',
    "W/",
    "*",
    ",",
    " ",
    '"',
    MODIFIED,
    EARLIER,
    "GMT",
    "99",
    "é",
    "\t",
    "-",
  ];
  const value = () =>
    random() < 0.3 ? null : Array.from(
      { length: Math.floor(random() * 5) },
      () => pieces[Math.floor(random() * pieces.length)]!,
    ).join("");
  for (let run = 0; run < 20_000; run++) {
    const conditions: Conditions = {
      ifMatch: value(),
      ifUnmodifiedSince: value(),
      ifNoneMatch: value(),
      ifModifiedSince: value(),
    };
    assert([200, 304, 412].includes(evaluate(conditions, FILE, NOW)));
    rangeApplies(value(), FILE, NOW);
  }
});
