/** Which bytes a Range header asks for. */

import { assert, assertEquals } from "@std/assert";
import { contentRange, parseRange, rangeBytes } from "../../../web/request/range.ts";
import { newSeed, seeded } from "../../seeded.ts";

/** Of a file of 100 bytes, as `first-last` texts. */
function ranges(header: string, bytes = 100): string | readonly string[] | null {
  const parsed = parseRange(header, bytes);
  return typeof parsed === "string" || parsed === null
    ? parsed
    : parsed.map(({ first, last }) => `${first}-${last}`);
}

Deno.test("parseRange() knows first and last, open and suffix ranges", () => {
  assertEquals(ranges("bytes=0-0"), ["0-0"]);
  assertEquals(ranges("bytes=10-19"), ["10-19"]);
  assertEquals(ranges("bytes=90-"), ["90-99"]);
  assertEquals(ranges("bytes=-10"), ["90-99"]);
  assertEquals(ranges("BYTES=5-6"), ["5-6"]);
});

Deno.test("parseRange() clamps what lies beyond the end", () => {
  assertEquals(ranges("bytes=90-1000"), ["90-99"]);
  assertEquals(ranges("bytes=-1000"), ["0-99"]);
  assertEquals(ranges("bytes=0-99999999999999999999999999"), ["0-99"]);
});

Deno.test("parseRange() finds a set unsatisfiable that has no byte of the file", () => {
  assertEquals(ranges("bytes=100-"), "unsatisfiable");
  assertEquals(ranges("bytes=100-200, 300-"), "unsatisfiable");
  assertEquals(ranges("bytes=-0"), "unsatisfiable");
  assertEquals(ranges(`bytes=${"9".repeat(400)}-`), "unsatisfiable");
});

Deno.test("parseRange() leaves out the unsatisfiable of several", () => {
  assertEquals(ranges("bytes=0-1, 500-600, -0"), ["0-1"]);
});

Deno.test("parseRange() ignores what is malformed or not in bytes", () => {
  for (
    const header of [
      ..."|bytes|bytes=|bytes=,|bytes=-|bytes=a-b|bytes=5-4|bytes=0-1;2-3|bytes=0x0-1".split("|"),
      ..."bytes 0-1|lines=0-1|bytes=0-1-2|bytes=0-1, x|bytes=+1-2|bytes=1.5-2|0-1".split("|"),
    ]
  ) assertEquals(ranges(header), null, header);
});

Deno.test("parseRange() ignores ranges of an empty file, which has none", () => {
  for (const header of ["bytes=0-", "bytes=-1", "bytes=0-0"]) assertEquals(ranges(header, 0), null);
});

Deno.test("parseRange() keeps the order of ranges that lie apart", () => {
  assertEquals(ranges("bytes=50-59, 0-9 ,, -1"), ["50-59", "0-9", "99-99"]);
});

Deno.test("parseRange() joins ranges that overlap or touch", () => {
  assertEquals(ranges("bytes=0-50,40-60"), ["0-60"]);
  assertEquals(ranges("bytes=10-19,0-9"), ["0-19"]);
  assertEquals(ranges("bytes=0-,0-,0-"), ["0-99"]);
  assertEquals(ranges("bytes=50-59,0-9,5-20"), ["0-20", "50-59"]);
});

Deno.test("parseRange() ignores a header with too many ranges", () => {
  const set = (count: number) =>
    "bytes=" + Array.from({ length: count }, (_, at) => `${at * 2}-${at * 2}`).join();
  assertEquals((parseRange(set(32), 1000) as unknown[]).length, 32);
  assertEquals(parseRange(set(33), 1000), null);
});

Deno.test("parseRange() never throws, and never gives an empty, double or foreign byte", () => {
  const random = seeded(newSeed());
  const pick = <T>(from: readonly T[]) => from[Math.floor(random() * from.length)]!;
  const number = () =>
    pick(["", "0", "1", "7", "99", "100", "101", String(Math.floor(random() * 2e9))]);
  const spec = () =>
    random() < 0.9
      ? `${number()}-${number()}`
      : pick(["-", "x", " ", "", "--1", "1-2-3", "\0", "0 - 1", "é"]);
  for (let run = 0; run < 20_000; run++) {
    const bytes = pick([0, 1, 2, 99, 100, 101, 1e9]);
    const count = Math.floor(random() * 6);
    const header = pick(["bytes=", "bytes=", "bytes=", "Bytes =", "", "bytes"]) +
      Array.from({ length: count }, spec).join(pick([",", ", ", ",,"]));
    const parsed = parseRange(header, bytes);
    if (parsed === null || parsed === "unsatisfiable") continue;
    assert(parsed.length > 0, header);
    const sorted = parsed.toSorted((a, b) => a.first - b.first);
    for (const [at, range] of sorted.entries()) {
      assert(Number.isSafeInteger(range.first) && Number.isSafeInteger(range.last), header);
      assert(range.first >= 0 && range.last < bytes && rangeBytes(range) > 0, header);
      assert(at === 0 || range.first > sorted[at - 1]!.last + 1, header);
    }
    assert(parsed.reduce((sum, range) => sum + rangeBytes(range), 0) <= bytes, header);
  }
});

Deno.test("contentRange() names both ends and the whole", () => {
  assertEquals(contentRange({ first: 2, last: 4 }, 10), "bytes 2-4/10");
});
