/** What is done in each panel of the console before its picture is taken, so that it shows something. */

// deno-lint-ignore no-import-prefix
import type { Page } from "npm:playwright-core@1.65.1";
import { joinChat } from "../../dock/join_chat.ts";
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
  async try(page) {
    await page.locator("main form button.main").first().click();
    for (const text of ["tide at 12:04", "berth 7"]) {
      await page.fill("[name=message]", text);
      await page.press("[name=message]", "Enter");
      await page.locator("[data-line=received]").last().waitFor();
    }
  },
  async chat(page, { urlOf }) {
    await page.fill("[name=name]", "ada");
    await page.locator(".enter button").click();
    await page.waitForSelector(".said");
    const klem = await joinChat(urlOf("chat", "udp"), { name: "klem" });
    const mia = await joinChat(urlOf("chat", "ws"), { name: "mia" });
    await klem.say("the tide is in, ada");
    await mia.say("berth 7 is free until noon");
    await page.fill("[name=say]", "aye, coming in");
    await page.press("[name=say]", "Enter");
    await klem.whisper("ada", "bring the charts");
    await page.locator(".message.own:not(.unsaid)").waitFor();
    await page.locator(".places .unread").waitFor();
    await Promise.all([klem.close(), mia.close()]);
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
