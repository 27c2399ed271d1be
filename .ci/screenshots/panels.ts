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
