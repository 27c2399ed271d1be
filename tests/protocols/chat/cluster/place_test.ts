import { assert, assertEquals, assertGreater } from "@std/assert";
import { basePlace, parsePosition, START } from "../../../../protocols/chat/cluster/place.ts";

Deno.test("a stream that is created later has higher places", () => {
  const one = basePlace("2026-03-01T12:00:00.123456789Z");
  const two = basePlace("2026-03-01T12:00:00.223456789Z");
  assertGreater(two, one + 500_000);
  assertEquals(basePlace("2026-03-01T13:00:00.123+01:00"), one);
});

Deno.test("places stay exact for decades", () => {
  const last = basePlace("2079-01-01T00:00:00Z");
  assert(Number.isSafeInteger(last + 2 ** 40));
});

Deno.test("a broker that does not know the time has places all the same", () => {
  for (const created of ["", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "soon"]) {
    assertEquals(basePlace(created), 0);
  }
});

Deno.test("a position survives, and a damaged one is the start", () => {
  const position = { created: "2026-03-01T12:00:00Z", seq: 5, stamp: "17", shift: 0, top: 99 };
  assertEquals(parsePosition(JSON.stringify(position)), position);
  for (const note of [undefined, "", "{", "null", "[]", '{"seq":-1}', '{"created":1}']) {
    assertEquals(parsePosition(note), START);
  }
});
