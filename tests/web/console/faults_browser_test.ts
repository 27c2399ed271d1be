/** The panel Faults in Chromium: what its sliders do to clients. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../../dock/connect.ts";
import { openControl } from "../../../dock/control/open_control.ts";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { peerTest, placeArguments, startPython } from "../../peer.ts";
import { type Visit, visit, visitControl } from "./visit.ts";

peerTest(
  "a slider loses all datagrams, says how many, and lets them through again",
  ["chromium"],
  () =>
    visit(async ({ page, server, show }) => {
      await show("faults");
      await page.selectOption("select", { label: `echo \u00b7 ${server.urls[1]}` });
      await page.check("text=What clients send");
      await page.focus("#slider-loss");
      await page.keyboard.press("End");
      await page.waitForSelector(`.force:has-text("in.loss=100%")`);
      await using session = await connect(server.urls[1]!);
      const answers = session[Symbol.asyncIterator]();
      const answer = answers.next();
      for (let count = 0; count < 3; count++) await session.send("lost");
      await page.waitForSelector(`tr[data-did=loss] td:has-text("3")`);
      await page.focus("#slider-loss");
      await page.keyboard.press("Home");
      await page.waitForSelector("text=No faults.");
      await session.send("found");
      const { value } = await answer;
      assertEquals(new TextDecoder().decode(value as Uint8Array), "found");
    }),
);

peerTest(
  "a client in Python misses its answers while the loss is at 100 %, and has them again after",
  ["chromium", "python3"],
  () =>
    visit(async ({ page, server, show }) => {
      const url = server.urls[1]!;
      await show("faults");
      await page.selectOption("select", { label: `echo \u00b7 ${url}` });
      await using pinger = startPython("datagram_pinger.py", placeArguments(url));
      await pinger.stdout.line(/answered/);
      await page.focus("#slider-loss");
      await page.keyboard.press("End");
      await page.waitForSelector(`.force:text-is("loss=100%")`);
      await pinger.stdout.line(/missed/);
      await pinger.stdout.line(/missed/);
      await page.waitForSelector("tr[data-did=loss]");
      await page.focus("#slider-loss");
      await page.keyboard.press("Home");
      await page.waitForSelector("text=No faults.");
      await pinger.stdout.line(/answered/);
      await pinger.finish("");
    }),
);

peerTest(
  "a slider that moves on while its last move is told is told again",
  ["chromium"],
  () =>
    visit(async ({ page, server, show }) => {
      await show("faults");
      await page.selectOption("select", { label: `echo \u00b7 ${server.urls[1]}` });
      // The first move is held up until the second was made.
      const held = Promise.withResolvers<() => Promise<void>>();
      await page.route(
        "**/faults",
        (route) => held.resolve(() => route.continue()),
        { times: 1 },
      );
      await page.focus("#slider-loss");
      await page.keyboard.press("ArrowRight");
      const letThrough = await held.promise;
      await page.keyboard.press("End");
      await letThrough();
      await page.waitForSelector(`.force:text-is("loss=100%")`);
      assertEquals(await page.textContent("output[for=slider-loss]"), "100%");
    }),
);

/** The console over an echo on UDP alone. */
async function overDatagrams(body: (visit: Visit) => Promise<void>): Promise<void> {
  await using server = await serve("udp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  await visitControl(control, (open) => body({ ...open, server }));
}

peerTest(
  "every direction has its own sliders, and each says how many of them are moved",
  ["chromium"],
  () =>
    overDatagrams(async ({ page, server, show }) => {
      server.setFaults("in.latency=50ms,in.loss=5%,out.bandwidth=10k");
      await show("faults");
      await page.waitForSelector(`label:has-text("What clients send") .badge:text-is("2")`);
      await page.check("text=What clients send");
      assertEquals(await page.textContent("output[for=slider-latency]"), "50 ms");
      await page.check("text=What clients get");
      assertEquals(await page.textContent("output[for=slider-bandwidth]"), "10 KiB/s");
      await page.click("text=Blackout of 2 s");
      await page.waitForSelector(`.force:has-text("out.blackout=2s")`);
      await page.click("text=Take all faults away");
      await page.waitForSelector("text=No faults.");
      assertEquals(await page.locator(".badge").count(), 0);
      assert(await page.isDisabled("text=Take all faults away"));
    }),
);

peerTest(
  "the same seed decides the same again",
  ["chromium"],
  () =>
    overDatagrams(async ({ page, server, show }) => {
      server.setFaults("in.loss=50%", { seed: 7 });
      await show("faults");
      await page.fill("[name=seed]", "11");
      await page.click("text=Begin anew");
      await page.waitForSelector(`[name=seed][placeholder="11"]`);
      await page.waitForSelector("text=Nothing yet.");
    }),
);
