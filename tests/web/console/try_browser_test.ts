/** The panel Try it in Chromium: sessions from sockdock to its own servers. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { openControl } from "../../../dock/control/open_control.ts";
import { serve } from "../../../dock/serve.ts";
import { acknowledge } from "../../../protocols/acknowledge.ts";
import { upper } from "../../../protocols/upper.ts";
import { everyServer } from "../../dock/every_server.ts";
import { peerTest } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { complaintsOfAxe } from "./axe.ts";
import { visit, visitControl } from "./visit.ts";

const HOSTILE = `<img src=x onerror="document.title='hostile'">\u202e`;

peerTest(
  "a session is tried over every transport: what is sent comes back, with its time",
  ["chromium"],
  async () => {
    await using folder = await temporaryFolder();
    await using stack = new AsyncDisposableStack();
    const docks = await everyServer(folder.path);
    docks.forEach((dock) => stack.use(dock));
    await using control = await openControl(docks);
    await visitControl(control, async ({ page, show }) => {
      await show("try");
      for (const [at, { url }] of docks.entries()) {
        await page.locator("select").first().selectOption(String(at + 1));
        await page.click("text=Open a session");
        await page.locator(`.talk code:has-text("${url.replace("0.0.0.0", "127.0.0.1")}")`)
          .first().waitFor();
        await page.fill("[name=message]", `ahoy ${at}`);
        await page.keyboard.press("Enter");
        const answer = page.locator("[data-line=received]");
        await answer.locator(`pre:has-text("ahoy ${at}")`).waitFor();
        assertMatch(await answer.locator(".took").textContent() ?? "", /\d+ B \u00b7 [\d.]+ ms/);
      }
      assertEquals(await page.locator(".talks li").count(), docks.length);
      await page.reload();
      await page.waitForSelector(".state.ok");
    });
    // The page went away, and so did what it had opened.
    const headers = { authorization: `Bearer ${control.token}` };
    const { dials } = await (await fetch(`${control.url}/api/dials`, { headers })).json();
    assertEquals(dials, []);
  },
);

peerTest(
  "text and bytes are sent with the ending of choice, kept for the arrow keys, and never run",
  ["chromium"],
  () =>
    visit(async ({ page, show }) => {
      await show("try");
      await page.click("text=Open a session");
      const send = async (text: string) => {
        await page.fill("[name=message]", text);
        await page.keyboard.press("Enter");
      };
      await page.selectOption("[name=ending]", "noEnding");
      await send(HOSTILE);
      const received = page.locator("[data-line=received] pre");
      await received.first().waitFor();
      assertEquals(await received.first().textContent(), HOSTILE.replace("\u202e", "U+202E"));
      assertEquals(await page.locator("main img").count(), 0);
      await page.selectOption("[name=ending]", "crlf");
      await send("line");
      await page.locator("[data-line=received] .took >> text=6 B").waitFor();
      await page.selectOption("[name=form]", "hex");
      await send("00 ff 0a");
      await page.check("text=In hexadecimal");
      await page.locator("[data-line=received] pre >> text=0000  00 ff 0a").waitFor();
      await send("0g");
      await page.waitForSelector(".problem >> text=two digits a byte");
      assertEquals(await complaintsOfAxe(page), []);
      await page.fill("[name=message]", "");
      for (const said of ["00 ff 0a", "line", HOSTILE]) {
        await page.press("[name=message]", "ArrowUp");
        assertEquals(await page.inputValue("[name=message]"), said);
      }
      await page.press("[name=message]", "ArrowDown");
      assertEquals(await page.inputValue("[name=message]"), "line");
      // It goes on while another panel is shown.
      await show("servers");
      await show("try");
      assertEquals(await page.locator("[data-line=sent]").count(), 3);
      assertEquals(await page.title(), "Try it \u00b7 sockdock");
    }),
);

peerTest(
  "our half is ended, what comes unasked is shown, and a server that stops is said",
  ["chromium"],
  async () => {
    await using server = await serve("tcp://127.0.0.1:0", acknowledge);
    await using other = await serve("tcp://127.0.0.1:0", upper);
    await using control = await openControl([server, other]);
    await visitControl(control, async ({ page, show }) => {
      await show("try");
      await page.click("text=Open a session");
      await page.fill("[name=message]", "a");
      await page.click(".composer button");
      await page.waitForSelector("[data-line=received] >> text=Message received: a");
      await page.click("text=End our half");
      await page.waitForSelector("text=Closed: the server ended the session");
      await page.click(".talk button >> text=Close");
      await page.waitForSelector("text=Open a session, and say something");

      await page.locator("select").first().selectOption("2");
      await page.click("text=Open a session");
      await page.waitForSelector("[name=message]");
      // What the server says by itself, as a program over the control does.
      const headers = { authorization: `Bearer ${control.token}` };
      const { sessions } = await (await fetch(`${control.url}/api/sessions`, { headers })).json();
      await fetch(`${control.url}/api/sessions/${sessions[0].id}/send`, {
        ...{ method: "POST", headers, body: JSON.stringify({ text: "unasked" }) },
      });
      await page.waitForSelector("[data-line=received] >> text=unasked");
      await other.shutdown({ graceMs: 0 });
      await page.waitForSelector("[data-line=closed]");
      assertEquals(await page.locator("[name=message]").count(), 0);
    });
  },
);

peerTest(
  "what a server wants of its clients is said, and a server of HTTP is asked for a path",
  ["chromium"],
  async () => {
    await using server = await serve("ws://127.0.0.1:0", upper, { authFile: await users() });
    await using control = await openControl([server]);
    await visitControl(control, async ({ page, show }) => {
      await show("try");
      await page.click("text=Open a session");
      await page.waitForSelector(".problem >> text=lets in only the users of its files");
      await page.click("text=Options of the client");
      await page.fill("[name=options]", `header=Authorization: Basic ${btoa("ada:swordfish")}`);
      await page.click("text=Open a session");
      await page.fill("[name=message]", "ahoy");
      await page.keyboard.press("Enter");
      await page.waitForSelector("[data-line=received] >> text=AHOY");
    });
    await visit(async ({ page, url, show }) => {
      await show("try");
      await page.locator("select").first().selectOption("3");
      await page.click("main form button >> text=Send");
      await page.waitForSelector("strong >> text=200");
      assert((await page.locator(".sides pre").first().textContent())!.includes("content-type"));
      assertEquals(new URL(page.url()).origin, url);
    });

    async function users(): Promise<string> {
      const file = await Deno.makeTempFile();
      const { hashPassword } = await import("../../../core/keys/password_hash.ts");
      await Deno.writeTextFile(file, `ada:${await hashPassword("swordfish")}\n`, { mode: 0o600 });
      return file;
    }
  },
);
