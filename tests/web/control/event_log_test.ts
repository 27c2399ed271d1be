import { assert, assertEquals } from "@std/assert";
import type { ServerEvent } from "../../../core/event.ts";
import { EventLog } from "../../../web/control/event_log.ts";
import { eventStream } from "../../../web/control/event_stream.ts";

function received(message: string, session = 1): ServerEvent {
  return {
    ...{ event: "received", time: "2026-01-01T00:00:00.000Z", url: "tcp://127.0.0.1:9" },
    ...{ session, peer: "127.0.0.1:50001", message },
  };
}

Deno.test("the log keeps the last events and bytes, and the beginning of a long message", () => {
  const log = new EventLog({ always: true });
  for (let at = 1; at <= 25_000; at++) log.add(received(String(at)));
  assertEquals([log.size, log.lastId], [10_000, 25_000]);
  assertEquals([...log.after(24_998, {})].map(({ text }) => text), ["24999", "25000"]);
  assertEquals([...log.after(0, { contains: "20000" })].map(({ id }) => id), [20_000]);
  assertEquals([...log.after(0, { session: 2 })], []);
  for (let at = 0; at < 1000; at++) log.add(received("x".repeat(100_000)));
  assert(log.size < 300, String(log.size));
  const { text, messageBytes } = JSON.parse([...log.after(25_999, {})][0]!.json);
  assertEquals([text.length, messageBytes], [65_536, 100_000]);
  log.forget();
  assertEquals([log.size, log.lastId], [0, 26_000]);
});

Deno.test("a listener that reads too slowly is told how much it missed", async () => {
  const log = new EventLog({ always: false });
  assertEquals(log.wantsTraffic(), false);
  const stop = new AbortController();
  const reader = eventStream(log, {}, { after: 0, signal: stop.signal }).getReader();
  assertEquals(log.wantsTraffic(), true);
  for (let at = 1; at <= 5000; at++) log.add(received(String(at)));
  let text = "";
  while (!text.includes("event: missed")) {
    text += new TextDecoder().decode((await reader.read()).value);
  }
  assertEquals(text.match(/^event: received$/gm)?.length, 1000);
  assertEquals(JSON.parse(/^event: missed\ndata: (.*)$/m.exec(text)![1]!), { missed: 4000 });
  assertEquals(log.missed, 4000);
  await reader.cancel();
  assertEquals([log.listeners, log.wantsTraffic()], [0, false]);
});
