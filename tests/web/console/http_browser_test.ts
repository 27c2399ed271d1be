/** The panel HTTP, over servers of every transport of HTTP and real clients. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import type { Page } from "npm:playwright-core@1.65.1";
import { openControl } from "../../../dock/control/open_control.ts";
import { serve } from "../../../dock/serve.ts";
import type { HttpHandler } from "../../../core/http/app.ts";
import { echo } from "../../../protocols/echo.ts";
import { files } from "../../../web/files.ts";
import { hello } from "../../../web/hello.ts";
import { inspect } from "../../../web/inspect.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { complaintsOfAxe } from "./axe.ts";
import { type OpenConsole, visitControl, type VisitOptions } from "./visit.ts";

const NEEDED = ["chromium", "curl"] as const;
const SECRET = "open-sesame-swordfish";
/** A picture of one point, which is drawn wherever it is. */
const PICTURE = Uint8Array.from(
  atob("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
  (letter) => letter.charCodeAt(0),
);
const HOSTILE = `<img src=x onerror="document.title='hostile'"><script>document.title='hostile'` +
  `</script>\u202e`;

/** Answers in every way that a page could be hurt by, or tells what it was asked. */
const own: HttpHandler = async (request) => {
  const { pathname, search } = new URL(request.url);
  switch (pathname) {
    case "/picture":
      return new Response(PICTURE, { headers: { "content-type": "image/gif" } });
    case "/drawing":
      return new Response(
        `<svg xmlns="http://www.w3.org/2000/svg" onload="document.title='hostile'"><script>` +
          `top.document.title='hostile'</script></svg>`,
        { headers: { "content-type": "image/svg+xml" } },
      );
    case "/hostile":
      return new Response(HOSTILE, {
        headers: {
          "content-type": "text/html",
          "x-it": HOSTILE
            .replace("\u202e", ""),
        },
      });
    case "/bytes":
      return new Response(new Uint8Array([0, 1, 2, 255]));
    case "/long":
      return new Response("long ".repeat(50_000));
    default:
      return Response.json({
        ...{ method: request.method, search, text: await request.text() },
        said: request.headers.get("x-said"),
        secret: request.headers.get("authorization"),
      }, { headers: { "set-cookie": `sid=${SECRET}; Path=/` } });
  }
};

interface Opened extends OpenConsole {
  /** Of the servers: own requests by http, https and a Unix socket, then hello, files and inspect. */
  readonly urls: readonly string[];
  readonly socket: string;
}

async function visitHttp(
  body: (opened: Opened) => Promise<void>,
  options: VisitOptions = {},
): Promise<void> {
  await using folder = await temporaryFolder();
  await Deno.mkdir(`${folder.path}/site`);
  await Deno.writeTextFile(`${folder.path}/site/notes.txt`, "notes\n");
  const socket = `${folder.path}/http`;
  await using lines = await serve("tcp://127.0.0.1:0", echo);
  await using answering = await serve(
    ["http://127.0.0.1:0", "https://127.0.0.1:0", `unix://${socket}`],
    own,
    { dataFolder: folder.path },
  );
  await using greeting = await serve("http://127.0.0.1:0", hello);
  await using folderServer = await serve("http://127.0.0.1:0", files, {
    root: `${folder.path}/site`,
  });
  await using inspecting = await serve("http://127.0.0.1:0", inspect, {
    auth: `ada:${SECRET}`,
  });
  const docks = [lines, answering, greeting, folderServer, inspecting];
  await using control = await openControl(docks);
  const urls = docks.slice(1).flatMap((dock) => dock.urls);
  await visitControl(control, async (open) => {
    await open.show("http");
    await listening(open);
    await body({ ...open, urls, socket });
  }, options);
}

/** Until the page listens, requests are no events. */
async function listening({ url, token }: OpenConsole): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  for (;;) {
    const { control } = await (await fetch(`${url}/api/stats`, { headers })).json();
    if (control.listeners > 0) return;
  }
}

const curl = (...args: string[]) => runPeer("curl", ["-sSk", ...args]);

/** Opens the details of a request. */
async function choose(page: Page, path: string): Promise<void> {
  await page.locator(`tr[data-request="${path}"]`).first().locator("button").click();
  await page.waitForSelector(".exchange");
}

const part = (page: Page, at: number) => page.locator(".exchange > .sides .part").nth(at);

