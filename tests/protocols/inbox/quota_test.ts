import { assertEquals } from "@std/assert";
import { chargeFor, Quota } from "../../../protocols/inbox/quota.ts";

Deno.test("Quota reserves until its limit, and no more", () => {
  const quota = new Quota(10_000);
  assertEquals([quota.reserve(6000), quota.reserve(4001), quota.reserve(4000)], [
    true,
    false,
    true,
  ]);
  quota.release(6000);
  quota.keep(6000);
  assertEquals([quota.usedBytes, quota.reserve(1)], [10_000, false]);
});

Deno.test("Quota counts what is put there while it looks at least once", async () => {
  const quota = new Quota(10_000);
  await quota.look(() => {
    quota.keep(5000);
    quota.keep(-1000);
    return Promise.resolve(2000);
  });
  assertEquals(quota.usedBytes, 7000);
});

Deno.test("an empty file counts as what it takes up on a disk", () => {
  assertEquals([chargeFor(0), chargeFor(1), chargeFor(5000)], [4096, 4096, 5000]);
});
