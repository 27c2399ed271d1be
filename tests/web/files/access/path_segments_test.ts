/** From paths to names. */

import { assertEquals } from "@std/assert";
import { isPlainName } from "../../../../core/files/plain_name.ts";
import { pathSegments } from "../../../../web/files/access/path_segments.ts";

function names(path: string, windows = false): string | null {
  const segments = pathSegments(path, windows);
  return segments === null ? null : segments.names.join("|") + (segments.trailingSlash ? "|" : "");
}

Deno.test("pathSegments() decodes each name once", () => {
  assertEquals(names("/"), "|");
  assertEquals(names("/a/b.txt"), "a|b.txt");
  assertEquals(names("/a/b/"), "a|b|");
  assertEquals(names("/a%20b/%c3%a9"), "a b|é");
  assertEquals(names("/100%25"), "100%");
  assertEquals(names("/%252e%252e"), "%2e%2e");
  assertEquals(names("/..."), "...");
});

Deno.test("pathSegments() refuses whatever is no plain name", () => {
  for (
    const path of [
      ..."|a|//|/a//b|/.|/..|/../a|/a/../b|/a/.|/%2e|/%2E%2e/a|/.%2e|/a%2fb|/a%2Fb|/%2f".split("|"),
      ..."/a\\b|/..\\a|/%5c|/a%5C..%5Cb|/%00|/a%00.txt|/a\0|/%|/%2|/%zz|/a%e".split("|"),
      ..."/%c0%ae%c0%ae/a|/%e0%80%ae|/%f0%80%80%ae|/%ff|/%ed%a0%80|/%c3".split("|"),
      `/${"x".repeat(256)}`,
      `/${"é".repeat(128)}`,
      `/${"a/".repeat(300)}`,
    ]
  ) assertEquals(names(path), null, path);
});

Deno.test("pathSegments() refuses on Windows what means something else there", () => {
  for (
    const path of [
      ..."/con|/CON.txt|/nul|/aux.h|/com1|/COM¹.log|/lpt9|/prn |/a.|/a%20|/a:b|/a.txt::$DATA".split(
        "|",
      ),
      ..."/c:|/a*|/a%3f|/conin$|/%01".split("|"),
    ]
  ) {
    assertEquals(names(path, true), null, path);
  }
  for (const path of ["/console.txt", "/a.b", "/nuller", "/com10", "/a b"]) {
    assertEquals(names(path, true), decodeURIComponent(path.slice(1)), path);
  }
  assertEquals(names("/con"), "con");
});

Deno.test("isPlainName() refuses lone surrogates, which would become another name", () => {
  assertEquals([isPlainName("a\ud800"), isPlainName("a😀")], [false, true]);
});
