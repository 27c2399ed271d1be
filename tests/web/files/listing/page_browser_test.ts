/** The page of a folder in Chromium: what its script adds, and that nothing breaks its policy. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import type { BrowserContextOptions, Page } from "npm:playwright-core@1.65.1";
import { type Dock, serve } from "../../../../dock/serve.ts";
import { files } from "../../../../web/files.ts";
import { CHROMIUM_FLAGS } from "../../../chromium.ts";
import { findPeer, peerTest } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";

interface Visit {
  readonly page: Page;
  readonly server: Dock;
  /** The folder that is served. */
  readonly path: string;
}

/** Opens the page of a folder with some files, and closes everything after `body`. */
async function visit(
  body: (visit: Visit) => Promise<void>,
  browserOptions: BrowserContextOptions = {},
  options: {
    readonly overwrite?: boolean;
    readonly maxUploadBytes?: number;
    readonly authUpload?: string;
  } = {},
): Promise<void> {
  await using folder = await temporaryFolder();
  const { path } = folder;
  await Deno.mkdir(`${path}/sub/deeper`, { recursive: true });
  for (const [name, bytes] of [["f10", 2000], ["f9", 30], ["f1", 400], ["other", 5]] as const) {
    await Deno.writeFile(`${path}/${name}`, new Uint8Array(bytes));
  }
  await Deno.writeTextFile(`${path}/evil\u202egpj<b>.exe`, "");
  await using server = await serve("http://127.0.0.1:0", files, {
    root: path,
    upload: true,
    maxBodyBytes: 64 * 1024 * 1024,
    ...options,
  });
  // deno-lint-ignore no-import-prefix
  const { chromium } = await import("npm:playwright-core@1.65.1");
  const browser = await chromium.launch({
    executablePath: findPeer("chromium") ?? "",
    args: [...CHROMIUM_FLAGS],
  });
  try {
    const context = await browser.newContext(browserOptions);
    context.setDefaultTimeout(120_000);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error: Error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A refusal of the server is shown there too, as it should be.
      if (message.type() === "error" && !message.text().includes("status of 4")) {
        complaints.push(message.text());
      }
    });
    await page.goto(`${server.url}/`);
    await body({ page, server, path });
    assertEquals(complaints, []);
  } finally {
    await browser.close();
  }
}

/** The names that can be seen, in their order. */
function shown(page: Page): Promise<string[]> {
  return page.locator("tbody:last-of-type tr:not([hidden]) bdi").allTextContents();
}

const focused = (page: Page) => page.evaluate("document.activeElement.textContent");
const ALL = ["sub", "evilU+202Egpj<b>.exe", "f1", "f9", "f10", "other"];

peerTest(
  "a click on a head sorts the page and is remembered",
  ["chromium"],
  () =>
    visit(async ({ page }) => {
      assertEquals(await shown(page), ALL);
      await page.click("text=Size");
      assertEquals((await shown(page)).slice(0, 4), ["sub", "f10", "f1", "f9"]);
      assertEquals(await page.getAttribute('th[data-column="size"]', "aria-sort"), "descending");
      assertStringIncludes(page.url(), "?sort=size&order=desc");
      await page.click("text=Size");
      assertEquals((await shown(page)).slice(2, 4), ["other", "f9"]);
      // Somewhere else, without a word about it in the URL.
      await page.click("text=sub");
      await page.waitForURL("**/sub/");
      assertEquals(await page.getAttribute('th[data-column="size"]', "aria-sort"), "ascending");
    }),
);

peerTest(
  "the page filters as one types, and the keyboard goes everywhere",
  ["chromium"],
  () =>
    visit(async ({ page }) => {
      await page.keyboard.press("/");
      await page.keyboard.type("F1");
      assertEquals(await shown(page), ["f1", "f10"]);
      assertEquals(await page.textContent("#count"), "2 of 6 shown");
      await page.keyboard.press("ArrowDown");
      assertEquals(await focused(page), "f1");
      await page.keyboard.press("j");
      await page.keyboard.press("j");
      assertEquals(await focused(page), "f10");
      await page.keyboard.press("k");
      assertEquals(await focused(page), "f1");
      await page.keyboard.press("/");
      await page.keyboard.press("Escape");
      assertEquals(await shown(page), ALL);
      await page.keyboard.press("ArrowDown");
      assertEquals(await focused(page), "sub");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/sub/");
      await page.keyboard.press("Backspace");
      await page.waitForURL((url) => url.pathname === "/");
    }),
);

