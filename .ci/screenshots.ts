/** Takes pictures of every panel of the console, light, dark, on a phone and in Japanese, and of the
 * pages of its family, into a folder for people to look at.
 *
 * deno run --lock=tests/deno.lock --allow-all .ci/screenshots.ts [--output FOLDER] [--only NAME,...]
 * [--look NAME,...] */

import { parseArgs } from "@std/cli/parse-args";
// deno-lint-ignore no-import-prefix
import { type BrowserContextOptions, chromium, type Page } from "npm:playwright-core@1.65.1";
import { CHROMIUM_FLAGS } from "../tests/chromium.ts";
import { findPeer } from "../tests/peer.ts";
import { LOOKS } from "./screenshots/looks.ts";
import { PREPARED } from "./screenshots/panels.ts";
import { openScene, type Scene } from "./screenshots/scene.ts";

const given = parseArgs(Deno.args, { string: ["output", "only", "look"] });
const folder = String(given["output"] ?? "dist/screenshots");
const chosen = (name: string, option: unknown) =>
  option === undefined || String(option).split(",").includes(name);

/** Pages of the same family, by the protocol that shows them. */
const PAGES = ["hello", "files", "inspect"];
/** Pictures of pages without end are cut off here. */
const MAX_HEIGHT = 2000;

async function takeConsole(page: Page, scene: Scene, look: string): Promise<void> {
  await page.goto(scene.consoleUrl);
  await page.waitForSelector(".state.ok");
  // Sparklines and plots need some seconds.
  await page.waitForTimeout(3000);
  const links = await page.locator("nav a").all();
  for (const link of links) {
    const panel = (await link.getAttribute("href"))!.slice(1);
    if (!chosen(panel, given["only"])) continue;
    await link.click();
    await page.waitForSelector(`nav a[href="#${panel}"][aria-current]`);
    await PREPARED[panel]?.(page, scene);
    await page.waitForTimeout(500);
    await take(page, `${panel}-${look}`);
  }
}

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate("scrollTo(0, 0)");
  const height = Number(await page.evaluate("document.documentElement.scrollHeight"));
  const { width } = page.viewportSize()!;
  await page.screenshot({
    path: `${folder}/${name}.png`,
    fullPage: true,
    clip: { x: 0, y: 0, width, height: Math.min(height, MAX_HEIGHT) },
  });
  console.log(`${folder}/${name}.png`);
}

async function takePages(page: Page, scene: Scene, look: string): Promise<void> {
  for (const name of PAGES.filter((one) => chosen(one, given["only"]))) {
    await page.goto(scene.urlOf(name, "http"));
    await take(page, `${name}-${look}`);
  }
}

await Deno.mkdir(folder, { recursive: true });
await using scene = await openScene("free");
const browser = await chromium.launch({
  executablePath: findPeer("chromium") ?? "",
  args: [...CHROMIUM_FLAGS],
});
try {
  for (const [look, options] of Object.entries<BrowserContextOptions>(LOOKS)) {
    if (!chosen(look, given["look"])) continue;
    const context = await browser.newContext(options);
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    await takeConsole(page, scene, look);
    await takePages(page, scene, look);
    await context.close();
  }
} finally {
  await browser.close();
}
