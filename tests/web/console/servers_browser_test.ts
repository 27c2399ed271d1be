/** The panel Servers in Chromium: the form that starts servers, their commands, drain and stop. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import type { Page } from "npm:playwright-core@1.65.1";
import { connect } from "../../../dock/connect.ts";
import { openControl } from "../../../dock/control/open_control.ts";
import { send } from "../../../dock/send.ts";
import { serve } from "../../../dock/serve.ts";
import { makeCertificate } from "../../../core/certificates/self_signed.ts";
import { textOf } from "../../../core/session.ts";
import { ask } from "../../dock/ask_control.ts";
import { peerTest } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { visit, visitControl } from "./visit.ts";

const rowOf = (text: string) => `tr[data-server]:has-text("${text}")`;

async function openForm(page: Page, protocol: string, transport: string): Promise<void> {
  const form = page.locator("details.start");
  if (await form.getAttribute("open") === null) await page.click("details.start > summary");
  await page.selectOption("[name=protocol]", protocol);
  await page.selectOption("[name=transport]", transport);
}

/** Finds an option, whose group unfolds then. */
async function find(page: Page, name: string): Promise<string> {
  await page.fill("[name=search-options]", name);
  await page.waitForSelector(`#option-${name}`);
  return `#option-${name}`;
}

async function started(page: Page): Promise<string> {
  const text = await page.locator("[role=status]", { hasText: "Started: " }).textContent();
  return text!.replace("Started: ", "").trim();
}

peerTest("a server is started with options of every kind, as they were filled in", [
  "chromium",
], async () => {
  await using control = await openControl([]);
  await visitControl(control, async ({ page, show }) => {
    await show("servers");
    await openForm(page, "hello", "https");
    await page.fill(await find(page, "max-connections"), "7");
    await page.fill(await find(page, "keep-alive-timeout"), "90s");
    await page.fill(await find(page, "auth"), "ada:swordfish");
    assertEquals(await page.getAttribute("#option-auth", "type"), "password");
    await page.fill(await find(page, "allow"), "127.0.0.1\n::1\n");
    await page.selectOption(await find(page, "tls-min"), "1.3");
    await page.check(await find(page, "once"));
    assertEquals(
      await page.getAttribute(await find(page, "max-connections"), "placeholder"),
      "8192",
    );
    await page.click("button >> text=/^Start$/");
    const url = await started(page);
    const { servers } = (await ask(control, "GET", "/api/servers")).body;
    assertEquals([servers[0].url, servers[0].options], [url, {
      maxConnections: 7,
      keepAliveTimeoutMs: 90_000,
      auth: "***",
      allow: ["127.0.0.1", "::1"],
      tlsMin: "1.3",
      once: true,
    }]);
    assert(!(await page.content()).includes("swordfish"));
  });
});

peerTest("only options that have an effect are offered, and found by a search", [
  "chromium",
], async () => {
  await using control = await openControl([]);
  await visitControl(control, async ({ page, show }) => {
    await show("servers");
    await openForm(page, "echo", "tcp");
    await page.waitForSelector("[data-option=max-connections]", { state: "attached" });
    assertEquals(await page.locator("[data-option=tls-cert]").count(), 0);
    await page.selectOption("[name=transport]", "tls");
    await page.waitForSelector("[data-option=tls-cert]", { state: "attached" });
    await page.selectOption("[name=transport]", "udp");
    await page.waitForSelector("[data-option=tls-cert]", { state: "detached" });
    await page.check("[name=layer-sealed]");
    await page.waitForSelector("[data-option=sealed-key]", { state: "attached" });
    await page.fill("[name=search-options]", "no such option");
    await page.waitForSelector("text=No option fits.");
    await page.fill("[name=search-options]", "oldest sealed datagram");
    await page.waitForSelector("#option-sealed-lifetime");
    assertEquals(await page.locator(".fields [data-option]").count(), 1);
    // What needs order has its layer, which cannot be taken away.
    await page.fill("[name=search-options]", "");
    await page.selectOption("[name=protocol]", "inbox");
    await page.selectOption("[name=transport]", "udp+reliable");
    assert(await page.isChecked("[name=layer-reliable]"));
    assert(await page.isDisabled("[name=layer-reliable]"));
    await page.waitForSelector("#option-into");
  });
});

