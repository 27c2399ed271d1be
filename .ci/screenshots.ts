/** Takes pictures of every panel of the console, light, dark, on a phone and in Japanese, and of the
 * pages of its family, into a folder for people to look at.
 *
 * deno run --lock=tests/deno.lock --allow-all .ci/screenshots.ts [--output FOLDER] [--only NAME,...]
 * [--look NAME,...]
 *
 * With `--documents` it takes those of README.md and docs/console.md, where they stand. */

import { parseArgs } from "@std/cli/parse-args";
// deno-lint-ignore no-import-prefix
import { type BrowserContext, chromium, type Page } from "npm:playwright-core@1.65.1";
import { CHROMIUM_FLAGS } from "../tests/chromium.ts";
import { findPeer } from "../tests/peer.ts";
import { DOCUMENTS, LOOKS } from "./screenshots/looks.ts";
import { PREPARED } from "./screenshots/panels.ts";
import { openScene, type Scene } from "./screenshots/scene.ts";

const given = parseArgs(Deno.args, {
  string: ["output", "only", "look"],
  boolean: ["documents"],
});
const chosen = (name: string, option: unknown) =>
  option === undefined || String(option).split(",").includes(name);

/** Pages of the same family, by the protocol that shows them. */
const PAGES = ["hello", "files", "inspect"];
/** Pictures of pages without end are cut off here. */
const MAX_HEIGHT = 2000;
/** Where the pictures of the documentation stand. */
const DOCUMENTS_FOLDER = `${import.meta.dirname}/../docs/images/console`;

/** Takes a picture of what the page shows now. */
type Take = (page: Page, name: string) => Promise<void>;

async function eachPanel(page: Page, scene: Scene, take: Take): Promise<void> {
  await page.goto(scene.consoleUrl);
  await page.waitForSelector(".state.ok");
  // Sparklines and plots need some seconds.
  await page.waitForTimeout(given["documents"] ? 30_000 : 3000);
  for (const link of await page.locator("nav a").all()) {
    const panel = (await link.getAttribute("href"))!.slice(1);
    if (!chosen(panel, given["only"])) continue;
    await link.click();
    await page.waitForSelector(`nav a[href="#${panel}"][aria-current]`);
    await PREPARED[panel]?.(page, scene);
    await page.waitForTimeout(500);
    await take(page, panel);
  }
}

async function eachPage(page: Page, scene: Scene, take: Take): Promise<void> {
  for (const name of PAGES.filter((one) => chosen(one, given["only"]))) {
    await page.goto(scene.urlOf(name, "http"));
    await take(page, name);
  }
}

/** The whole page, as PNG: what people look for mistakes in loses nothing. */
function takeWhole(folder: string, look: string): Take {
  return async (page, name) => {
    await page.evaluate("scrollTo(0, 0)");
    const height = Number(await page.evaluate("document.documentElement.scrollHeight"));
    const { width } = page.viewportSize()!;
    await page.screenshot({
      path: `${folder}/${name}-${look}.png`,
      fullPage: true,
      clip: { x: 0, y: 0, width, height: Math.min(height, MAX_HEIGHT) },
    });
  };
}

/** What fits the screen, as WebP, which is small. */
async function takeSmall(page: Page, name: string): Promise<void> {
  await page.evaluate("scrollTo(0, 0)");
  const devtools = await page.context().newCDPSession(page);
  const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  await Deno.writeFile(`${DOCUMENTS_FOLDER}/${name}.webp`, Uint8Array.fromBase64(data));
}

async function inBrowser(
  options: Parameters<typeof browser.newContext>[0],
  work: (context: BrowserContext) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(60_000);
  await work(context);
  await context.close();
}

await using scene = await openScene(given["documents"] ? "usual" : "free");
const browser = await chromium.launch({
  executablePath: findPeer("chromium") ?? "",
  args: [...CHROMIUM_FLAGS],
});
try {
  if (given["documents"]) {
    await Deno.mkdir(DOCUMENTS_FOLDER, { recursive: true });
    await inBrowser(DOCUMENTS, async (context) => {
      await eachPanel(await context.newPage(), scene, takeSmall);
    });
  } else {
    const folder = String(given["output"] ?? "dist/screenshots");
    await Deno.mkdir(folder, { recursive: true });
    for (const [look, options] of Object.entries(LOOKS)) {
      if (!chosen(look, given["look"])) continue;
      await inBrowser(options, async (context) => {
        const page = await context.newPage();
        const take = takeWhole(folder, look);
        await eachPanel(page, scene, take);
        await eachPage(page, scene, take);
      });
    }
    console.log(`The pictures are in ${folder}`);
  }
} finally {
  await browser.close();
}
