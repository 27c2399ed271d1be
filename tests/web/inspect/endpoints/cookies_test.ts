/** Cookies, there and back. */

import { assertEquals, assertThrows } from "@std/assert";
import { parseCookies, setCookie } from "../../../../web/inspect/endpoints/cookies.ts";
import { HttpError } from "../../../../web/inspect/http_error.ts";
import { cpuMs } from "../../../cpu_time.ts";
import { newSeed, seeded } from "../../../seeded.ts";

Deno.test("a value of any characters survives being set and sent back", () => {
  const random = seeded(newSeed());
  const characters = [...'ab c;,"\\=é€😀\t\u0001', "\\073"];
  for (let count = 0; count < 500; count++) {
    const length = Math.floor(random() * 8);
    const value = Array.from(
      { length },
      () => characters[Math.floor(random() * characters.length)],
    ).join("");
    const cookie = setCookie("a", value);
    const sent = cookie.slice(0, cookie.indexOf("; Path"));
    assertEquals([...parseCookies(`x=1; ${sent}; y=2`)], [["x", "1"], ["a", value], ["y", "2"]]);
  }
});

Deno.test("what cannot be a name is refused", () => {
  for (const name of ["", "a b", "a;b", "a=b", "é", "a\r\nb"]) {
    assertThrows(() => setCookie(name, "1"), HttpError, "cannot be named");
  }
});

Deno.test("a long header of nothing much is read in no time", () => {
  const startMs = cpuMs();
  for (const text of ['"', "=", ";", 'a="\\', " ", "a"]) {
    parseCookies(text.repeat(60_000 / text.length));
  }
  assertEquals(cpuMs() - startMs < 2000, true);
});
