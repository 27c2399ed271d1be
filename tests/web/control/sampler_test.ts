/** Sampling: how many are taken, which, and what becomes of it when fewer come. */

import { assert, assertEquals } from "@std/assert";
import { Sampler } from "../../../web/control/sampler.ts";
import { newSeed, seeded } from "../../seeded.ts";

/** The numbers, from 0 on, of those that are taken out of so many in one while. */
function taken(sampler: Sampler, count: number): number[] {
  return Array.from({ length: count }, (_, at) => at).filter(() => sampler.takes());
}

Deno.test("everything is taken while no more comes than is wanted, and nothing is left out", () => {
  const sampler = new Sampler(1000);
  for (let at = 0; at < 100; at++) {
    assertEquals(taken(sampler, 40).length, 40);
    assertEquals(sampler.turn(40), true);
  }
  assertEquals(sampler.takeLeftOut(), 0);
  assertEquals(sampler.turn(40), false);
});

Deno.test("of a flood the rate is taken, evenly, of either kind of message, and the rest counted", () => {
  const random = seeded(newSeed());
  const sampler = new Sampler(1000, random);
  // The first while shows how many come.
  assertEquals(taken(sampler, 4000).length, 250);
  sampler.turn(40);
  const all: number[] = [];
  for (let at = 0; at < 25; at++) {
    const some = taken(sampler, 4000);
    all.push(...some);
    const halves = [some.filter((one) => one < 2000), some.filter((one) => one >= 2000)];
    assert(halves.every(({ length }) => length >= 8 && length <= 34), `${some}`);
    sampler.turn(40);
  }
  assert(all.length > 900 && all.length < 1100, `${all.length} are taken`);
  assertEquals(sampler.takeLeftOut(), 26 * 4000 - 250 - all.length);
  assertEquals(sampler.takeLeftOut(), 0);
  const questions = all.filter((one) => one % 2 === 0).length;
  assert(questions > 400 && questions < 600, `${questions} of ${all.length} are questions`);
});

Deno.test("after a flood the first event of a quiet time is taken", () => {
  const random = seeded(newSeed());
  const sampler = new Sampler(100, random);
  for (let at = 0; at < 10; at++) {
    taken(sampler, 100_000);
    sampler.turn(40);
  }
  sampler.turn(40);
  assertEquals(taken(sampler, 1), [0]);
});
