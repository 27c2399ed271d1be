import { assertEquals } from "@std/assert";
import { byteLength } from "../../../../core/session.ts";
import { cutLine } from "../../../../protocols/chat/delivery/cut_line.ts";
import { ChatFixture } from "../chat_fixture.ts";

Deno.test("cutLine() ends with a whole character and a mark, below the limit", () => {
  assertEquals(cutLine("short", 10), "short");
  assertEquals(cutLine("123456789", 10), "123456789");
  assertEquals(cutLine("1234567890", 10), "123456…");
  assertEquals(cutLine("äöüäöü", 10), "äöü…");
  assertEquals(cutLine("漢漢漢漢", 10), "漢漢…");
  const family = "👨‍👩‍👧";
  assertEquals(cutLine(`ab${family}${family}`, byteLength(family) + 8), `ab${family}…`);
  assertEquals(cutLine(`ab${family}${family}`, byteLength(family) + 5), "ab…");
  // One character that alone is too long is cut all the same.
  assertEquals(byteLength(cutLine(`a${"\u0301".repeat(100)}`, 64)) < 64, true);
  for (let below = 64; below < 90; below++) {
    const cut = cutLine("aä漢👍".repeat(30), below);
    assertEquals(cut.isWellFormed() && cut.endsWith("…"), true);
    assertEquals(byteLength(cut) < below, true);
  }
});

Deno.test("plain clients on UDP get what a reader of 1024 bytes can take, others all of it", async () => {
  await using room = await ChatFixture.open({}, [
    "udp://127.0.0.1:0",
    "tcp://127.0.0.1:0",
    "udp+reliable://127.0.0.1:0",
  ]);
  const [udp, tcp, reliable] = room.dock.urls as [string, string, string];
  const text = "漢".repeat(1000);
  const [bob, rich, stream, whole] = [
    await room.plain("bob", udp),
    await room.rich("rich", udp),
    await room.plain("stream", tcp),
    await room.plain("whole", reliable),
  ];
  const netcat = await room.client(udp);
  await netcat.send("/name netcat\n");
  await netcat.until(/^\* you are /);
  const ada = await room.plain("ada", tcp);
  await ada.send(text);
  for (const [client, end] of [[bob, ""], [netcat, "\n"]] as const) {
    const line = await client.until(/ada: /);
    assertEquals([line.startsWith("漢", 11), line.endsWith(`漢…${end}`)], [true, true]);
    assertEquals(byteLength(line) > 990 && byteLength(line) < 1000, true);
  }
  for (const client of [stream, whole]) {
    assertEquals((await client.until(/ada: /)).slice(11), text);
  }
  assertEquals((await rich.next("message"))["text"], text);
  await ada.send(`/msg bob ${text}`);
  assertEquals(byteLength(await bob.until(/\[ada\]/)) < 1000, true);
});
