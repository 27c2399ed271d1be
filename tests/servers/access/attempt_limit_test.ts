/** Guessing made slow, on a clock of the test's own. */

import { assert, assertEquals } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import { AttemptLimit } from "../../../servers/access/attempt_limit.ts";

const at = (hostname: string): Address => ({ transport: "tcp", hostname, port: 40_000 });

function limited() {
  let now = 0;
  const waits: number[] = [];
  const limit = new AttemptLimit(() => now, (ms) => {
    waits.push(ms);
    now += ms;
    return Promise.resolve();
  });
  return { limit, waits, pass: (ms: number) => now += ms };
}

Deno.test("one slip costs nothing, and each further one twice as much as the one before", async () => {
  const { limit, waits } = limited();
  for (let guess = 0; guess < 10; guess++) {
    assert(await limit.admit(at("192.0.2.1")));
    limit.failed(at("192.0.2.1"));
  }
  assertEquals(waits, [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
});

Deno.test("nobody waits for the guesses of another address", async () => {
  const { limit, waits } = limited();
  for (let guess = 0; guess < 5; guess++) limit.failed(at("192.0.2.1"));
  assert(await limit.admit(at("192.0.2.2")));
  assertEquals(waits, []);
});

Deno.test("a whole /64 of IPv6 is one guesser", async () => {
  const { limit, waits } = limited();
  for (const end of [":1", "2:3:4:5", "ffff::"]) limit.failed(at(`2001:db8:1:2:${end}`));
  await limit.admit(at("2001:db8:1:2::9"));
  await limit.admit(at("2001:db8:1:3::9"));
  assertEquals(waits.length, 1);
});

Deno.test("failures are forgotten in time", async () => {
  const { limit, waits, pass } = limited();
  for (let guess = 0; guess < 5; guess++) limit.failed(at("192.0.2.1"));
  pass(10 * 60_000);
  await limit.admit(at("192.0.2.1"));
  assertEquals(waits, []);
});

Deno.test("of one address only a few guesses wait; more are turned away", async () => {
  const go = Promise.withResolvers<void>();
  const limit = new AttemptLimit(() => 0, () => go.promise);
  for (let guess = 0; guess < 3; guess++) limit.failed(at("192.0.2.1"));
  const guesses = Array.from({ length: 10 }, () => limit.admit(at("192.0.2.1")));
  go.resolve();
  const admitted = await Promise.all(guesses);
  assertEquals(admitted.filter((one) => one).length, 4);
});

Deno.test("the memory of it is bounded", async () => {
  const { limit, waits } = limited();
  const address = (index: number) => at(`10.${index >> 16}.${index >> 8 & 255}.${index & 255}`);
  for (let index = 0; index < 10_000; index++) {
    limit.failed(address(index));
    limit.failed(address(index));
  }
  await limit.admit(address(0));
  assertEquals(waits, []);
  await limit.admit(address(9999));
  assertEquals(waits, [250]);
});
