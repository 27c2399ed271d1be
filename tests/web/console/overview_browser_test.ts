/** The panel Overview in Chromium. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../../dock/connect.ts";
import { openControl } from "../../../dock/control/open_control.ts";
import { relay } from "../../../dock/relay.ts";
import { serve } from "../../../dock/serve.ts";
import { startSuite } from "../../../dock/suite.ts";
import { builtinSuite } from "../../../commands/serving/builtin_suite.ts";
import { type Protocol, statelessProtocol } from "../../../core/protocol.ts";
import { echo } from "../../../protocols/echo.ts";
import { peerTest } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { visit, visitControl } from "./visit.ts";

const HOSTILE = `<img src=x onerror="document.title='hostile'">\u202e`;

peerTest("the overview shows servers, their clients and where a relay leads", [
  "chromium",
], () =>
  visit(async ({ page, server }) => {
    await page.locator("a.box.url").nth(3).waitFor();
    assertEquals(await page.locator(".box.upstream text").allTextContents(), [
      `echo \u00b7 ${server.url}`,
    ]);
    await using session = await connect(server.url);
    const client = page.locator(`.box.clients:not(.idle) text:text-is("1")`);
    await client.waitFor();
    assertEquals(await page.locator(".arrow.busy").count(), 0);
    // An arrow of what passes now, for each direction.
    const busy = page.locator(".arrow.busy text:has-text('/s')");
    while (await busy.count() < 2) {
      await session.send("x".repeat(1000));
      await page.waitForTimeout(50);
    }
    await page.click(`a.box.url[data-server="1"]`);
    await page.waitForSelector(`[data-server="1"] button[aria-expanded=true]`);
    await page.waitForSelector(`.details code:has-text("sockdock send ${server.url}")`);
  }));

for (
  const [place, options] of [
    ["a screen", { viewport: { width: 1280, height: 800 } }],
    ["a phone", { viewport: { width: 360, height: 700 }, isMobile: true, hasTouch: true }],
    ["a Japanese tablet", { viewport: { width: 800, height: 700 }, locale: "ja-JP" }],
  ] as const
) {
  peerTest(`20 servers with 500 clients are read on ${place}`, ["chromium"], async () => {
    await using folder = await temporaryFolder();
    await using suite = await startSuite(
      builtinSuite({ socket: `${folder.path}/echo.sock`, samples: folder.path, freePorts: true }),
    );
    const url = suite.docks[0]!.urls[0]!;
    await using passing = await relay("udp+reliable://127.0.0.1:0", url);
    passing.setFaults("latency=1ms");
    await using control = await openControl([...suite.docks, passing]);
    const { hostname, port } = new URL(url.replace("tcp:", "http:"));
    await using clients = new AsyncDisposableStack();
    for (let at = 0; at < 500; at++) {
      clients.use(await Deno.connect({ hostname, port: Number(port) }));
    }
    await visitControl(control, async ({ page }) => {
      await page.waitForSelector(`.box.clients text:text-is("500")`);
      await page.locator("a.box.url").nth(19).waitFor();
      assert(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
      // Every text lies in its box, and every box in the picture.
      const outside = await page.evaluate(`(() => {
        const svg = document.querySelector(".picture svg").getBoundingClientRect();
        return [...document.querySelectorAll(".picture .box")].filter((box) => {
          const frame = box.querySelector("rect").getBoundingClientRect();
          const texts = [...box.querySelectorAll("text")].map((one) => one.getBoundingClientRect());
          return frame.right > svg.right + 1 || frame.bottom > svg.bottom + 1 ||
            texts.some(({ left, right }) => left < frame.left || right > frame.right);
        }).map((box) => box.textContent);
      })()`);
      assertEquals(outside, []);
      const layers = page.locator(".box.fault text", { hasText: "fault \u00b7 reliable" });
      assertEquals(await layers.count(), 1);
    }, options);
  });
}

peerTest(
  "hostile names stay text in the overview and among the servers",
  ["chromium"],
  async () => {
    const hostile: Protocol = {
      ...statelessProtocol({
        ...{ name: HOSTILE, summary: HOSTILE, framing: "none", datagramReply: "bounded" },
        serve: async (session) => await Array.fromAsync(session) && undefined,
      }),
    };
    await using folder = await temporaryFolder();
    await using server = await serve(
      `unix://${folder.path}/${encodeURIComponent(`<b>'"$(id)`)}`,
      hostile,
    );
    await using passing = await relay(
      "tcp://127.0.0.1:0",
      `unix://${folder.path}/<img src=x onerror=alert(1)>`,
    );
    await using control = await openControl([server, passing]);
    await visitControl(control, async ({ page, show }) => {
      await page.waitForSelector("a.box.url");
      assertEquals(await page.locator(".box.protocol text").count(), 2);
      assertEquals(await page.locator("main img, main b").count(), 0);
      await show("servers");
      for (const id of [1, 2]) {
        await page.click(`tr[data-server="${id}"] button`);
        await page.waitForSelector(".details");
        assertEquals(await page.locator("main img, main b").count(), 0);
      }
      assertEquals(await page.title(), "Servers \u00b7 sockdock");
    });
  },
);

peerTest("a picture of nothing says what to do", ["chromium"], async () => {
  await using control = await openControl([]);
  await visitControl(control, async ({ page, show }) => {
    await page.waitForSelector("text=No server runs.");
    await show("servers");
    await page.waitForSelector("text=No server runs.");
    await show("certificates");
    await page.waitForSelector("text=No server shows a certificate.");
    await using late = await serve("tls://127.0.0.1:0", echo);
    control.add(late);
    await page.waitForSelector(".certificate");
  });
});
