import { assertEquals } from "@std/assert";
import { fitting } from "../../../../protocols/chat/service/fitting.ts";
import type { ChatMessage } from "../../../../protocols/chat/message.ts";

const messages = Array.from({ length: 10 }, (_, at): ChatMessage => ({
  id: `${at}`,
  room: "lobby",
  seq: at,
  name: "alice",
  standing: "plain",
  kind: "say",
  text: "x".repeat(750),
  timeMs: 0,
  sentAtMs: undefined,
}));
const ids = (some: readonly ChatMessage[]) => some.map(({ id }) => id).join("");

Deno.test("fitting() keeps the first or the last that fit, and one at least", () => {
  assertEquals(ids(fitting(messages, 100_000, "first")), "0123456789");
  assertEquals(ids(fitting(messages, 3000, "first")), "012");
  assertEquals(ids(fitting(messages, 3000, "last")), "789");
  assertEquals(ids(fitting(messages, 1, "last")), "9");
  assertEquals(ids(fitting([], 1, "last")), "");
});
