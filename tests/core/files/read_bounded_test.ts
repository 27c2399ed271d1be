/** Reading files that should be small. */

import { assertEquals, assertRejects } from "@std/assert";
import { readBounded } from "../../../core/files/read_bounded.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

Deno.test("a file is read whole up to the bound, and one byte more is refused", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const content = crypto.getRandomValues(new Uint8Array(65_536)).slice(0, 65_000);
  for (const size of [0, 1, 65_000]) {
    await Deno.writeFile(path, content.subarray(0, size));
    const { bytes, info } = await readBounded(path, 65_000);
    assertEquals(bytes, content.slice(0, size));
    assertEquals(info.isFile, true);
  }
  await assertRejects(() => readBounded(path, 64_999), RangeError, "larger than 64999 bytes");
  await assertRejects(() => readBounded(`${folder.path}/none`, 1), Deno.errors.NotFound);
});

Deno.test({
  name: "a device without an end is given up at the bound",
  ignore: Deno.build.os === "windows",
  async fn() {
    await assertRejects(() => readBounded("/dev/zero", 200_000), RangeError, "larger than");
  },
});
