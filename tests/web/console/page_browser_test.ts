/** The console in Chromium, over servers that run. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import type { BrowserContext, BrowserContextOptions, Page } from "npm:playwright-core@1.65.1";
import { connect } from "../../../dock/connect.ts";
import { openControl } from "../../../dock/control/open_control.ts";
import { relay } from "../../../dock/relay.ts";
import { type Dock, serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { hello } from "../../../web/hello.ts";
import { CHROMIUM_FLAGS } from "../../chromium.ts";
import { findPeer, peerTest } from "../../peer.ts";

const HOSTILE = `<img src=x onerror="document.title='hostile'">\u202e`;

interface Visit {
  readonly page: Page;
  readonly server: Dock;
  readonly url: string;
  readonly token: string;
  /** Opens a panel. */
  readonly show: (panel: string) => Promise<void>;
}

/** Opens the console over an echo on TCP and UDP, a page and a relay; closes everything afterwards. */
async function visit(
  body: (visit: Visit) => Promise<void>,
  { fragment, ...options }: BrowserContextOptions & { readonly fragment?: string } = {},
): Promise<void> {
  await using server = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], echo);
  await using web = await serve("http://127.0.0.1:0", hello);
  await using passing = await relay("tcp://127.0.0.1:0", server.url);
  await using control = await openControl([server, web, passing]);
  const { url, token } = control;
  await withBrowser(async (context) => {
    const page = await context.newPage();
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    page.on("pageerror", (error: Error) => complaints.push(error.message));
    page.on("console", (message) => {
      // A refusal of the control is shown there too, as it should be.
      if (message.type() === "error" && !message.text().includes("status of 4")) {
        complaints.push(message.text());
      }
    });
    page.on("request", (request) => {
      if (!/^data:|^blob:/.test(request.url()) && !request.url().startsWith(`${url}/`)) {
        elsewhere.push(request.url());
      }
    });
    const show = async (panel: string) => {
      await page.click(`nav a[href="#${panel}"]`);
      await page.waitForSelector(`nav a[href="#${panel}"][aria-current]`);
    };
    await page.goto(`${url}/${fragment ?? `#token=${token}`}`);
    await body({ page, server, url, token, show });
    assertEquals(complaints, []);
    assertEquals(elsewhere, []);
  }, options);
}

async function withBrowser(
  body: (context: BrowserContext) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  // deno-lint-ignore no-import-prefix
  const { chromium } = await import("npm:playwright-core@1.65.1");
  const browser = await chromium.launch({
    executablePath: findPeer("chromium") ?? "",
    args: [...CHROMIUM_FLAGS],
  });
  try {
    const context = await browser.newContext({ locale: "en-GB", ...options });
    context.setDefaultTimeout(120_000);
    await body(context);
  } finally {
    await browser.close();
  }
}

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
  "the overview shows servers, their clients and where a relay leads",
  ["chromium"],
  () =>
    visit(async ({ page, server }) => {
      await page.waitForSelector(`svg.picture`);
      const texts = await page.locator(".box text").allTextContents();
      // Once as an endpoint, and once as what the relay passes on to.
      assertEquals(texts.filter((text) => text === server.url).length, 2);
      await using session = await connect(server.url);
      await session.send("hello");
      await page.waitForSelector(`.box:not(.idle) text:text-is("1")`);
    }),
);

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
  "what passes is shown as text and in hexadecimal, and none of it runs",
  ["chromium"],
  () =>
    visit(async ({ page, server, show }) => {
      await show("traffic");
      await using session = await connect(server.urls[1]!);
      const row = page.locator("tr[data-event=received]").first();
      // Until the page listens, messages are no events.
      while (await row.count() === 0) {
        await session.send(HOSTILE);
        await page.waitForTimeout(50);
      }
      await page.click("text=Pause");
      await row.locator("button").click();
      const [text = "", hex = ""] = await page.locator(".sides pre").allTextContents();
      assertEquals(text, HOSTILE.replace("\u202e", "U+202E"));
      assertStringIncludes(
        hex,
        "0000  3c 69 6d 67 20 73 72 63  3d 78 20 6f 6e 65 72 72  <img src=x onerr",
      );
      assertEquals(await page.locator("main img").count(), 0);
      assertEquals(await page.title(), "Traffic \u00b7 sockdock");
      await page.fill("[name=search]", "no such text");
      await page.waitForSelector("text=Nothing has passed yet.");
    }),
);

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
  "a server is started by the form and stopped again",
  ["chromium"],
  () =>
    visit(async ({ page, show }) => {
      await show("servers");
      const rows = page.locator("tr[data-server]");
      assertEquals(await rows.count(), 4);
      await page.click("text=Start a server");
      await page.selectOption("[name=protocol]", "upper");
      await page.fill("[name=options]", "no-such-option=1");
      await page.click("button >> text=Start");
      await page.waitForSelector(`.problem:has-text("no-such-option")`);
      await page.fill("[name=options]", "max-connections=10");
      await page.click("button >> text=Start");
      await page.waitForSelector("text=Started: tcp://127.0.0.1:");
      await page.locator("tr[data-server]:has-text('upper') button").click();
      await page.waitForSelector(".details code >> text=sockdock send tcp://127.0.0.1:");
      await page.click("text=Stop");
      await page.locator("tr[data-server]:has-text('upper')").waitFor({ state: "detached" });
      assertEquals(await rows.count(), 4);
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
    await withBrowser(async (context) => {
      const page = await context.newPage();
      await page.goto(`${first.url}/#token=${token}`);
      await page.waitForSelector(".state.ok");
      await page.click("text=Traffic");
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
