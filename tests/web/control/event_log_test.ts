import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ServerEvent } from "../../../core/event.ts";
import { EventLog } from "../../../web/control/event_log.ts";
import { eventStream } from "../../../web/control/event_stream.ts";
import { serverSentEvents } from "../../../web/control/server_sent_events.ts";
import { FakeTime } from "../../fake_time.ts";

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
  const reader = eventStream(log, {}, serverSentEvents, { after: 0, signal: stop.signal })
    .getReader();
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

Deno.test("a listener that reads nothing is dropped after ten seconds, and counted", async () => {
  using time = new FakeTime();
  const log = new EventLog({ always: false });
  const stop = new AbortController();
  const reader = eventStream(log, {}, serverSentEvents, { after: 0, signal: stop.signal })
    .getReader();
  for (let at = 1; at <= 9; at++) {
    log.add(received(String(at)));
    await time.advance(1000);
  }
  assertEquals([log.listeners, log.dropped], [1, 0]);
  // It catches up, so its ten seconds begin anew.
  for (let at = 0; at < 4; at++) await reader.read();
  for (let at = 10; at <= 22; at++) {
    log.add(received(String(at)));
    await time.advance(1000);
  }
  assertEquals([log.listeners, log.dropped], [1, 0]);
  await time.advance(5000);
  assertEquals([log.listeners, log.dropped, time.timers], [0, 1, 0]);
  await assertRejects(() => reader.read(), Error, "the listener reads too slowly");
});

Deno.test("a listener that once was slow while nothing happened is not dropped for it later", async () => {
  using time = new FakeTime();
  const log = new EventLog({ always: false });
  const stop = new AbortController();
  const reader = eventStream(log, {}, serverSentEvents, { after: 0, signal: stop.signal })
    .getReader();
  // Signs of life alone fill what may wait, and the next one finds it full.
  await time.advance(61_000);
  for (let at = 0; at < 4; at++) await reader.read();
  await time.advance(60_000);
  log.add(received("now"));
  await time.advance(100);
  assertEquals([log.listeners, log.dropped], [1, 0]);
  await reader.cancel();
});

/** Offers a log messages, and counts those of which an event was made. */
function offering(log: EventLog) {
  const offered = {
    made: 0,
    offer(kind: "received" | "sent", message: string, session = 1) {
      const of = {
        ...{ serverUrl: "tcp://127.0.0.1:9", sessionId: session },
        peer: { transport: "tcp", hostname: "127.0.0.1", port: 50_001 } as const,
      };
      log.offer(kind, of, () => {
        offered.made++;
        return { ...received(message, session), event: kind } as ServerEvent;
      });
    },
  };
  return offered;
}

Deno.test("a message is made an event, and kept, only for those who take it", () => {
  const log = new EventLog({ always: false });
  const offered = offering(log);
  offered.offer("received", "for nobody");
  const heard: string[] = [];
  const hear = ({ text }: { readonly text: string }) => void heard.push(text);
  const stops = [
    log.listen({ filter: { kinds: new Set(["opened"]) }, hear }),
    log.listen({ filter: { session: 2 }, hear }),
    log.listen({ filter: { url: "tcp://127.0.0.1:10" }, hear }),
    log.listen({ filter: {}, takes: () => false, hear }),
  ];
  offered.offer("received", "of another session");
  assertEquals([offered.made, log.size, heard], [0, 0, []]);
  offered.offer("sent", "of the session", 2);
  assertEquals([offered.made, log.size, heard], [1, 1, ["of the session"]]);
  // Two who want it get the same one, with the same number.
  stops.push(log.listen({ filter: { contains: "needle" }, hear }));
  offered.offer("sent", "a needle", 2);
  assertEquals([offered.made, log.size, log.lastId], [2, 2, 2]);
  assertEquals(heard, ["of the session", "a needle", "a needle"]);
  offered.offer("sent", "hay");
  assertEquals([log.size, log.lastId], [2, 2]);
  for (const stop of stops) stop();
  const always = new EventLog({ always: true });
  const kept = offering(always);
  kept.offer("received", "for nobody");
  assertEquals([kept.made, always.size], [1, 1]);
});

Deno.test("a listener with a rate gets so many, is told of the others, and none of those is made", async () => {
  using time = new FakeTime();
  const log = new EventLog({ always: false });
  const offered = offering(log);
  const stop = new AbortController();
  const options = { after: 0, perSecond: 100, signal: stop.signal };
  const reader = eventStream(log, {}, serverSentEvents, options).getReader();
  let text = "";
  const read = async () => text += new TextDecoder().decode((await reader.read()).value);
  await read();
  for (let second = 0; second < 3; second++) {
    for (let at = 0; at < 25; at++) {
      for (let number = 0; number < 200; number++) offered.offer("received", `${number}`);
      log.add({ event: "notice", time: "", url: "tcp://127.0.0.1:9", text: `${second} ${at}` });
      await time.advance(40);
      await read();
    }
  }
  const count = (kind: string) => text.match(new RegExp(`^event: ${kind}$`, "gm"))?.length ?? 0;
  assertEquals(count("received"), offered.made);
  assert(offered.made > 200 && offered.made < 420, `${offered.made} are made`);
  const left = [...text.matchAll(/^event: left-out\ndata: (.*)$/gm)]
    .reduce((sum, [, data]) => sum + JSON.parse(data!).leftOut, 0);
  assertEquals(left + offered.made, 15_000);
  // What is no message is not crowded out.
  assertEquals([count("notice"), count("missed"), log.missed], [75, 0, 0]);
  await reader.cancel();
  assertEquals([log.wantsTraffic(), time.timers], [false, 0]);
});

