/** What servers do a second, and the last minutes of it. */

import { assertEquals } from "@std/assert";
import { createCounters, type Stats } from "../../../core/counters.ts";
import { createHistory } from "../../../web/console/page/history.js";
import { createRates, DROP_REASONS } from "../../../web/console/page/rates.js";

const URL = "udp://127.0.0.1:9999";

interface Rate {
  readonly known: boolean;
  readonly bytesIn: number;
  readonly messages: number;
  readonly drops: readonly number[];
}

function server(counted: Partial<Stats>, loss?: number) {
  return {
    id: 1,
    url: URL,
    counters: { ...createCounters(), ...counted },
    faults: loss === undefined ? null : { did: { in: { loss }, out: {} } },
  };
}

/** The drops that are not zero, by their reason. */
function dropsOf({ drops }: Rate): Readonly<Record<string, number>> {
  return Object.fromEntries(
    DROP_REASONS.map((reason, at) => [reason, drops[at]!] as const).filter(([, drop]) => drop > 0),
  );
}

/** What gives the rate of the one server. */
function openRates(): (one: ReturnType<typeof server>, nowMs: number) => Rate {
  const ratesOf = createRates();
  return (one, nowMs) => ratesOf([one], nowMs).get(1) as Rate;
}

Deno.test("rates are what was counted since, by the time that has passed", () => {
  const rate = openRates();
  assertEquals(rate(server({ bytesReceived: 500 }), 0).known, false);
  const later = rate(server({ bytesReceived: 900, messagesSent: 4 }), 2000);
  assertEquals([later.known, later.bytesIn, later.messages], [true, 200, 2]);
  // Asked again soon, as after a click.
  assertEquals(rate(server({ bytesReceived: 901 }), 2100), later);
});

Deno.test("a server that was started anew has no rate at first, and none below zero", () => {
  const rate = openRates();
  rate(server({ bytesReceived: 500 }), 0);
  const anew = rate(server({ bytesReceived: 20 }), 1000);
  assertEquals([anew.known, anew.bytesIn], [false, 0]);
  assertEquals(rate(server({ bytesReceived: 30 }), 2000).bytesIn, 10);
});

Deno.test("drops are told apart by their reason, and those of faults begin anew with them", () => {
  const rate = openRates();
  rate(server({}, 40), 0);
  const some = rate(server({ inboxDropped: 3, denied: 1, forged: 2, replayed: 2 }, 42), 1000);
  assertEquals(dropsOf(some), { loss: 2, queueFull: 3, refusedDrops: 1, forgedDrops: 4 });
  const anew = rate(server({ inboxDropped: 3, denied: 1, forged: 2, replayed: 2 }, 5), 2000);
  assertEquals(dropsOf(anew), { loss: 5 });
});

Deno.test("the history of all servers is their sum, and knows nothing while none answers", () => {
  const history = createHistory();
  const rates = new Map([1, 2].map((id) => [id, { known: true, bytesIn: 10 * id, drops: [] }]));
  const servers = [{ ...server({ open: 1 }), id: 1 }, {
    ...server({ open: 2 }),
    id: 2,
    url: "tcp://127.0.0.1:1",
  }];
  const bytesIn = (one: { bytesIn: number }) => one.bytesIn;
  history.add(100, servers, rates);
  history.add(100.2, servers, rates);
  history.gap(101);
  history.add(102, servers, rates);
  assertEquals(history.columns("", [bytesIn]), [[100, 101, 102], [30, null, 30]]);
  assertEquals(history.columns(URL, [bytesIn]), [[100, 101, 102], [10, null, 10]]);
  assertEquals(history.columns("", [bytesIn], 1), [[102], [30]]);
});

Deno.test("the history keeps ten minutes, however long it goes on", () => {
  const history = createHistory();
  const rates = new Map([[1, { known: true, bytesIn: 1, drops: [] }]]);
  for (let second = 0; second < 4000; second++) history.add(second, [server({})], rates);
  const [times] = history.columns("", []);
  assertEquals([times.length, times[0], times.at(-1)], [600, 3400, 3999]);
  for (let second = 0; second < 4000; second++) history.beginRoundTrip(URL, second)(1);
  assertEquals(history.roundTripsOf(URL).length, 600);
  assertEquals(history.roundTripsOf("udp://127.0.0.1:1"), []);
});

Deno.test("a page that was not looked at for a while leaves a gap in the history", () => {
  const history = createHistory();
  const rates = new Map([[1, { known: true, bytesIn: 1, drops: [] }]]);
  history.add(1, [server({})], rates);
  history.add(60, [server({})], rates);
  const [, values] = history.columns("", [(one: { bytesIn: number }) => one.bytesIn]);
  assertEquals(values, [1, null, 1]);
});