peerTest(
  "chosen files are sent, with progress, and appear in the page",
  ["chromium"],
  () =>
    visit(async ({ page, path }) => {
      await using chosen = await temporaryFolder();
      const bytes = 20_000_000;
      await Deno.writeFile(`${chosen.path}/large ü.bin`, new Uint8Array(bytes));
      await Deno.writeTextFile(`${chosen.path}/f1`, "another");
      await page.evaluate(`(() => {
      window.seen = [];
      const list = document.querySelector(".transfers");
      new MutationObserver(() => {
        for (const bar of list.querySelectorAll("progress")) seen.push(bar.value);
      }).observe(list, { subtree: true, childList: true, characterData: true });
    })()`);
      // Slow enough that there is progress to be seen.
      const network = await page.context().newCDPSession(page);
      await network.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: 2 * bytes,
      });
      await page.setInputFiles(
        "input[type=file]",
        ["large ü.bin", "f1"].map((name) => `${chosen.path}/${name}`),
      );
      await page.locator("#status", { hasText: "not stored" }).waitFor();
      assertEquals(await page.textContent("#status"), "1 stored, 1 not stored");
      assertStringIncludes(await page.textContent(".refused") ?? "", "one of this name");
      assert((await shown(page)).includes("large ü.bin"));
      const values = await page.evaluate("seen") as number[];
      assert(values.some((value) => value > 0 && value < 1), `${values.slice(0, 20)}`);
      assertEquals((await Deno.stat(`${path}/large ü.bin`)).size, bytes);
      assertEquals((await Deno.stat(`${path}/f1`)).size, 400);
      assertEquals(await page.textContent("#count"), "1 folder, 6 files, 19 MiB");
    }),
);

peerTest(
  "dropped files are sent, and what the server says is shown",
  ["chromium"],
  () =>
    visit(
      async ({ page, path }) => {
        await page.evaluate(`(() => {
      const data = new DataTransfer();
      data.items.add(new File(["hello"], "dropped.txt"));
      data.items.add(new File(["hello"], "con"));
      data.items.add(new File(["x".repeat(2000)], "long"));
      for (const type of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
      }
    })()`);
        await page.locator("#status", { hasText: "not stored" }).waitFor();
        const refusals = await page.locator(".refused").allTextContents();
        assertEquals(refusals.length, 2);
        assertStringIncludes(refusals[0] ?? "", `The name "con"`);
        assertStringIncludes(refusals[1] ?? "", "larger than 1.0 KiB");
        assertEquals(await Deno.readTextFile(`${path}/dropped.txt`), "hello");
      },
      {},
      { maxUploadBytes: 1024 },
    ),
);

peerTest(
  "without script the form stores files and leads back to the page",
  ["chromium"],
  () =>
    visit(async ({ page, path, server }) => {
      await using chosen = await temporaryFolder();
      for (const name of ["one", "two"]) await Deno.writeTextFile(`${chosen.path}/${name}`, "abc");
      await page.setInputFiles("input[type=file]", [`${chosen.path}/one`, `${chosen.path}/two`]);
      await page.click("button");
      await page.waitForURL(`${server.url}/`);
      assertEquals((await shown(page)).slice(-2), ["other", "two"].sort());
      assertEquals((await Deno.stat(`${path}/one`)).size, 3);
      await page.setInputFiles("input[type=file]", [`${chosen.path}/one`]);
      await page.click("button");
      assertStringIncludes(await page.textContent("main") ?? "", `"one" is there already`);
      await page.click("text=Back to the folder");
      await page.click("text=Size");
      assertStringIncludes(page.url(), "?sort=size&order=desc");
      assertEquals((await shown(page))[1], "f10");
    }, { javaScriptEnabled: false }),
);

peerTest(
  "the page is dark for those who like it so, and fits a phone",
  ["chromium"],
  () =>
    visit(async ({ page }) => {
      const background = await page.evaluate(
        "getComputedStyle(document.documentElement).backgroundColor",
      );
      assertEquals(background, "rgb(18, 24, 28)");
      assertEquals(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
      const heights = await page.evaluate(
        `[...document.querySelectorAll("tbody a, .tools .button")].map((one) => one.offsetHeight)`,
      ) as number[];
      assert(heights.every((height) => height >= 44), `${heights}`);
    }, {
      colorScheme: "dark",
      viewport: { width: 320, height: 600 },
      isMobile: true,
      hasTouch: true,
    }),
);

const chosen = {
  name: "chosen.bin",
  mimeType: "application/octet-stream",
  buffer: Buffer.alloc(3_000_000),
};

peerTest(
  "a page whose uploads take a password sends files with it, and says when it is missing",
  ["chromium"],
  async () => {
    const authUpload = "ada:correct horse";
    await visit(
      async ({ page, path }) => {
        assertStringIncludes(await page.textContent("form label") ?? "", "asks for a password");
        await page.setInputFiles("input[type=file]", chosen);
        await page.waitForSelector(".transfers .stored");
        assertEquals((await Deno.stat(`${path}/chosen.bin`)).size, 3_000_000);
        assert((await shown(page)).includes("chosen.bin"));
      },
      { httpCredentials: { username: "ada", password: "correct horse" } },
      { authUpload },
    );
    await visit(
      async ({ page, path }) => {
        assertEquals(await shown(page), ALL);
        await page.setInputFiles("input[type=file]", chosen);
        await page.waitForSelector(".transfers .refused");
        assertStringIncludes(
          await page.textContent(".transfers .refused") ?? "",
          "takes a name and a password",
        );
        assertEquals([...Deno.readDirSync(path)].some(({ name }) => name === "chosen.bin"), false);
      },
      { httpCredentials: { username: "ada", password: "wrong" } },
      { authUpload },
    );
  },
);
