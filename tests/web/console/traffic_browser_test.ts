/** The panel of traffic in Chromium, over servers of several transports. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connect } from "../../../dock/connect.ts";
import { openControl } from "../../../dock/control/open_control.ts";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { type OpenConsole, visit, visitControl } from "./visit.ts";

const HOSTILE = `<img src=x onerror="document.title='hostile'">\u202e`;

/** The rows that are drawn. */
const ROWS = "tr[data-event]";

async function rowsOf(page: OpenConsole["page"]): Promise<string[]> {
  const rows = await page.locator(ROWS).all();
  return await Promise.all(rows.map(async (row) => {
    const cells = await row.locator("th, td").allTextContents();
    return [cells[1], cells[3], cells[4], cells[5]].map((cell) => cell!.trim()).join(" ");
  }));
}

peerTest("what passes is shown as text and in hexadecimal, and none of it runs", [
  "chromium",
], () =>
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
    await row.locator("th button").click();
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
  }));

peerTest("direction, session and order are those of what passed, on every transport", [
  "chromium",
], async () => {
  await using folder = await temporaryFolder();
  await using server = await serve([
    ...["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "ws://127.0.0.1:0"],
    `unix://${folder.path}/echo.sock`,
  ], echo);
  // Remembered from the beginning, and shown when the panel opens.
  await using control = await openControl([server], { traffic: true });
  await visitControl(control, async ({ page, show }) => {
    const numbers: number[] = [];
    for (const url of server.urls) {
      await using session = await connect(url);
      const answers = session[Symbol.asyncIterator]();
      for (const text of ["one", "two"]) {
        await session.send(text);
        await answers.next();
      }
      const open = [...server.sessions()].map(({ session }) => session.sessionId);
      numbers.push(Math.max(...open));
    }
    await show("traffic");
    await page.selectOption("label:has-text('Events') select", "onlyMessages");
    await page.waitForSelector(`table[aria-rowcount="${1 + 16}"]`);
    const expected = numbers.flatMap((number) =>
      ["one", "two"].flatMap((text) => [
        `received \u2192 ${number} 3 ${text}`,
        `sent \u2190 ${number} 3 ${text}`,
      ])
    );
    assertEquals((await rowsOf(page)).toReversed(), expected);

    // One session, by a click on its number, and one server.
    await page.click(`td button:text-is("${numbers[1]}") >> nth=0`);
    await page.waitForSelector(`table[aria-rowcount="${1 + 4}"]`);
    assertEquals(await page.inputValue("[name=session]"), String(numbers[1]));
    await page.fill("[name=session]", "");
    await page.selectOption("label:has-text('Server') select", { index: 3 });
    await page.waitForSelector(`table[aria-rowcount="${1 + 4}"]`);
    assertEquals((await rowsOf(page)).toReversed(), expected.slice(8, 12));

    await page.fill("[name=search]", "TWO");
    await page.waitForSelector(`table[aria-rowcount="${1 + 2}"]`);
  });
});

peerTest("what is kept is downloaded as JSON lines, and as a capture that tshark reads", [
  "chromium",
  "tshark",
], () =>
  visit(async ({ page, server, show }) => {
    await show("traffic");
    await using session = await connect(server.url);
    while (await page.locator("tr[data-event=sent]").count() === 0) {
      await session.send("ahoy");
      await page.waitForTimeout(50);
    }
    await using folder = await temporaryFolder();
    const save = async (button: string, name: string) => {
      const downloading = page.waitForEvent("download");
      await page.click(`text=${button}`);
      const download = await downloading;
      assertEquals(download.suggestedFilename(), name);
      await download.saveAs(`${folder.path}/${name}`);
      return `${folder.path}/${name}`;
    };
    await page.click("text=Pause");
    const lines = await Deno.readTextFile(await save("Download JSON lines", "events.jsonl"));
    const events = lines.trimEnd().split("\n").map((line) => JSON.parse(line));
    const texts = events.filter(({ event }) => event === "received" || event === "sent");
    assert(texts.length >= 2 && texts.every(({ text }) => /^(?:ahoy)+$/.test(text)), lines);
    const file = await save("Download capture", "sockdock.pcapng");
    const { stdout } = await runPeer("tshark", [
      ...["-r", file, "-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.payload"],
    ]);
    assert(/^(?:61686f79)+$/m.test(stdout), stdout);
  }));

peerTest("ten thousand events a second do not freeze the page, which says what it left out", [
  "chromium",
], () =>
  visit(async ({ page, server, show }) => {
    await show("traffic");
    await using session = await connect(server.urls[1]!);
    let flooding = true;
    const flood = (async () => {
      while (flooding) {
        for (let at = 0; at < 100; at++) await session.send("x".repeat(64));
        await new Promise((resolve) => setTimeout(resolve));
      }
    })();
    await page.waitForSelector("text=left out, too fast to show");
    // It still obeys, under the flood.
    await page.locator(ROWS).nth(10).waitFor();
    assert(await page.locator(ROWS).count() < 100, "all rows are drawn");
    await page.click("text=Pause");
    await page.waitForSelector("text=Go on");
    flooding = false;
    await flood;
  }));

peerTest(
  "rows that are looked at stand still, older ones can be scrolled to, with the keyboard too",
  [
    "chromium",
  ],
  () =>
    visit(async ({ page, server, show }) => {
      await show("traffic");
      await using session = await connect(server.urls[1]!);
      const pass = async () => {
        const before = await page.textContent("main p[role=status]");
        while (await page.textContent("main p[role=status]") === before) {
          for (let at = 0; at < 50; at++) await session.send("ahoy");
          await page.waitForTimeout(50);
        }
      };
      while (await page.locator(ROWS).count() < 15) await pass();
      const first = page.locator(ROWS).first();
      const row = await first.getAttribute("aria-rowindex");
      await first.locator("th button").focus();
      const time = await first.locator("td").first().textContent();
      await pass();
      assertEquals(await first.locator("td").first().textContent(), time);
      assertEquals(
        await page.evaluate("document.activeElement.closest('tr')?.getAttribute('aria-rowindex')"),
        row,
      );
      await page.keyboard.press("Enter");
      await page.waitForSelector(".sides pre");
      await page.focus("[name=search]");
      await pass();
      await page.focus(".events");
      await page.keyboard.press("End");
      const last = await page.getAttribute("table", "aria-rowcount");
      await page.waitForSelector(`tr[aria-rowindex="${last}"]`);
    }),
);
