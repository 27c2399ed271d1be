/** Header fields that the user adds. */

import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../../core/usage_error.ts";
import { fieldValue, responseHeaders } from "../../../web/response/headers.ts";

Deno.test("responseHeaders() reads names and values, and joins those of one name", () => {
  assertEquals(responseHeaders(["X-A: 1", "x-b:two words \t", "x-a:3", "x-c:"]), {
    "x-a": "1, 3",
    "x-b": "two words",
    "x-c": "",
  });
});

Deno.test("responseHeaders() refuses what is no header or not the user's to set", () => {
  for (
    const text of [
      ..."|X-A|: 1|X A: 1|X-A : 1|é: 1|content-length: 5|Transfer-Encoding: chunked".split("|"),
      ..."ETag: x|Connection: close|Vary: x|X-A: é€".split("|"),
      "X-A: 1\r\nX-B: 2",
      "X-A: 1\0",
    ]
  ) assertThrows(() => responseHeaders([text]), UsageError, "--response-header");
  const cookies = ["Set-Cookie: a=1", "set-cookie: b=2"];
  assertThrows(() => responseHeaders(cookies), UsageError, "Set-Cookie can be given once");
  assertEquals(responseHeaders(cookies.slice(1)), { "set-cookie": "b=2" });
});

Deno.test("fieldValue() names the flag and the value", () => {
  assertEquals(fieldValue("max-age=60", "--cache-control"), "max-age=60");
  assertThrows(
    () => fieldValue("a\nb", "--cache-control"),
    UsageError,
    "--cache-control: expected",
  );
});
