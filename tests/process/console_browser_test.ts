/** The console of the program itself: the built-in suite as a process, a browser, and clients. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../dock/connect.ts";
import { peerTest, runPeer } from "../peer.ts";
import { Program } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { visitControl } from "../web/console/visit.ts";

const TOKEN = "correct horse battery staple";

/** Starts the built-in suite with a control there, and returns where it really is. */
async function startSuite(control: string, tokenFile: string) {
  const program = new Program([
    ...["up", "--free-ports", "--json"],
    ...["--control", control, "--control-token-file", tokenFile],
  ]);
  const { url } = await program.event("control");
  const endpoints = new Map<string, string>();
  const wanted = ["echo tcp", "echo udp", "upper tcp"];
  while (!wanted.every((one) => endpoints.has(one))) {
    const { url, protocol } = await program.event("listening");
    endpoints.set(`${protocol} ${String(url).split(":")[0]}`, String(url));
  }
  return { program, url: String(url), endpoints };
}

peerTest(
  "the console of `sockdock up` sees sessions come and go, and survives a restart of the suite",
  ["chromium", "nc"],
  async () => {
    await using folder = await temporaryFolder();
    const tokenFile = `${folder.path}/token`;
    await Deno.writeTextFile(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
    const first = await startSuite("http://127.0.0.1:0", tokenFile);
    await using _first = first.program;
    const fragment = `#token=${encodeURIComponent(TOKEN)}`;
    await visitControl({ url: first.url, token: TOKEN }, async ({ page, show }) => {
      await show("sessions");
      await page.waitForSelector("text=No session is open.");
      const session = await connect(first.endpoints.get("echo udp")!);
      await session.send("hello");
      await page.waitForSelector(`tr[data-session] td:has-text("5 B")`);
      await session.close();
      // A datagram client that has gone is seen to be gone when it is ended here.
      await page.click("tbody >> text=End");
      await page.waitForSelector("text=No session is open.");
      const { port } = new URL(first.endpoints.get("echo tcp")!.replace("tcp:", "http:"));
      const answered = runPeer("nc", ["-N", "127.0.0.1", port], { stdin: "ahoy\n" });
      assertEquals((await answered).stdout, "ahoy\n");

      await show("servers");
      const print = page.locator("tr[data-server]:has-text('print')");
      await print.locator("button").click();
      await page.click("button >> text=Stop");
      await page.click("button >> text=Stop now");
      await print.waitFor({ state: "detached" });
      await first.program.event("stopped");

      first.program.signal("SIGTERM");
      await first.program.ended();
      await page.waitForSelector(".state.lost");
      const again = await startSuite(first.url, tokenFile);
      await using _again = again.program;
      await page.waitForSelector(".state.ok");
      await show("overview");
      await page.waitForSelector(`svg text:has-text("${again.endpoints.get("upper tcp")}")`);
      assertEquals(again.url, first.url);
    }, { fragment });
  },
);

peerTest("without the token the console of the program shows nothing", ["chromium"], async () => {
  await using folder = await temporaryFolder();
  const tokenFile = `${folder.path}/token`;
  await Deno.writeTextFile(tokenFile, `${TOKEN}\n`, { mode: 0o600 });
  const { program, url, endpoints } = await startSuite("http://127.0.0.1:0", tokenFile);
  await using _program = program;
  await visitControl({ url, token: TOKEN }, async ({ page }) => {
    await page.waitForSelector(".ask");
    const shown = await page.content();
    for (const endpoint of endpoints.values()) assert(!shown.includes(endpoint), endpoint);
    const statuses = await page.evaluate(`Promise.all(
      ["servers", "sessions", "events", "stats", "catalogue"].map((name) =>
        fetch("/api/" + name).then(({ status }) => status)))`);
    assertEquals(statuses, [401, 401, 401, 401, 401]);
  }, { fragment: "" });
});