peerTest("requests over every transport of HTTP are shown with heads, bodies and timing", [
  ...NEEDED,
], () =>
  visitHttp(async ({ page, urls, socket }) => {
    const said = ["-H", "X-Said: ahoy", "-d", "the body"];
    await curl(...said, "--http1.1", `${urls[0]}/one?at=http`);
    await curl(...said, "--http2", `${urls[1]}/two?at=https`);
    await curl(...said, "--unix-socket", socket, "http://localhost/three?at=unix");
    await curl(`${urls[3]}/hello.txt`);
    await curl(`${urls[4]}/notes.txt`);
    await curl("-u", `ada:${SECRET}`, `${urls[5]}/anything`);
    const paths = ["/one?at=http", "/two?at=https", "/three?at=unix"];
    for (const [at, path] of paths.entries()) {
      await choose(page, path);
      const head = await part(page, 0).locator(".head").textContent() ?? "";
      assertStringIncludes(head, `POST ${path}`);
      assertStringIncludes(head.toLowerCase(), "x-said: ahoy");
      assertEquals(await part(page, 0).locator("pre >> nth=1").textContent(), "the body");
      // JSON is indented.
      const answer = await part(page, 1).locator("pre >> nth=1").textContent() ?? "";
      assertStringIncludes(answer, `{\n  "method": "POST",\n`);
      const facts = await page.locator(".exchange > dl").textContent() ?? "";
      assertStringIncludes(facts, `HTTP version${at === 1 ? "2" : "1.1"}`);
      assert(/First byte after\d+ ms/.test(facts), facts);
      await page.click(".exchange >> text=Close");
    }
    await choose(page, "/hello.txt");
    assert((await part(page, 1).locator("pre >> nth=1").textContent())!.length > 5);
    await page.click(".exchange >> text=Close");
    await choose(page, "/notes.txt");
    assertEquals(await part(page, 1).locator("pre >> nth=1").textContent(), "notes\n");
    await page.click(".exchange >> text=Close");
    await choose(page, "/anything");
    assertStringIncludes(await page.locator(".exchange > dl").textContent() ?? "", "Userada");
    await page.fill("[name=search]", "at=unix");
    await page.waitForSelector(`tr[data-request="/one?at=http"]`, { state: "detached" });
    assertEquals(await page.locator("tr[data-request]").count(), 1);
  }));

peerTest(
  "hostile heads and bodies do not run, and pictures are data alone",
  [...NEEDED],
  () =>
    visitHttp(async ({ page, urls }) => {
      await curl("-H", `X-Hostile: ${HOSTILE}`, "--data-raw", HOSTILE, `${urls[0]}/hostile`);
      for (const path of ["/picture", "/drawing", "/bytes", "/long"]) await curl(urls[0] + path);
      await choose(page, "/hostile");
      const head = await part(page, 0).locator(".head").textContent() ?? "";
      assertStringIncludes(head, "X-Hostile: <img src=x onerror=");
      const body = await part(page, 1).locator("pre >> nth=1").textContent();
      assertEquals(body, HOSTILE.replace("\u202e", "U+202E"));
      const command = await page.locator(".command code").first().textContent() ?? "";
      assert(!command.includes("\u202e") && command.includes("\\xe2\\x80\\xae"), command);
      assertEquals(await page.locator("main img").count(), 0);
      await page.click(".exchange >> text=Close");
      for (const path of ["/picture", "/drawing"]) {
        await choose(page, path);
        const image = page.locator(".exchange img");
        await image.waitFor();
        assert((await image.getAttribute("src"))!.startsWith("data:image/"));
        if (path === "/picture") {
          const width = await image.evaluate((one) =>
            (one as unknown as { naturalWidth: number })
              .naturalWidth
          );
          assertEquals(width, 1);
        }
        await page.click(".exchange >> text=Close");
      }
      await choose(page, "/bytes");
      assertStringIncludes(
        await part(page, 1).locator("pre >> nth=1").textContent() ?? "",
        "0000  00 01 02 ff",
      );
      await page.click(".exchange >> text=Close");
      await choose(page, "/long");
      await page.waitForSelector("text=only the beginning was kept");
      assertEquals(await page.title(), "HTTP \u00b7 sockdock");
    }),
);

