/** The panel Chat in Chromium, with clients of other kinds in the same rooms. */

import { assert, assertEquals } from "@std/assert";
// deno-lint-ignore no-import-prefix
import type { Page } from "npm:playwright-core@1.65.1";
import { openControl } from "../../../dock/control/open_control.ts";
import { joinChat } from "../../../dock/join_chat.ts";
import { serve } from "../../../dock/serve.ts";
import { chat } from "../../../protocols/chat.ts";
import { echo } from "../../../protocols/echo.ts";
import { peerTest, placeArguments, startPeer } from "../../peer.ts";
import { complaintsOfAxe } from "./axe.ts";
import { type OpenConsole, visitControl } from "./visit.ts";

const HOSTILE = `<img src=x onerror="document.title='hostile'"> javascript:alert(1)`;
const MEMORY = { history: ":memory:" };

async function enter({ page, show }: OpenConsole, name: string, room = "lobby"): Promise<void> {
  await show("chat");
  await page.fill("[name=name]", name);
  await page.fill("[name=room]", room);
  await page.click(".enter button");
  await page.waitForSelector(".said");
}

async function say(page: Page, text: string): Promise<void> {
  await page.fill("[name=say]", text);
  await page.press("[name=say]", "Enter");
}

/** netcat as a member, on UDP. */
function netcat(url: string) {
  const nc = startPeer("nc", ["-u", ...placeArguments(url)]);
  return Object.assign(nc, {
    say: (line: string) => nc.write(`${line}\n`),
    hears: (text: string) => nc.stdout.includes(text),
  });
}

peerTest(
  "a page and netcat on UDP chat with each other, with who comes and goes",
  ["chromium", "nc"],
  async () => {
    await using server = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], chat, MEMORY);
    await using control = await openControl([server]);
    await visitControl(control, async (open) => {
      const { page } = open;
      await enter(open, "ada");
      await page.waitForSelector("text=Nothing has been said yet.");
      await using bob = netcat(server.urls[1]!);
      await bob.say("/name bob");
      await page.waitForSelector(".note >> text=bob came.");
      await page.waitForSelector(".members >> text=bob");
      await bob.say("ahoy from netcat");
      await page.waitForSelector(".message .text >> text=ahoy from netcat");
      await say(page, "ahoy from a page");
      await bob.hears("ada: ahoy from a page");
      await page.waitForSelector(".message.own .text >> text=ahoy from a page");
      assertEquals(await page.locator(".unsaid").count(), 0);
      await say(page, "/me waves");
      await bob.hears("* ada waves");
      await bob.say("what says Ada?");
      await page.waitForSelector(".message.mention >> text=what says Ada?");
      assertEquals(await complaintsOfAxe(page), []);
      // Written to one alone, both ways.
      await page.click(".members button >> text=bob");
      await page.waitForSelector(".roomhead h2 >> text=bob");
      await say(page, "psst");
      await bob.hears("[ada] psst");
      await bob.say("/msg ada psst yourself");
      await page.waitForSelector(".said >> text=psst yourself");
      await page.click(".places button >> text=lobby");
      await page.fill("[name=words]", "netcat");
      await page.press("[name=words]", "Enter");
      await page.waitForSelector("text=1 found");
      await page.click("text=Back to the chat");
      await bob.say("/quit");
      await page.waitForSelector(".note >> text=bob went");
    });
  },
);

peerTest(
  "rooms keep count of what was not seen, and names and texts never run",
  ["chromium"],
  async () => {
    await using server = await serve("tcp://127.0.0.1:0", chat, MEMORY);
    await using control = await openControl([server]);
    await using bob = await joinChat(server.url, { name: "bob" });
    await bob.say(HOSTILE);
    await visitControl(control, async (open) => {
      const { page, show } = open;
      await enter(open, "ada");
      await page.waitForSelector(`.message .text`);
      assertEquals(await page.textContent(".message .text"), HOSTILE);
      assertEquals(await page.locator(".said :is(img, a)").count(), 0);
      await page.fill("[data-command=join] input", "harbour");
      await page.press("[data-command=join] input", "Enter");
      await page.waitForSelector(".roomhead h2 >> text=harbour");
      await bob.say("one");
      await bob.say("two, ada");
      await page.waitForSelector(".places .unread.mention >> text=2");
      await show("servers");
      await page.waitForSelector("nav .unread >> text=2");
      assertEquals(await page.title(), "(1) Servers \u00b7 sockdock");
      await show("chat");
      await page.click(".places button >> text=lobby");
      await page.waitForSelector(".day.new >> text=New");
      await page.waitForSelector(".message.mention >> text=two, ada");
      assertEquals(await page.locator(".unread").count(), 0);
      assertEquals(await page.title(), "Chat \u00b7 sockdock");
      await bob.say("see http://127.0.0.1:8080/tide. Now");
      assertEquals(
        await page.locator(".said a").first().getAttribute("href"),
        "http://127.0.0.1:8080/tide",
      );
      await page.fill("[data-command=name] input", "eve");
      await page.press("[data-command=name] input", "Enter");
      await page.waitForSelector(".note >> text=You are eve now.");
      await say(page, "/nonsense");
      await page.waitForSelector(".problem >> text=There is no /nonsense");
      assertEquals(await page.inputValue("[name=say]"), "/nonsense");
      await page.click("text=Leave the chat");
      await page.waitForSelector("[name=room]");
    });
  },
);

