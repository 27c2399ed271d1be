import { assertEquals } from "@std/assert";
import { Semaphore } from "../../../core/streams/semaphore.ts";
import { settled } from "../../fake_time.ts";

Deno.test("a semaphore lets in as many as it has permits", async () => {
  const semaphore = new Semaphore(2);
  const entered: number[] = [];
  for (let who = 1; who <= 4; who++) void semaphore.acquire().then(() => entered.push(who));
  await settled();
  assertEquals(entered, [1, 2]);
});

Deno.test("a permit that is given back goes to whoever has waited longest", async () => {
  const semaphore = new Semaphore(1);
  const entered: number[] = [];
  const enter = (who: number) => void semaphore.acquire().then(() => entered.push(who));
  for (let who = 1; who <= 3; who++) enter(who);
  await settled();
  semaphore.release();
  enter(4);
  await settled();
  assertEquals(entered, [1, 2], "it went to one alone");
  semaphore.release();
  await settled();
  assertEquals(entered, [1, 2, 3]);
});

Deno.test("a permit given back while nobody waits is there for the next", async () => {
  const semaphore = new Semaphore(1);
  await semaphore.acquire();
  semaphore.release();
  let entered = false;
  void semaphore.acquire().then(() => entered = true);
  await settled();
  assertEquals(entered, true);
});
