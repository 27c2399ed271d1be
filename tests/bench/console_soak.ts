/**
 * `deno run --lock=tests/deno.lock --allow-all tests/bench/console_soak.ts [--seconds 300]`: traffic
 * passes while the console shows it in a browser, and sessions come and go. Prints by how much the
 * heap of the tab and the resident memory of the server grow; both collect their garbage before they
 * are looked at, so that what grows is what is kept. Exits with 3 when one grows by more than it may.
 */

import { parseArgs } from "@std/cli/parse-args";
import { connect, send } from "../../mod.ts";
import { freePort } from "../free_port.ts";
import { residentKib } from "../resident_memory.ts";
import { withBrowser } from "../web/console/visit.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import { slopeOf } from "./slope.ts";

const TOKEN = "a-token-for-benchmarks-alone";

/** Echoes of one session: two events each, about ten thousand a second. */
const ECHOES = 100;
const EVERY_MS = 20;

/** The first part of the time does not count: in it the page fills up with the events that it keeps,
 * and the server loads what it needs. */
const WARM_UP_SHARE = 2 / 5;

/** By how much each may grow in the rest of a full run, and in that of a shorter one. */
const FULL_SECONDS = 300;
const MAX_GROWTH_MIB = 2;
const MAX_GROWTH_OF_SHORT_RUN_MIB = 16;

const SAMPLE_MS = 1000;

function fail(message: string): never {
  console.error(message);
  Deno.exit(2);
}

const { seconds: given } = parseArgs(Deno.args, {
  string: ["seconds"],
  unknown: (word) => fail(`unknown: ${word}; there is --seconds`),
});
const seconds = Number(given ?? FULL_SECONDS);
if (!(seconds >= 10)) fail(`--seconds: expected a number from 10, got ${given}`);
if (Deno.build.os !== "linux") fail("it reads /proc, which only Linux has");

/** Lets messages pass at an even rate, and sessions come and go, until the time is over. */
async function pass({ url }: ServerProcess, endMs: number): Promise<number> {
  await using session = await connect(url);
  const answers = session[Symbol.asyncIterator]();
  let echoes = 0;
  while (performance.now() < endMs) {
    const nextMs = performance.now() + EVERY_MS;
    for (let at = 0; at < ECHOES; at++) {
      await session.send(`message ${echoes++} of one that goes on and on for a while`);
      await answers.next();
    }
    if (echoes % (10 * ECHOES) === 0) await send(url, "one who comes and goes");
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextMs - performance.now())));
  }
  return 2 * echoes;
}

const port = freePort();
await using server = await startServer(
  "controlled.ts",
  ["tcp://127.0.0.1:0", "nobody", `http://127.0.0.1:${port}`, TOKEN],
  ["--v8-flags=--expose-gc"],
);
const heapMiB: number[] = [];
const serverMiB: number[] = [];
let events = 0;
let status: string | null = "";
await withBrowser(async (context) => {
  const page = await context.newPage();
  const tools = await context.newCDPSession(page);
  await tools.send("Performance.enable");
  await page.goto(`http://127.0.0.1:${port}/#token=${TOKEN}`);
  await page.click('nav a[href="#traffic"]');
  await page.waitForSelector(".events");
  const endMs = performance.now() + 1000 * seconds;
  const passing = pass(server, endMs);
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    await tools.send("HeapProfiler.collectGarbage");
    const { metrics } = await tools.send("Performance.getMetrics");
    heapMiB.push(metrics.find(({ name }) => name === "JSHeapUsedSize")!.value / 2 ** 20);
    serverMiB.push(residentKib(server.pid) / 1024);
  }
  events = await passing;
  status = await page.textContent("main p[role=status]");
});

console.log(`${events} events in ${seconds} s; the page says: ${status}`);
const most = seconds >= FULL_SECONDS ? MAX_GROWTH_MIB : MAX_GROWTH_OF_SHORT_RUN_MIB;
let missed = 0;
for (const [name, samples] of [["tab", heapMiB], ["server", serverMiB]] as const) {
  const counted = samples.slice(Math.floor(WARM_UP_SHARE * samples.length));
  const growthMiB = slopeOf(counted) * (counted.length - 1);
  const perMinute = growthMiB / ((1 - WARM_UP_SHARE) * seconds / 60);
  const isMet = growthMiB <= most;
  if (!isMet) missed++;
  console.log(
    `${name.padEnd(6)} ${(counted.at(-1) ?? 0).toFixed(1)} MiB, ${
      perMinute.toFixed(2)
    } a minute, ` +
      `grew by ${growthMiB.toFixed(2)} MiB (at most ${most}) ${isMet ? "met" : "MISSED"}`,
  );
}
Deno.exit(missed > 0 ? 3 : 0);
