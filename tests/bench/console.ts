/** What the console costs an echo while its page is open in a browser, beside the same server whose
 * console nobody has opened. The browser runs on the same machine and takes its part of it. */

import type { Page } from "../web/console/visit.ts";
import { findPeer } from "../peer.ts";
import { freePort } from "../free_port.ts";
import { withBrowser } from "../web/console/visit.ts";
import type { Benchmark, Effort, Measured, Round } from "./benchmark.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import { load, pythonMissing } from "./throughput.ts";

const TOKEN = "a-token-for-benchmarks-alone";

/** The panel Traffic is open, and paused. */
export const consolePaused: Benchmark = {
  name: "console-paused",
  summary: "TCP echo of 64 bytes over 50 connections with the console open and paused, beside none",
  unit: "answers/s",
  target: { leastRatio: 0.95 },
  unavailable: chromiumMissing,
  measure: (effort) => withPage(effort, async (page) => await page.click(".tools button.main")),
};

/** It shows what passes. */
export const consoleShown: Benchmark = {
  name: "console-shown",
  summary: "TCP echo of 64 bytes over 50 connections while the console shows it, beside none",
  unit: "answers/s",
  target: { leastRatio: 0.6 },
  unavailable: chromiumMissing,
  measure: (effort) => withPage(effort, () => Promise.resolve()),
};

/** From the address to the first panel with what the control told, with nothing in the cache; beside
 * an empty page. */
export const consoleUsable: Benchmark = {
  name: "console-usable",
  summary: "opening the console, until its first panel shows the servers",
  unit: "ms",
  target: { most: 300 },
  unavailable: chromiumMissing,
  async measure({ rounds }) {
    const port = freePort();
    await using bare = await startServer("bare_http.ts");
    await using _ours = await startController(port);
    const measured: Round[] = [];
    await withBrowser(async (context) => {
      const page = await context.newPage();
      const tools = await context.newCDPSession(page);
      await tools.send("Network.enable");
      await tools.send("Network.setCacheDisabled", { cacheDisabled: true });
      await page.addInitScript({ content: MARK_WHEN_USABLE });
      const open = async (url: string) => {
        // From another page: a new fragment alone would load nothing.
        await page.goto("about:blank");
        await page.goto(url);
        return await page.evaluate(WHEN_MARKED) as number;
      };
      const both = async () => ({
        bare: await open(bare.url),
        ours: await open(`http://127.0.0.1:${port}/#token=${TOKEN}`),
      });
      // The browser has to come up.
      await both();
      for (let round = 0; round < rounds; round++) measured.push(await both());
    });
    return { rounds: measured };
  },
};

/** Scripts for the page. The console can be used once its first panel shows a picture of the servers,
 * another page once it has a body. */
const MARK_WHEN_USABLE = `(function look() {
  const isConsole = document.querySelector("#console") !== null;
  if (document.querySelector(isConsole ? ".picture" : "body")) performance.mark("usable");
  else requestAnimationFrame(look);
})()`;
const WHEN_MARKED = `new Promise((resolve) => {
  new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime))
    .observe({ type: "mark", buffered: true });
})`;

function chromiumMissing(): string | null {
  return pythonMissing() ?? (findPeer("chromium") === null ? "it needs chromium" : null);
}

/** An echo server whose control is at a port. */
function startController(port: number): Promise<ServerProcess> {
  const control = [`http://127.0.0.1:${port}`, TOKEN];
  return startServer("controlled.ts", ["tcp://127.0.0.1:0", "nobody", ...control]);
}

async function withPage(effort: Effort, ready: (page: Page) => Promise<void>): Promise<Measured> {
  const port = freePort();
  await using bare = await startController(freePort());
  await using ours = await startController(port);
  let measured: Measured | undefined;
  await withBrowser(async (context) => {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${port}/#token=${TOKEN}`);
    await page.click('nav a[href="#traffic"]');
    await ready(page);
    measured = await load(bare, ours, ["tcp", "--connections", "50", "--bytes", "64"], effort);
  });
  return measured!;
}
