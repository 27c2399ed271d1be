/**
 * A visit to the console in Chromium, which the tests of all panels share: servers, their control,
 * a browser with the console open, and that nothing was complained of or asked for elsewhere.
 */

import { assertEquals } from "@std/assert";
// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import type { BrowserContext, BrowserContextOptions, Page } from "npm:playwright-core@1.65.1";
import { openControl } from "../../../dock/control/open_control.ts";
import { relay } from "../../../dock/relay.ts";
import { type Dock, serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { hello } from "../../../web/hello.ts";
import { CHROMIUM_FLAGS } from "../../chromium.ts";
import { findPeer } from "../../peer.ts";

export type { Page };

/** What the browser is, and with what fragment the console is opened in place of its token. */
export interface VisitOptions extends BrowserContextOptions {
  readonly fragment?: string;
}

/** The console of a control, open in a browser. */
export interface OpenConsole {
  readonly page: Page;
  /** Of the control, without a slash at its end. */
  readonly url: string;
  readonly token: string;
  /** Opens a panel. */
  readonly show: (panel: string) => Promise<void>;
}

/** The same over the usual servers. */
export interface Visit extends OpenConsole {
  /** An echo on TCP and UDP. */
  readonly server: Dock;
}

/** Opens the console over an echo on TCP and UDP, a page and a relay; closes everything afterwards. */
export async function visit(
  body: (visit: Visit) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  await using server = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], echo);
  await using web = await serve("http://127.0.0.1:0", hello);
  await using passing = await relay("tcp://127.0.0.1:0", server.url);
  await using control = await openControl([server, web, passing]);
  await visitControl(control, (open) => body({ ...open, server }), options);
}

/** Opens the console of a control that runs; the caller closes the control. */
export async function visitControl(
  { url, token }: { readonly url: string; readonly token: string },
  body: (open: OpenConsole) => Promise<void>,
  { fragment = `#token=${token}`, ...options }: VisitOptions = {},
): Promise<void> {
  await withBrowser(async (context) => {
    const page = await context.newPage();
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    page.on("pageerror", (error: Error) => complaints.push(error.message));
    page.on("console", (message) => {
      // That the control refused something, or has gone, is told there too, as it should be.
      const isKnown = /status of 4|net::ERR_/.test(message.text());
      if (message.type() === "error" && !isKnown) complaints.push(message.text());
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
    await page.goto(`${url}/${fragment}`);
    await body({ page, url, token, show });
    assertEquals(complaints, []);
    assertEquals(elsewhere, []);
  }, options);
}

/** Starts a browser, and ends it afterwards. */
export async function withBrowser(
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
