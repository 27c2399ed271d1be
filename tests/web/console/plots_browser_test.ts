/** The panel Plots in Chromium: what it draws, and what it takes. */

import { assert, assertEquals } from "@std/assert";
// deno-lint-ignore no-import-prefix
import type { Page } from "npm:playwright-core@1.65.1";
import { connect } from "../../../dock/connect.ts";
import { openControl } from "../../../dock/control/open_control.ts";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { peerTest } from "../../peer.ts";
import { visit, visitControl } from "./visit.ts";

const PLOTS = 4;

/** Whether the line of a plot was drawn: points of its colour on the first canvas. */
function isDrawn(page: Page, tone: string): Promise<boolean> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colour = getComputedStyle(document.documentElement).getPropertyValue("--${tone}").trim();
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) return true;
    }
    return false;
  })()`);
}

async function untilDrawn(page: Page, tone: string): Promise<void> {
  while (!await isDrawn(page, tone)) await page.waitForTimeout(100);
}

peerTest(
  "throughput is drawn in light and in dark, and told in numbers",
  ["chromium"],
  () =>
    visit(async ({ page, server, show }) => {
      await show("plots");
      await page.locator("canvas").first().waitFor();
      assertEquals(await page.locator("canvas").count(), PLOTS);
      await using session = await connect(server.url);
      const ending = new AbortController();
      const talking = (async () => {
        while (!ending.signal.aborted) {
          await session.send("0123456789");
          await page.waitForTimeout(100);
        }
      })();
      await untilDrawn(page, "sea");
      await page.emulateMedia({ colorScheme: "dark" });
      await untilDrawn(page, "sea");
      const first = page.locator(".chart").first();
      await first.locator("summary").focus();
      await page.keyboard.press("Enter");
      await first.locator(`td:not(:text-is("0 B")):not(:text-is("\u2013"))`).first().waitFor();
      const described = await first.locator("[role=img]").getAttribute("aria-label");
      assert(/Received: \d+ B now, at most \d+ B/.test(described ?? ""), described ?? "");
      ending.abort();
      await talking;
    }),
);

peerTest(
  "a loss is drawn among what was dropped",
  ["chromium"],
  () =>
    visit(async ({ page, server, show, url, token }) => {
      await show("plots");
      const dropped = page.locator(".chart").last();
      const answer = await fetch(`${url}/api/servers/2/faults`, {
        method: "PUT",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ fault: "in.loss=100%" }),
      });
      await answer.body?.cancel();
      await using session = await connect(server.urls[1]!);
      while (
        !/Loss: .* at most (?!0\b|\u2013)/.test(
          await dropped.locator("[role=img]").getAttribute("aria-label") ?? "",
        )
      ) {
        await session.send("lost");
        await page.waitForTimeout(100);
      }
    }),
);

peerTest(
  "round trips are measured over one session, and what is lost is counted",
  ["chromium"],
  () =>
    visit(async ({ page, server, show, url, token }) => {
      await show("plots");
      await page.selectOption("select", { label: `echo \u00b7 ${server.urls[1]}` });
      await page.check("[name=measure]");
      const measured = page.locator(".measured");
      await measured.filter({
        hasText: /^([2-9]|\d\d) measured, 0 without an answer, median [\d.]+ ms/,
      })
        .waitFor();
      assertEquals(server.stats().opened, 1);
      const answer = await fetch(`${url}/api/servers/2/faults`, {
        method: "PUT",
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ fault: "in.loss=100%" }),
      });
      await answer.body?.cancel();
      await measured.filter({ hasText: /measured, [1-9] without an answer/ }).waitFor();
      await page.uncheck("[name=measure]");
      // What takes no sessions says so.
      await page.locator("select").first().selectOption("3");
      // It is off again at once, which `check` would take for a failure.
      await page.click("[name=measure]");
      await page.locator(".chart .problem:not([hidden])").waitFor();
      assertEquals(await page.isChecked("[name=measure]"), false);
    }),
);

peerTest(
  "plots that are opened again and again leave nothing behind",
  ["chromium"],
  () =>
    visit(async ({ page, show }) => {
      const devtools = await page.context().newCDPSession(page);
      const held = async () => {
        await show("faults");
        await devtools.send("HeapProfiler.collectGarbage");
        const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
        return { nodes, jsEventListeners };
      };
      const visits = async (count: number) => {
        for (let visit = 0; visit < count; visit++) {
          await show("plots");
          await page.locator("canvas").first().waitFor();
          await show("faults");
        }
      };
      await visits(3);
      const before = await held();
      await visits(20);
      const after = await held();
      assert(after.nodes - before.nodes < 200, JSON.stringify({ before, after }));
      assert(
        after.jsEventListeners - before.jsEventListeners < 20,
        JSON.stringify({ before, after }),
      );
      assertEquals(await page.locator("canvas").count(), 0);
    }),
);

peerTest("plots go on where they stopped when the control returns", ["chromium"], async () => {
  const token = "the-same-token-as-before";
  await using server = await serve("tcp://127.0.0.1:0", echo);
  const first = await openControl([server], { token });
  await visitControl(first, async ({ page, show }) => {
    await page.waitForSelector(".state.ok");
    await show("plots");
    const sessions = page.locator(".chart").nth(1);
    await sessions.locator("summary").click();
    const rows = sessions.locator("tbody tr");
    await rows.nth(1).waitFor();
    const oldest = await rows.last().locator("th").textContent();
    await first[Symbol.asyncDispose]();
    await page.waitForSelector(".state.lost");
    await using _second = await openControl([server], { token, url: first.url });
    await page.waitForSelector(".state.ok");
    await sessions.locator(`tr:first-child td:text-is("0")`).waitFor();
    // What was before is still there, and what was missed is not made up.
    assertEquals(await rows.last().locator("th").textContent(), oldest);
    assert(await sessions.locator(`td:text-is("\u2013")`).count() > 0);
  });
});
