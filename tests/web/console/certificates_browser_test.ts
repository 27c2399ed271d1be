/** The panel Certificates in Chromium. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openControl } from "../../../dock/control/open_control.ts";
import { serve } from "../../../dock/serve.ts";
import { createAuthority, issueCertificate } from "../../../mod/cert.ts";
import { echo } from "../../../protocols/echo.ts";
import { hello } from "../../../web/hello.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { visitControl } from "./visit.ts";

const DAY_MS = 86_400_000;

/** A certificate that has some of its days left, from an authority that was made for it. */
async function certificateWith(daysLeft: number) {
  const now = Date.now() - (90 - daysLeft) * DAY_MS;
  const authority = await createAuthority({ now });
  const { chain, key } = await issueCertificate(authority, { names: ["127.0.0.1"], days: 90, now });
  return { authority, options: { tlsCert: chain, tlsKey: key } };
}

peerTest("what ends soon or has ended is said, and what is trusted can be kept", [
  "chromium",
], async () => {
  const [long, soon, over] = await Promise.all([80.5, 3.5, -2].map(certificateWith));
  await using server = await serve(
    ["tls://127.0.0.1:0", "wss://127.0.0.1:0"],
    echo,
    long!.options,
  );
  await using ending = await serve("https://127.0.0.1:0", hello, soon!.options);
  await using ended = await serve("dtls://127.0.0.1:0", echo, over!.options);
  await using control = await openControl([server, ending, ended]);
  await visitControl(control, async ({ page, show }) => {
    await show("certificates");
    const cards = page.locator(".certificate");
    await cards.first().waitFor();
    const badges = await page.locator(".certificate h2 .badge").allTextContents();
    assertEquals(badges.slice(0, 2), ["Ends in 80 days", "Ends soon: in 3 days"]);
    assertStringIncludes(badges[2]!, "clients refuse it");
    // Servers that show the same one stand together.
    assertEquals(await cards.first().locator("a").count(), 2);
    const { fingerprint } = server.certificate!;
    await page.waitForSelector(
      `[data-fingerprint="${fingerprint}"] code:text-is("${fingerprint}")`,
    );

    const [shown] = await Promise.all([
      page.waitForEvent("download"),
      cards.first().locator("text=Download what is shown").click(),
    ]);
    assertEquals(await Deno.readTextFile(await shown.path()), server.certificate!.pem);
    await cards.nth(1).locator("text=How to trust it").click();
    await page.waitForSelector("[data-system=curl]");
    const [kept] = await Promise.all([
      page.waitForEvent("download"),
      cards.nth(1).locator("text=Download what to trust").click(),
    ]);
    assertEquals(
      (await Deno.readTextFile(await kept.path())).trim(),
      soon!.authority.cert.trim(),
    );
    assertEquals(kept.suggestedFilename(), await page.inputValue("[name=file]"));
    // The commands name the file where it really lies, quoted for a shell.
    await page.fill("[name=file]", "/home/ada/my files/it's.pem");
    const command = `curl --cacert '/home/ada/my files/it'\\''s.pem' ${ending.url}/`;
    const curl = page.locator("[data-system=curl] code", { hasText: "/home/ada" });
    assertEquals(await curl.textContent(), command);
    for (const system of ["Deno", "Node", "OpenSSL", "macOS", "sockdock"]) {
      assertEquals(await page.locator(`[data-system="${system}"] code`).count(), 1, system);
    }
  });
});

peerTest("hostile names in a certificate stay text", ["chromium", "openssl"], async () => {
  const name = `<img src=x onerror=document.title=1>`;
  await using folder = await temporaryFolder();
  const [cert, key] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  const made = await runPeer("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-keyout", key, "-out", cert, "-days", "30", "-subj", `/CN=${name}`],
    ...["-addext", `subjectAltName=DNS:${name}`],
  ]);
  assertEquals(made.code, 0, made.stderr);
  await using server = await serve("tls://127.0.0.1:0", echo, { tlsCert: cert, tlsKey: key });
  await using control = await openControl([server]);
  await visitControl(control, async ({ page, show }) => {
    await show("certificates");
    await page.click("text=How to trust it");
    await page.waitForSelector("[data-system=curl]");
    const shown = (await page.textContent(".certificate"))!;
    assert(shown.includes("<img src=x onerror=document.title=1"), shown);
    assertEquals(await page.locator("main img").count(), 0);
    assertEquals(await page.title(), "Certificates \u00b7 sockdock");
  });
});

peerTest("certificates fit a phone and are Japanese there", ["chromium"], async () => {
  await using server = await serve(["tls://127.0.0.1:0", "dtls://127.0.0.1:0"], echo);
  await using control = await openControl([server]);
  await visitControl(control, async ({ page, show }) => {
    await show("certificates");
    for (const button of await page.locator(".certificate button.main").all()) await button.click();
    await page.waitForSelector("[data-system=curl] >> nth=1");
    assert(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"));
    assertEquals(await page.textContent("h1"), "\u8a3c\u660e\u66f8");
  }, { locale: "ja-JP", viewport: { width: 360, height: 700 }, isMobile: true, hasTouch: true });
});