peerTest("what the control refuses is said beside the field that it is about", [
  "chromium",
], async () => {
  await using control = await openControl([]);
  await visitControl(control, async ({ page, show }) => {
    await show("servers");
    await openForm(page, "echo", "tcp");
    const field = await find(page, "max-connections");
    await page.fill(field, "many");
    await page.fill("[name=search-options]", "");
    await page.click("button >> text=/^Start$/");
    const problem = page.locator("[data-option=max-connections] [role=alert]");
    assertStringIncludes((await problem.textContent())!, "expected a whole number");
    assertEquals(await page.getAttribute(field, "aria-invalid"), "true");
    await page.waitForSelector("#option-max-connections:focus");
    await page.fill(field, "3");
    await page.keyboard.press("Enter");
    await started(page);
    assertEquals(await problem.count(), 0);
    // What is about no option stands below the form.
    await page.fill("[name=port]", new URL((await started(page)).replace("tcp", "http")).port);
    await page.click("button >> text=/^Start$/");
    await page.waitForSelector(".start .problem:has-text('in use')");
  });
});

peerTest("a server of every transport is started by the form, shown and stopped", [
  "chromium",
], async () => {
  await using folder = await temporaryFolder();
  await using control = await openControl([], { folders: [folder.path] });
  await visitControl(control, async ({ page, show }) => {
    await show("servers");
    const ways = ["tcp", "tls", "unix", "udp", "dtls", "unixgram", "ws", "wss"]
      .map((transport) => ["echo", transport] as const);
    for (const [protocol, transport] of [...ways, ["hello", "http"], ["hello", "https"]] as const) {
      await openForm(page, protocol, transport);
      if (transport.startsWith("unix")) {
        await page.fill("[name=path]", `${folder.path}/${transport} of mine?`);
      }
      await page.click("button >> text=/^Start$/");
      await page.waitForSelector(`[role=status]:has-text("Started: ${transport}://")`);
    }
    await openForm(page, "relay", "udp");
    await page.check("[name=layer-reliable]");
    const { servers } = (await ask(control, "GET", "/api/servers")).body;
    await page.fill("#option-to", servers[0].url);
    await page.click("button >> text=/^Start$/");
    await page.waitForSelector(`[role=status]:has-text("Started: udp+reliable://")`);
    const url = await started(page);
    assertEquals(textOf(await send(url, "through it", { retries: 5 })), "through it");
    assertEquals(textOf(await send(servers[2].url, "by path")), "by path");
    await page.locator("tr[data-server]").nth(10).waitFor();
    await show("overview");
    await page.locator("a.box.url").nth(10).waitFor();
    assertEquals(
      await page.locator(".box.upstream text").textContent(),
      `echo \u00b7 ${servers[0].url}`,
    );
    await show("certificates");
    await page.locator(".certificate").nth(3).waitFor();
    await show("servers");
    for (let left = 10; left >= 0; left--) {
      await page.locator("tr[data-server] button").first().click();
      await page.click(".details >> text=/^Stop$/");
      await page.click("text=Stop now");
      await page.locator("tr[data-server]").nth(left).waitFor({ state: "detached" });
    }
  });
});

