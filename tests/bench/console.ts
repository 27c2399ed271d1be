/** What the console costs an echo while its page is open in a browser, beside the same server whose
 * console nobody has opened. The browser runs on the same machine and takes its part of it. */

import type { Page } from "../web/console/visit.ts";
import { findPeer } from "../peer.ts";
import { freePort } from "../free_port.ts";
import { withBrowser } from "../web/console/visit.ts";
import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { startServer } from "./server_process.ts";
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

function chromiumMissing(): string | null {
  return pythonMissing() ?? (findPeer("chromium") === null ? "it needs chromium" : null);
}

async function withPage(effort: Effort, ready: (page: Page) => Promise<void>): Promise<Measured> {
  const start = (port: number) =>
    startServer("controlled.ts", [
      "tcp://127.0.0.1:0",
      "nobody",
      `http://127.0.0.1:${port}`,
      TOKEN,
    ]);
  const port = freePort();
  await using bare = await start(freePort());
  await using ours = await start(port);
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