peerTest(
  "a name that is taken is had once it is free, and one that was proved is refused",
  ["chromium"],
  async () => {
    await using server = await serve("tcp://127.0.0.1:0", chat, { ...MEMORY, operator: ["chief"] });
    await using control = await openControl([server]);
    const bob = await joinChat(server.url, { name: "bob" });
    await visitControl(control, async (open) => {
      const { page } = open;
      await open.show("chat");
      await page.fill("[name=name]", "chief");
      await page.click(".enter button");
      await page.waitForSelector(".problem >> text=chief is the name of a verified member");
      await enter(open, "bob");
      await page.waitForSelector(".note >> text=You are bob-2 until bob is free.");
      await bob.close();
      await page.waitForSelector(".note >> text=You are bob now.");
    });
  },
);

peerTest(
  "nothing is lost or said twice when the chat is stopped and started again",
  ["chromium"],
  async () => {
    const folder = await Deno.makeTempDir();
    const kept = { history: `${folder}/chat.sqlite` };
    let server = await serve("tcp://127.0.0.1:0", chat, kept);
    await using idle = await serve("tcp://127.0.0.1:0", echo);
    await using control = await openControl([server, idle]);
    await visitControl(control, async (open) => {
      const { page } = open;
      await enter(open, "ada");
      await say(page, "before");
      await page.waitForSelector(".message:not(.unsaid) .text >> text=before");
      const { url } = server;
      await server.shutdown({ graceMs: 0 });
      await page.waitForSelector(".away >> text=Connection lost");
      await say(page, "meanwhile one");
      await say(page, "meanwhile two");
      await page.locator(".unsaid").nth(1).waitFor();
      server = await serve(url, chat, kept);
      await using bob = await joinChat(url, { name: "bob", room: "lobby" });
      await bob.say("while you were away");
      control.add(server);
      await page.waitForSelector(".note >> text=Back in the room.");
      await page.locator(".unsaid").first().waitFor({ state: "detached" });
      await page.waitForSelector(".message.own .text >> text=meanwhile two");
      await page.waitForSelector(".text >> text=while you were away");
      const texts = await page.locator(".message .text").allTextContents();
      assertEquals(texts, ["before", "while you were away", "meanwhile one", "meanwhile two"]);
      const history = await bob.history(10);
      assertEquals(history.map(({ text }) => text), texts);
    });
    await server.shutdown({ graceMs: 0 });
    await Deno.remove(folder, { recursive: true });
  },
);

peerTest(
  "a member who is removed is told why, and stays away",
  ["chromium"],
  async () => {
    const lines = new TransformStream<string, string>();
    const writer = lines.writable.getWriter();
    await using server = await serve("tcp://127.0.0.1:0", chat, {
      ...{ ...MEMORY, as: "chief", lines: lines.readable },
    });
    await using control = await openControl([server]);
    await visitControl(control, async (open) => {
      await enter(open, "ada");
      await open.page.waitForSelector(".members >> text=chief");
      await writer.write("/kick ada too loud");
      await open.page.waitForSelector(".problem >> text=too loud");
      await open.page.waitForSelector("[name=room]");
    });
    await writer.close();
  },
);

peerTest(
  "without a chat it is said where to start one, and a phone has room for one",
  ["chromium"],
  async () => {
    await using control = await openControl([]);
    await visitControl(control, async ({ page, show }) => {
      await show("chat");
      await page.waitForSelector("text=No chat runs.");
    });
    await using server = await serve("tcp://127.0.0.1:0", chat, MEMORY);
    await using other = await openControl([server]);
    await using bob = await joinChat(server.url, { name: "bob" });
    for (let at = 0; at < 40; at++) await bob.say(`line ${at} ${"long ".repeat(20)}`);
    await visitControl(other, async (open) => {
      const { page } = open;
      await enter(open, "\u6e2f");
      await page.waitForSelector(".message .text >> text=line 39");
      const wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      assert(Number(wide) <= 0, String(wide));
      // The newest is seen, and what is typed too.
      for (const seen of [page.locator(".message .text").last(), page.locator("[name=say]")]) {
        const box = await seen.boundingBox();
        assert(box !== null && box.y >= 0 && box.y + box.height <= 740, JSON.stringify(box));
      }
      // Old lines stay where they are when something is said.
      await page.locator(".said").evaluate((list: { scrollTop: number }) => list.scrollTop = 0);
      await bob.say("new");
      await page.waitForSelector(".newer");
      assertEquals(
        await page.locator(".said").evaluate((list: { scrollTop: number }) => list.scrollTop),
        0,
      );
      await page.click(".newer");
      await page.locator(".newer").waitFor({ state: "detached" });
    }, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
  },
);
