/** Writes of several tasks on one connection. */

import { assertEquals, assertRejects } from "@std/assert";
import type { Connection } from "../../../core/connection.ts";
import { WriteQueue } from "../../../core/streams/write_queue.ts";

/** A connection whose writes end when the test says so. */
function heldConnection() {
  const writes: { readonly text: string; readonly end: PromiseWithResolvers<void> }[] = [];
  const connection: Connection = {
    local: { transport: "unix", path: "" },
    remote: { transport: "unix", path: "" },
    read: () => Promise.resolve(null),
    write(all) {
      const end = Promise.withResolvers<void>();
      writes.push({ text: new TextDecoder().decode(all), end });
      return end.promise;
    },
    closeWrite: () => Promise.resolve(),
    [Symbol.dispose]: () => {},
  };
  return { writes, queue: new WriteQueue(connection) };
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("one write is under way at a time, and those that wait leave as one", async () => {
  const { writes, queue } = heldConnection();
  assertEquals(queue.busy, false);
  const sent = ["a", "b", "c"].map((text) => queue.write(bytes(text)));
  assertEquals(writes.map(({ text }) => text), ["a"]);
  writes[0]!.end.resolve();
  await sent[0];
  assertEquals(writes.map(({ text }) => text), ["a", "bc"]);
  assertEquals(queue.busy, true);
  writes[1]!.end.resolve();
  await Promise.all(sent);
  assertEquals(queue.busy, false);
});

Deno.test("writes that wait are not put together without bound", async () => {
  const { writes, queue } = heldConnection();
  const large = "x".repeat(40_000);
  const sent = ["first", large, large, "y".repeat(100_000)].map((text) => queue.write(bytes(text)));
  for (let index = 0; index < 4; index++) {
    writes[index]!.end.resolve();
    await sent[index];
  }
  assertEquals(writes.map(({ text }) => text.length), [5, 40_000, 40_000, 100_000]);
});

Deno.test("when a write fails, it and all that wait fail", async () => {
  const { writes, queue } = heldConnection();
  const sent = ["a", "b", "c"].map((text) => queue.write(bytes(text)));
  const ends = sent.map((promise) => assertRejects(() => promise, Deno.errors.BrokenPipe));
  writes[0]!.end.reject(new Deno.errors.BrokenPipe("gone"));
  await ends[0];
  writes[1]!.end.reject(new Deno.errors.BrokenPipe("gone"));
  await Promise.all(ends);
  assertEquals(queue.busy, false);
});
