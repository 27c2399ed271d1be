import { assertEquals } from "@std/assert";
import { diskRefusal } from "../../../core/files/disk_refusal.ts";

const failureOf = (code: string) => diskRefusal(Object.assign(new Error(code), { code }))?.failure;

Deno.test("diskRefusal() knows what is no fault of the program", () => {
  assertEquals(["ENOSPC", "EDQUOT"].map(failureOf), ["full", "full"]);
  assertEquals(failureOf("EFBIG"), "too-large");
  assertEquals(failureOf("ENAMETOOLONG"), "bad-name");
  assertEquals(failureOf("EMFILE"), "busy");
  assertEquals(["EROFS", "EXDEV"].map(failureOf), ["forbidden", "forbidden"]);
  assertEquals(diskRefusal(new Deno.errors.NotFound())?.failure, "gone");
  assertEquals(diskRefusal(new TypeError("ours")), null);
});
