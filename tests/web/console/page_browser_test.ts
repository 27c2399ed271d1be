/** The console in Chromium, over servers that run. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../../dock/connect.ts";
import { openControl } from "../../../dock/control/open_control.ts";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { peerTest } from "../../peer.ts";
import { visit, visitControl } from "./visit.ts";

peerTest(
  "the token leaves the address bar and is kept for the tab alone",
  ["chromium"],
  () =>
    visit(async ({ page, url, token }) => {
      await page.waitForSelector(".state.ok");
      assertEquals(page.url(), `${url}/`);
      assert(!(await page.content()).includes(token));
      await page.reload();
      await page.waitForSelector(".state.ok");
      assertEquals(await page.evaluate("localStorage.length + document.cookie.length"), 0);
      // Another tab does not have it.
      const other = await page.context().newPage();
      await other.goto(`${url}/`);
      await other.waitForSelector(".ask");
    }),
);

peerTest("without its token the console shows nothing, and with another's it says so", [
  "chromium",
], () =>
  visit(async ({ page, token, server }) => {
    await page.waitForSelector(".ask [role=alert]");
    assertEquals(await page.locator("nav").count(), 0);
    assert(!(await page.content()).includes(server.url));
    await page.fill("[name=token]", token);
    await page.click("button >> text=Open");
    await page.waitForSelector(".state.ok");
    await page.waitForSelector(`svg text:has-text("${server.url}")`);
  }, { fragment: "#token=another-token-of-another" }));

peerTest(
  "a session comes, is shown with its bytes, is ended by a click and goes",
  ["chromium"],
  () =>
    visit(async ({ page, server, show }) => {
      await show("sessions");
      await page.waitForSelector("text=No session is open.");
      await using session = await connect(server.url);
      await session.send("hello");
      await page.waitForSelector(`td:has-text("5 B")`);
      await page.click("tbody >> text=End");
      await page.waitForSelector("text=No session is open.");
      const rest = await Array.fromAsync(session);
      assertEquals(rest.length, 1);
    }),
);

peerTest(
  "the console is Japanese for those who read it, and fits a phone",
  ["chromium"],
  () =>
    visit(async ({ page, show }) => {
      for (const panel of ["overview", "servers", "sessions", "traffic", "faults"]) {
        await show(panel);
        assertEquals(
          await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
          true,
          panel,
        );
      }
      assertEquals(await page.textContent("h1"), "\u969c\u5bb3");
      assertEquals(await page.getAttribute("html", "lang"), "ja");
    }, { locale: "ja-JP", viewport: { width: 360, height: 700 }, isMobile: true, hasTouch: true }),
);

peerTest(
  "a control that has gone is said to be lost, and found when it returns",
  ["chromium"],
  async () => {
    const token = "the-same-token-as-before";
    await using server = await serve("tcp://127.0.0.1:0", echo);
    const first = await openControl([server], { token });
    await visitControl(first, async ({ page, show }) => {
      await page.waitForSelector(".state.ok");
      await show("traffic");
      await first[Symbol.asyncDispose]();
      await page.waitForSelector(".state.lost");
      await using _second = await openControl([server], { token, url: first.url });
      await page.waitForSelector(".state.ok");
      // What passes is shown again too.
      await using session = await connect(server.url);
      while (await page.locator("tr[data-event=received]").count() === 0) {
        await session.send("back");
        await page.waitForTimeout(50);
      }
    });
  },
);
