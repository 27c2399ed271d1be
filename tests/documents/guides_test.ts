/** The page that goes through the guides is true: every row runs, in both directions. */

import { assert, assertEquals } from "@std/assert";
import { guides } from "./pages.ts";
import { testPage } from "./run.ts";

/** The rows that the guides describe without a program. */
const WITHOUT_PROGRAM = ["8", "13"];

testPage(guides);

Deno.test("every row of the guides has both directions and a library call", () => {
  const rows = guides.markdown.split(/^## /m).slice(1).filter((row) => /^\d/.test(row));
  const [last] = rows.splice(-1);
  assert(last?.includes("What cannot be had"));
  assertEquals(rows.length, 18);
  for (const row of rows) {
    const [number = ""] = /^\d+/.exec(row) ?? [];
    const [, ours = "", theirs = ""] = row.split(/^### /m);
    assert(/```ts\n/.test(row), `row ${number} has no library call`);
    if (WITHOUT_PROGRAM.includes(number)) continue;
    for (const direction of [ours, theirs]) {
      assert(direction.includes("sockdock "), `row ${number}: ours in both directions`);
      assert(/python3|openssl/.test(direction), `row ${number}: theirs in both directions`);
    }
  }
});
