import { assertEquals, assertMatch } from "@std/assert";
import {
  decodeToken,
  encodeToken,
  subjectsOf,
} from "../../../../protocols/chat/cluster/subjects.ts";

Deno.test("any room is one token of a subject, and comes back", () => {
  for (
    const room of ["lobby", "a.b", "*", ">", "Küche 2", "=41", "a b\t", "日本", "\ufeffx", "-_"]
  ) {
    const token = encodeToken(room);
    assertMatch(token, /^[A-Za-z0-9_=-]+$/);
    assertEquals(decodeToken(token), room);
  }
  assertEquals(encodeToken("a.b"), "a=2Eb");
});

Deno.test("a token that nobody of us wrote is none", () => {
  for (const token of ["", "a.b", "=", "=4", "=zz", "=41", "=c3=bc", "=C3", "é"]) {
    assertEquals(decodeToken(token), undefined, token);
  }
});

Deno.test("chats of two names share no subject and no stream", () => {
  const [one, two] = [subjectsOf("one"), subjectsOf("two")];
  assertEquals(one.roomOf(one.room("a.b")), "a.b");
  assertEquals(two.roomOf(one.room("a.b")), undefined);
  assertEquals(one.roomOf(one.mark), undefined);
  assertEquals(one.stream === two.stream, false);
});
