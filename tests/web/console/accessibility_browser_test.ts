/** The console for those who cannot see, point, or tell colours apart, and on a phone. */

import { assert, assertEquals } from "@std/assert";
// deno-lint-ignore no-import-prefix
import type { BrowserContextOptions, Page } from "npm:playwright-core@1.65.1";
import { connect } from "../../../dock/connect.ts";
import { serve } from "../../../dock/serve.ts";
import { hello } from "../../../web/hello.ts";
import { files } from "../../../web/files.ts";
import { inspect } from "../../../web/inspect.ts";
import { peerTest } from "../../peer.ts";
import { complaintsOfAxe } from "./axe.ts";
import { visit, withBrowser } from "./visit.ts";

const PHONE = { viewport: { width: 360, height: 700 }, isMobile: true, hasTouch: true };
const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  "in light": { colorScheme: "light" },
  "in dark": { colorScheme: "dark" },
  "on a phone": PHONE,
  "in Japanese": { locale: "ja-JP" },
};

/** The names of all panels. */
async function panelsOf(page: Page): Promise<readonly string[]> {
  await page.locator(".state.ok").waitFor();
  const links = await page.locator("nav a").all();
  return await Promise.all(links.map(async (link) => (await link.getAttribute("href"))!.slice(1)));
}

for (const [how, look] of Object.entries(LOOKS)) {
  peerTest(
    `axe finds nothing wrong with any panel ${how}`,
    ["chromium"],
    () =>
      visit(async ({ page, server, show }) => {
        await using session = await connect(server.url);
        await session.send("hello");
        for (const panel of await panelsOf(page)) {
          await show(panel);
          // Whatever opens is looked at too.
          for (const summary of await page.locator("main summary").all()) await summary.click();
          const details = page.locator("main button[aria-expanded=false]").first();
          if (await details.count() > 0) await details.click();
          assertEquals(await complaintsOfAxe(page), [], `${panel} ${how}`);
        }
      }, look),
  );
}

peerTest(
  "no panel is wider than a phone",
  ["chromium"],
  () =>
    visit(async ({ page, server, show }) => {
      await using session = await connect(server.url);
      await session.send("hello");
      for (const panel of await panelsOf(page)) {
        await show(panel);
        const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        assert(Number(wide) <= 0, `${panel}: ${wide} points too wide`);
      }
    }, PHONE),
);

peerTest("axe finds nothing wrong with the pages of hello, files and inspect", [
  "chromium",
], async () => {
  await using greeting = await serve("http://127.0.0.1:0", hello);
  await using folder = await serve("http://127.0.0.1:0", files, {
    root: `${import.meta.dirname}/..`,
  });
  await using inspecting = await serve("http://127.0.0.1:0", inspect);
  for (const look of [{ colorScheme: "light" }, { colorScheme: "dark" }] as const) {
    await withBrowser(async (context) => {
      const page = await context.newPage();
      for (const { url } of [greeting, folder, inspecting]) {
        await page.goto(url);
        // The page of hello is a heading alone, and needs no landmark to find it by.
        const known = url === greeting.url ? /landmark-one-main|region/ : /^$/;
        const found = (await complaintsOfAxe(page)).filter((one) => !known.test(one));
        assertEquals(found, [], `${url} ${JSON.stringify(look)}`);
      }
    }, look);
  }
});

peerTest("every panel can be reached, and what it has, with the keyboard alone", [
  "chromium",
], () =>
  visit(async ({ page, show }) => {
    for (const panel of await panelsOf(page)) {
      await show(panel);
      const reached = new Set<string>();
      const reachable = Number(
        await page.evaluate(`[...document.querySelectorAll(
          "main :is(button, input, select, textarea, a[href], summary)")]
          .filter((one) => !one.disabled && one.checkVisibility() && one.type !== "radio").length`),
      );
      for (let presses = 0; presses < reachable * 2 + 40; presses++) {
        await page.keyboard.press("Tab");
        const focused = await page.evaluate(`(() => {
          const one = document.activeElement;
          if (!one.matches("main :is(button, input, select, textarea, a[href], summary)")) return "";
          if (one.type === "radio") return "";
          const { outlineStyle } = getComputedStyle(one);
          one.dataset.tabbed ??= String(Math.random());
          return outlineStyle === "none" ? "unseen " + one.outerHTML : one.dataset.tabbed;
        })()`);
        if (focused !== "") reached.add(String(focused));
        if (reached.size === reachable) break;
      }
      assertEquals([...reached].filter((one) => one.startsWith("unseen")), [], panel);
      assertEquals(reached.size, reachable, panel);
    }
  }));
