/** A cache with a bound in bytes. */

import { assert, assertEquals } from "@std/assert";
import { ByteCache, type Weighed } from "../../../../web/files/serving/byte_cache.ts";
import { newSeed, seeded } from "../../../seeded.ts";

/** What an entry weighs beside its value: a kibibyte and two bytes for each character. */
const EACH = 1024 + 2;

function weighing(weight: number): { weight: number } {
  return { weight };
}

Deno.test("ByteCache forgets what was not used for the longest time", () => {
  const cache = new ByteCache<Weighed>(3 * (EACH + 10));
  for (const key of ["a", "b", "c"]) cache.set(key, weighing(10));
  cache.get("a");
  cache.set("d", weighing(10));
  assertEquals(["a", "b", "c", "d"].map((key) => cache.get(key) !== undefined), [
    true,
    false,
    true,
    true,
  ]);
});

Deno.test("ByteCache keeps nothing that alone is too heavy, and nothing at all with no bytes", () => {
  const cache = new ByteCache<Weighed>(2 * EACH);
  cache.set("a", weighing(10));
  cache.set("b", weighing(5000));
  assertEquals([cache.size, cache.bytes], [1, EACH + 10]);
  const none = new ByteCache<Weighed>(0);
  none.set("a", weighing(0));
  assertEquals([none.size, none.bytes], [0, 0]);
});

Deno.test("ByteCache counts anew what was replaced, weighed again, deleted and cleared", () => {
  const cache = new ByteCache<Weighed>(10 * EACH);
  const value = weighing(1);
  cache.set("a", value);
  cache.set("a", weighing(2));
  assertEquals(cache.bytes, EACH + 2);
  // It is another by now.
  cache.weigh("a", value);
  assertEquals(cache.bytes, EACH + 2);
  cache.set("b", value);
  value.weight = 100;
  cache.weigh("b", value);
  assertEquals(cache.bytes, 2 * EACH + 102);
  value.weight = 100_000;
  cache.weigh("b", value);
  assertEquals([cache.size, cache.bytes], [1, EACH + 2]);
  cache.delete("a");
  cache.delete("nothing");
  assertEquals([cache.size, cache.bytes], [0, 0]);
  cache.set("c", value);
  cache.clear();
  assertEquals([cache.size, cache.bytes], [0, 0]);
});

Deno.test("ByteCache never holds more than it may, and knows what it holds", () => {
  const random = seeded(newSeed());
  const cache = new ByteCache<{ weight: number }>(20 * EACH);
  const held = new Map<string, { weight: number }>();
  for (let run = 0; run < 20_000; run++) {
    const key = String.fromCharCode(97 + Math.floor(random() * 26));
    const kind = random();
    if (kind < 0.5) {
      const value = weighing(Math.floor(random() * 3000));
      held.set(key, value);
      cache.set(key, value);
    } else if (kind < 0.7) cache.delete(key);
    else if (kind < 0.9) cache.get(key);
    else {
      const value = cache.get(key);
      if (value !== undefined) {
        value.weight = Math.floor(random() * 3000);
        cache.weigh(key, value);
      }
    }
    assert(cache.bytes <= 20 * EACH && cache.bytes >= 0);
  }
  let sum = 0;
  for (const key of held.keys()) {
    const value = cache.get(key);
    if (value !== undefined) sum += EACH + value.weight;
  }
  assertEquals(cache.bytes, sum);
});
