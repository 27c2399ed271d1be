import { assertEquals, assertRejects } from "@std/assert";
import { WorkerCalls } from "../../../../protocols/chat/history/worker_calls.ts";

/** Doubles numbers, refuses text, says nothing to null and dies of false. */
const MODULE = new URL(`data:text/javascript,${
  encodeURIComponent(`
    globalThis.onmessage = ({ data: [number, request] }) => {
      if (request === false) throw new Error("out of order");
      if (request === null) return;
      if (typeof request === "number") postMessage([number, request * 2]);
      else postMessage([number, undefined, "no number: " + request]);
    };
  `)
}`);

Deno.test("answers of a Worker are matched with what was asked", async () => {
  using calls = new WorkerCalls<unknown>(MODULE);
  const asked = [1, "two", 3].map((request) => calls.ask<number>(request));
  assertEquals(await asked[0], 2);
  await assertRejects(() => asked[1]!, Error, "no number: two");
  assertEquals(await asked[2], 6);
  await assertRejects(() => calls.ask(() => {}), Error, "could not be cloned");
});

Deno.test("a Worker that dies fails what waits for it, and what comes later", async () => {
  using calls = new WorkerCalls<unknown>(MODULE);
  const waiting = calls.ask(null);
  const last = calls.ask(false);
  for (const one of [waiting, last]) await assertRejects(() => one, Error, "out of order");
  assertEquals(calls.stopped, true);
  await assertRejects(() => calls.ask(1), Error, "out of order");
});

Deno.test("a Worker that cannot start is an error and not a silence", async () => {
  using calls = new WorkerCalls<unknown>(new URL('data:text/javascript,throw Error("not today")'));
  await assertRejects(() => calls.ask(1), Error, "not today");
});

Deno.test("stopping fails what waits", async () => {
  const calls = new WorkerCalls<unknown>(MODULE);
  const waiting = calls.ask(null);
  calls.stop("enough");
  calls[Symbol.dispose]();
  await assertRejects(() => waiting, Error, "enough");
});
