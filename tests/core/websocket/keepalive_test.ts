/** Pings to silent peers, and the end of those that stay silent. */

import { assertEquals } from "@std/assert";
import { Keepalive } from "../../../core/websocket/keepalive.ts";
import type { KeepaliveLimits } from "../../../core/websocket/options.ts";
import { FakeTime } from "../../fake_time.ts";

/** A keepalive, a session of its, and what happened to that. */
function keepalive(limits: KeepaliveLimits = { pingIntervalMs: 1000, pingTimeoutMs: 400 }) {
  const happened: string[] = [];
  const session = {
    heard: true,
    awaitsPeer: true,
    ping: () => void happened.push("ping"),
    lost: () => void happened.push("lost"),
  };
  const kept = new Keepalive<typeof session>(limits);
  kept.add(session);
  return { kept, session, happened, [Symbol.dispose]: () => kept[Symbol.dispose]() };
}

Deno.test("a peer that is silent gets one ping, and is lost when it stays so", async () => {
  using time = new FakeTime();
  using keeping = keepalive();
  await time.advance(1000);
  assertEquals(keeping.happened, []);
  await time.advance(100);
  assertEquals(keeping.happened, ["ping"]);
  await time.advance(300);
  assertEquals(keeping.happened, ["ping"]);
  await time.advance(100);
  assertEquals(keeping.happened, ["ping", "lost"]);
  await time.advance(60_000);
  assertEquals(keeping.happened, ["ping", "lost"]);
});

Deno.test("a peer that answers pings is pinged for as long as it does", async () => {
  using time = new FakeTime();
  using keeping = keepalive();
  for (let pings = 1; pings <= 5; pings++) {
    while (keeping.happened.length < pings) await time.advance(100);
    keeping.session.heard = true;
  }
  assertEquals(keeping.happened, Array(5).fill("ping"));
  await time.advance(2000);
  assertEquals(keeping.happened.at(-1), "lost");
});

Deno.test("a peer that talks is not pinged, and one that we do not read is not blamed", async () => {
  using time = new FakeTime();
  using keeping = keepalive();
  for (let spoken = 0; spoken < 20; spoken++) {
    keeping.session.heard = true;
    await time.advance(500);
  }
  keeping.session.awaitsPeer = false;
  await time.advance(60_000);
  assertEquals(keeping.happened, []);
  keeping.session.awaitsPeer = true;
  await time.advance(1500);
  assertEquals(keeping.happened, ["ping", "lost"]);
});

Deno.test("either time may be without end, and a session may leave", async () => {
  using time = new FakeTime();
  {
    using never = keepalive({ pingIntervalMs: Infinity, pingTimeoutMs: 400 });
    assertEquals(time.timers, 0);
    using patient = keepalive({ pingIntervalMs: 1000, pingTimeoutMs: Infinity });
    using left = keepalive();
    left.kept.delete(left.session);
    await time.advance(3_600_000);
    assertEquals([never.happened, patient.happened, left.happened], [[], ["ping"], []]);
  }
  assertEquals(time.timers, 0);
});
