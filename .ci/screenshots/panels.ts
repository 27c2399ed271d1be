/** What is done in each panel of the console before its picture is taken, so that it shows something. */

// deno-lint-ignore no-import-prefix
import type { Page } from "npm:playwright-core@1.65.1";
import type { Scene } from "./scene.ts";

type Prepare = (page: Page, scene: Scene) => Promise<void>;

/** Panels that need more than to be opened. */
export const PREPARED: Readonly<Record<string, Prepare>> = {
  async servers(page) {
    await page.locator("tr[data-server] button").first().click();
    await page.waitForSelector(".details");
  },
  async traffic(page) {
    await page.locator("tr[data-event=received]").nth(3).waitFor();
    await page.locator("tr[data-event=received] button").first().click();
    await page.waitForSelector(".sides");
  },
  async http(page) {
    // Those that are remembered from before this panel was open have no bodies.
    await page.locator("form.tools .buttons button").nth(1).click();
    await page.locator(`tr[data-request="/get?tide=high"] button`).first().click();
    await page.waitForSelector(".exchange pre >> nth=2");
  },
  async try(page, { idOf }) {
    await page.locator("select").first().selectOption(String(idOf("echo", "dtls")));
    await page.locator("form.tools button.main").click();
    for (const text of ["ahoy", "who is there?"]) {
      await page.fill("[name=message]", text);
      await page.press("[name=message]", "Enter");
      await page.locator("li[data-line=received]").last().waitFor();
    }
  },
  async chat(page, { say }) {
await page.fill("[name=name]", "ada");
    await page.locator(".enter button").click();
    await page.locator("[name=say]").waitFor();
    for (const text of ["ahoy, who is in the harbour?", "@bob the tide turns at noon"]) {
      await page.fill("[name=say]", text);
      await page.press("[name=say]", "Enter");
    }
    await say("I am, on nc over UDP. @ada, see https://example.org/tides");
    await page.locator(".said a").last().waitFor();
  },
  async certificates(page) {
    await page.locator(".card button.main").first().click();
    await page.waitForTimeout(1000);
  },
  async faults(page, { idOf }) {
    await page.selectOption("select", String(idOf("upper", "udp")));
    await page.waitForSelector(".force");
  },
  async plots(page, { idOf }) {
    await page.selectOption("select", String(idOf("upper", "udp")));
    await page.locator("[name=measure]").check();
    await page.waitForTimeout(8000);
  },
};