peerTest(
  "credentials are shown nowhere, and copied commands have none",
  [...NEEDED],
  () =>
    visitHttp(async ({ page, urls, url, token }) => {
      const basic = btoa(`ada:${SECRET}`);
      await curl("-H", `Authorization: Basic ${basic}`, "-b", `sid=${SECRET}`, `${urls[0]}/secret`);
      await choose(page, "/secret");
      const shown = await page.content();
      for (const secret of [SECRET, basic]) assert(!shown.includes(secret), secret);
      assertStringIncludes(await part(page, 0).locator(".head").textContent() ?? "", "Basic ***");
      const commands = await page.locator(".command code").allTextContents();
      assertEquals(commands.length, 2);
      for (const command of commands) {
        assertStringIncludes(command, "-H 'Authorization: Basic ***'");
      }
      await page.waitForSelector("text=Put the secrets in place of ***");
      // Nothing that the page could ask for has it either.
      const headers = { authorization: `Bearer ${token}` };
      const events = await fetch(`${url}/api/wait?event=request&contains=secret`, { headers });
      const text = await events.text();
      assert(text.includes("content") && !text.includes(SECRET) && !text.includes(basic), text);
      // Sent again it has no secret, which is said, until one is typed.
      await page.click("text=Change and send again");
      await page.waitForSelector("text=Left out, because their secrets are not shown");
      await page.click(".send button >> text=Send");
      const answer = page.locator(".answer pre >> nth=1");
      await answer.waitFor();
      assertStringIncludes(await answer.textContent() ?? "", `"secret": null`);
    }),
);

peerTest(
  "a request is changed and sent again, its answer beside the first",
  [...NEEDED],
  () =>
    visitHttp(async ({ page, urls }) => {
      await curl("-H", "X-Said: first", "-d", "one", `${urls[1]}/again?a=b`);
      await choose(page, "/again?a=b");
      await page.click("text=Change and send again");
      assertEquals(await page.inputValue("[name=target]"), "/again?a=b");
      assertEquals(await page.inputValue("[name=body]"), "one");
      const fields = await page.inputValue("[name=fields]");
      assertStringIncludes(fields.toLowerCase(), "x-said: first");
      // With the keyboard alone: the form has the focus already.
      assertEquals(await page.evaluate("document.activeElement.name"), "method");
      await page.keyboard.press("Control+A");
      await page.keyboard.type("PUT");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Control+A");
      await page.keyboard.type("/changed?c=d");
      await page.fill("[name=fields]", "X-Said: second");
      await page.fill("[name=body]", "two");
      await page.focus("[name=target]");
      await page.keyboard.press("Enter");
      const beside = page.locator(".send .part");
      await beside.nth(1).locator("pre >> nth=1").waitFor();
      const [first, second] = await Promise.all(
        [0, 1].map((at) => beside.nth(at).locator("pre >> nth=1").textContent()),
      );
      assertStringIncludes(first!, `"said": "first"`);
      for (const text of [`"method": "PUT"`, `"search": "?c=d"`, `"two"`, `"said": "second"`]) {
        assertStringIncludes(second!, text);
      }
      assertEquals(await complaintsOfAxe(page), []);
      // It passed like any other.
      await page.waitForSelector(`tr[data-request="/changed?c=d"]`);
      // What is wrong with it is said where it was written.
      await page.fill("[name=target]", "http://example.com/");
      await page.click(".send button >> text=Send");
      await page.waitForSelector(`.send .problem:has-text("expected a path and a query")`);
    }),
);

peerTest(
  "a new request is written, and what the server wants besides is said",
  [...NEEDED],
  () =>
    visitHttp(async ({ page, urls }) => {
      await page.waitForSelector("text=Nobody has asked for anything yet.");
      await page.click("text=New request");
      await page.locator(".send select").selectOption({ label: `inspect \u00b7 ${urls[5]}` });
      await page.fill("[name=target]", "/anything");
      await page.click(".send button >> text=Send");
      await page.waitForSelector("text=The server wants to know who asks.");
      await page.fill("[name=fields]", `Authorization: Basic ${btoa(`ada:${SECRET}`)}`);
      await page.click(".send button >> text=Send");
      await page.waitForSelector(".answer[data-status='200']");
      await page.waitForSelector("text=First byte");
    }),
);

peerTest(
  "the panel fits a phone, in Japanese, with a request open",
  [...NEEDED],
  () =>
    visitHttp(async ({ page, urls }) => {
      await curl("-H", `X-Long: ${"x".repeat(500)}`, "-d", "y".repeat(500), `${urls[0]}/phone`);
      await choose(page, "/phone");
      await page.click(".exchange .main");
      await page.click(".send .main");
      await page.waitForSelector(".answer");
      const fits = "document.documentElement.scrollWidth <= innerWidth";
      assertEquals(await page.evaluate(fits), true);
      assertEquals(await complaintsOfAxe(page), []);
      assertEquals(await page.textContent("h1"), "HTTP");
    }, { locale: "ja-JP", viewport: { width: 360, height: 700 }, isMobile: true, hasTouch: true }),
);
