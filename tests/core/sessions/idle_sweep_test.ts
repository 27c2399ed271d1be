import { assertEquals } from "@std/assert";
import { IdleSweep } from "../../../core/sessions/idle_sweep.ts";
import { FakeTime } from "../../fake_time.ts";

interface Member {
  readonly name: string;
  active: boolean;
}

/** A sweep of 1000 ms and whom it has expired. */
function sweepOf(timeoutMs = 1000) {
  const expired: string[] = [];
  const sweep = new IdleSweep<Member>(timeoutMs, ({ name }) => expired.push(name));
  const add = (name: string): Member => {
    const member = { name, active: true };
    sweep.add(member);
    return member;
  };
  return { sweep, expired, add };
}

Deno.test("whoever does not move is expired once, after 1 to 1.25 times the idle time", async () => {
  using time = new FakeTime();
  const { sweep, expired, add } = sweepOf();
  using _sweep = sweep;
  await time.advance(100);
  add("silent");
  await time.advance(1000);
  assertEquals(expired, []);
  await time.advance(250);
  assertEquals(expired, ["silent"]);
  await time.advance(10_000);
  assertEquals(expired, ["silent"]);
});

Deno.test("whoever moves is not expired, however long it lasts", async () => {
  using time = new FakeTime();
  const { sweep, expired, add } = sweepOf();
  using _sweep = sweep;
  const lively = add("lively");
  add("silent");
  for (let moved = 0; moved < 20; moved++) {
    lively.active = true;
    await time.advance(900);
  }
  assertEquals(expired, ["silent"]);
  await time.advance(1250);
  assertEquals(expired, ["silent", "lively"]);
});

Deno.test("whoever was taken out is not expired", async () => {
  using time = new FakeTime();
  const { sweep, expired, add } = sweepOf();
  using _sweep = sweep;
  sweep.delete(add("gone"));
  await time.advance(5000);
  assertEquals(expired, []);
});

Deno.test("an idle time without end needs no timer", () => {
  using time = new FakeTime();
  const { sweep, add } = sweepOf(Infinity);
  using _sweep = sweep;
  add("anyone");
  assertEquals(time.timers, 0);
});

Deno.test("disposing of a sweep stops its timer", async () => {
  using time = new FakeTime();
  const { sweep, expired, add } = sweepOf();
  add("silent");
  assertEquals(time.timers, 1);
  sweep[Symbol.dispose]();
  assertEquals(time.timers, 0);
  await time.advance(5000);
  assertEquals(expired, []);
});