peerTest(
  "whoever stops a server is told what stops with it, and may keep it",
  ["chromium"],
  () =>
    visit(async ({ page, server, show }) => {
      await show("servers");
      await page.locator(`${rowOf(server.url)} button`).first().click();
      await page.click(".details >> text=/^Stop$/");
      // The question has the focus, and the keyboard can leave it.
      await page.waitForSelector("button:focus:has-text('Stop now')");
      const together = await page.locator(".confirm li").allTextContents();
      assertEquals(together, [...server.urls]);
      await page.keyboard.press("Escape");
      assertEquals(await page.locator(".confirm").count(), 0);
      await page.waitForSelector("button:focus:has-text('Drain')");
      await using session = await connect(server.url);
      await session.send("hello");
      await page.click(".details >> text=/^Stop$/");
      assertEquals(await page.locator(".confirm strong").count(), 0);
      await page.click("text=Stop now");
      await page.waitForSelector(`[role=status]:has-text("Stopped: ${server.urls.join(" ")}")`);
      await server.finished;
      await page.locator(rowOf(server.url)).waitFor({ state: "detached" });
      assertEquals(await page.locator("tr[data-server]").count(), 2);
      await page.waitForSelector("h1:focus");
    }),
);

peerTest("a drain is seen until the last answer is given, and the last server ends the program", [
  "chromium",
], async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  await using slow = await serve("http://127.0.0.1:0", async () => {
    asked.resolve();
    await answer.promise;
    return new Response("finished");
  });
  await using control = await openControl([slow]);
  await visitControl(control, async ({ page, show }) => {
    const body = fetch(slow.url).then((one) => one.text());
    await asked.promise;
    await show("servers");
    await page.click("tr[data-server] button");
    await page.click(".details >> text=/^Drain$/");
    assertStringIncludes((await page.textContent(".confirm strong"))!, "the program ends with it");
    await page.fill("[name=grace]", "3600");
    await page.click("text=Drain now");
    await page.waitForSelector(`tr[data-server] .badge:has-text("ending")`);
    answer.resolve();
    assertEquals(await body, "finished");
    await page.locator("tr[data-server]").waitFor({ state: "detached" });
    await slow.finished;
  });
});

peerTest(
  "commands are copied as they are",
  ["chromium"],
  () =>
    visit(async ({ page, server, url, show }) => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: url });
      await show("servers");
      await page.locator(`${rowOf(server.url)} button`).first().click();
      const commands = await page.locator(".details .command code").allTextContents();
      assertEquals(commands.length, 3);
      for (const [at, command] of commands.entries()) {
        await page.locator(".details .command button").nth(at).click();
        await page.locator(".details .command button", { hasText: "Copied" }).nth(at).waitFor();
        assertEquals(await page.evaluate("navigator.clipboard.readText()"), command);
      }
      assertEquals(commands[1], `nc 127.0.0.1 ${new URL(server.url.replace("tcp", "http")).port}`);
    }),
);

peerTest(
  "the form keeps the text of a key to itself and starts with it",
  ["chromium"],
  async () => {
    await using control = await openControl([]);
    const { cert, key } = await makeCertificate(["127.0.0.1"], Date.now());
    await visitControl(control, async ({ page, show }) => {
      await show("servers");
      await openForm(page, "echo", "tls");
      await page.fill(await find(page, "tls-cert"), cert);
      await page.fill(await find(page, "tls-key"), key);
      await page.click("button >> text=/^Start$/");
      const url = await started(page);
      assertEquals(textOf(await send(url, "sealed", { tlsCa: [cert] })), "sealed");
      await page.locator(`${rowOf(url)} button`).first().click();
      await page.waitForSelector(".details dd:has-text('***')");
      assert(!(await page.textContent(".details"))!.includes("PRIVATE KEY"));
    });
  },
);

peerTest(
  "servers are read and stopped on a phone without scrolling sideways",
  ["chromium"],
  () =>
    visit(async ({ page, server, show }) => {
      await show("servers");
      await page.click("details.start > summary");
      await page.waitForSelector("[data-group=limits]");
      await page.locator(`${rowOf(server.url)} button`).first().click();
      const outside = await page.evaluate(`[...document.querySelectorAll("main *")].filter((one) =>
      one.getClientRects().length > 0 && one.closest("thead") === null &&
      one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))`);
      assertEquals(outside, []);
      await page.click(".details >> text=/^Stop$/");
      await page.click("text=Stop now");
      await page.locator(rowOf(server.url)).waitFor({ state: "detached" });
    }, { viewport: { width: 360, height: 700 }, isMobile: true, hasTouch: true }),
);
