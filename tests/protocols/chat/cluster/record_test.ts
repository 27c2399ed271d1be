import { assertEquals, assertThrows } from "@std/assert";
import { decodeRecord, encodeRecord } from "../../../../protocols/chat/cluster/record.ts";
import { newMessage } from "./test_node.ts";

const message = { ...newMessage("id-1", "Küche", 'say "héllo" ✓ 👩‍👩‍👧'), sentAtMs: 7 };

Deno.test("a message comes back as it was recorded", () => {
  assertEquals(decodeRecord(encodeRecord(message, 0), "Küche"), { message, shift: 0 });
  assertEquals(decodeRecord(encodeRecord(message, 9), "Küche"), { message, shift: 9 });
  const { sentAtMs: _, ...unsent } = message;
  const without = { ...unsent, sentAtMs: undefined };
  assertEquals(decodeRecord(encodeRecord(without, 0), "Küche"), { message: without, shift: 0 });
});

Deno.test("what could not be read again is not recorded", () => {
  for (
    const wrong of [
      { id: "a b" },
      { id: "" },
      { text: "a\nb" },
      { text: "\u202egnp.exe" },
      { text: "\ud800" },
      { text: "x".repeat(300_000) },
      { name: "" },
      { name: "\u001b[2J" },
      { timeMs: NaN },
    ]
  ) {
    assertThrows(() => encodeRecord({ ...message, ...wrong }, 0), RangeError, "Cannot share");
  }
});

Deno.test("whatever stands in the stream is read or passed over", () => {
  const good = JSON.parse(new TextDecoder().decode(encodeRecord(message, 0)));
  const read = (value: unknown) =>
    decodeRecord(new TextEncoder().encode(JSON.stringify(value)), "Küche");
  assertEquals(read({ ...good, new: "member" })?.message, message);
  for (
    const wrong of [
      { v: 2 },
      { v: undefined },
      { standing: "root" },
      { kind: "shout" },
      { timeMs: "now" },
      { timeMs: 1e20 },
      { sentAtMs: null },
      { shift: -1 },
      { shift: 0.5 },
      { shift: 2 ** 53 },
    ]
  ) assertEquals(read({ ...good, ...wrong }), undefined, JSON.stringify(wrong));
  for (const wrong of [null, [], "x", 1]) assertEquals(read(wrong), undefined);
  assertEquals(decodeRecord(Uint8Array.of(0xff, 0xfe), "Küche"), undefined);
});