Deno.test("a gap is told where it is, and a long history in pieces", async () => {
  const log = new EventLog({ always: true });
  const message = "x".repeat(60_000);
  for (let at = 0; at < 100; at++) log.add(received(message));
  const stop = new AbortController();
  const reader = eventStream(log, {}, serverSentEvents, { after: 0, signal: stop.signal })
    .getReader();
  log.add(received("missed"));
  let text = "";
  let largest = 0;
  while (!text.includes("event: missed")) {
    const { value } = await reader.read();
    largest = Math.max(largest, value!.length);
    text += new TextDecoder().decode(value);
  }
  assert(largest < 2 * 1024 * 1024, String(largest));
  assertEquals(text.match(/^event: \w+$/gm)?.lastIndexOf("event: missed"), 100);
  await reader.cancel();
});

Deno.test("the log counts all that an event holds, and not its message alone", () => {
  const log = new EventLog({ always: true });
  const stamp = {
    time: "2026-01-01T00:00:00.000Z",
    url: "http://127.0.0.1:9",
    peer: "127.0.0.1:5",
  };
  for (let at = 0; at < 5000; at++) {
    log.add({
      ...{ event: "request", ...stamp, method: "GET", path: `/${"p".repeat(8000)}` },
      ...{ status: 200, bytes: 1, durationMs: 1 },
    });
  }
  assert(log.size < 2200, String(log.size));
});

Deno.test("the beginning of a long text is text, at most 64 KiB of UTF-8", () => {
  const log = new EventLog({ always: true });
  const long = "a" + "\u6e2f".repeat(40_000);
  log.add(received(long));
  log.add({ ...received(""), message: new TextEncoder().encode(long) } as ServerEvent);
  log.add({ ...received(""), message: new Uint8Array(70_000).fill(0x80) } as ServerEvent);
  const [text, bytes, noText] = [...log.after(0, {})].map(({ json }) => JSON.parse(json));
  const shown = "a" + "\u6e2f".repeat(21_845);
  assertEquals([text.text, text.messageBytes], [shown, 120_001]);
  assertEquals([bytes.text, bytes.messageBytes], [shown, 120_001]);
  assertEquals(atob(noText.base64).length, 65_536);
});

Deno.test("the log masks the credentials of requests that inspect shows", () => {
  const log = new EventLog({ always: true });
  log.add({
    ...{ event: "inspected", time: "2026-01-01T00:00:00.000Z", url: "http://127.0.0.1:9" },
    ...{ peer: "127.0.0.1:5", method: "GET", target: "http://127.0.0.1:9/", bodyBytes: 0 },
    headers: [["Authorization", "Bearer swordfish"], ["COOKIE", "a=swordfish"], ["Accept", "*/*"]],
    message: "",
  });
  const [logged] = [...log.after(0, {})];
  assertEquals(JSON.parse(logged!.json).headers, [
    ["Authorization", "Bearer ***"],
    ["COOKIE", "a=***"],
    ["Accept", "*/*"],
  ]);
});

Deno.test("the log wants as much of bodies as the listener that wants most, and weighs them", () => {
  const log = new EventLog({ always: true });
  assertEquals(log.wantedBodyBytes(), undefined);
  const stops = [
    log.listen({ filter: { bodyBytes: 10 }, hear() {} }),
    log.listen({ filter: { kinds: new Set(["request"]), bodyBytes: 300 }, hear() {} }),
    log.listen({ filter: { kinds: new Set(["opened"]), bodyBytes: 4000 }, hear() {} }),
  ];
  assertEquals(log.wantedBodyBytes(), 300);
  for (const stop of stops) stop();
  assertEquals(log.wantedBodyBytes(), undefined);
  log.add({
    ...{ event: "request", time: "2026-01-01T00:00:00.000Z", url: "http://127.0.0.1:9" },
    ...{ peer: "127.0.0.1:5", method: "GET", path: "/", status: 200, bytes: 5, durationMs: 1 },
    content: {
      request: { headers: [["accept", "*/*"]], bytes: 0, message: "" },
      response: {
        headers: [],
        bytes: 70_000,
        cut: true,
        message: new Uint8Array(65_536).fill(255),
      },
    },
  });
  const [logged] = [...log.after(0, {})];
  assert(logged!.bytes > 65_536 && logged!.bytes < 66_500, String(logged!.bytes));
  const { response } = JSON.parse(logged!.json).content;
  assertEquals([response.cut, response.base64.length], [true, 87_384]);
});
