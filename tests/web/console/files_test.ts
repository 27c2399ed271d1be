/** What the console is made of: embedded, small, and nothing from elsewhere. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openControl } from "../../../dock/control/open_control.ts";
import { consoleFiles } from "../../../web/console/files.ts";

const files = consoleFiles();

Deno.test("every file that the console loads is one of its own", () => {
  for (const [path, { text }] of files) {
    const base = new URL(path, "http://console");
    const links = [
      ...[...text.matchAll(/(?:^|[;}\n])\s*(?:import|export)[^;"]*?from ?"([^"]+)"/g)],
      ...(path === "/" ? text.matchAll(/(?:src|href)="([^"]+)"/g) : []),
    ].map(([, link]) => link!).filter((link) => link !== "data:,");
    for (const link of links) {
      assert(/^[./]|^console\//.test(link), `${path} loads ${link}`);
      assert(files.has(new URL(link, base).pathname), `${path} loads ${link}, which is not there`);
    }
  }
});

Deno.test("the console is at most 250 kB", () => {
  const bytes = [...files.values()].reduce((sum, { text }) => sum + new Blob([text]).size, 0);
  assert(bytes <= 250_000, `${bytes} bytes`);
});

Deno.test("the console has no script or style in its page, and its policy allows none", async () => {
  await using control = await openControl([]);
  const answer = await fetch(`${control.url}/`);
  const text = await answer.text();
  assert(!/<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=/.test(text));
  const policy = answer.headers.get("content-security-policy") ?? "";
  assertStringIncludes(policy, "default-src 'none'; script-src 'self'; style-src 'self'");
  assert(!policy.includes("unsafe"));
  assertEquals(answer.headers.get("referrer-policy"), "no-referrer");
});

Deno.test("the console's page is there without the token, and tells nothing", async () => {
  await using control = await openControl([]);
  for (const path of files.keys()) {
    const answer = await fetch(control.url + path);
    assertEquals([path, answer.status], [path, 200]);
    const text = await answer.text();
    assert(!text.includes(control.token));
    const etag = answer.headers.get("etag") ?? "";
    const again = await fetch(control.url + path, { headers: { "if-none-match": etag } });
    assertEquals([path, again.status, await again.text()], [path, 304, ""]);
  }
  const written = await fetch(`${control.url}/`, { method: "POST" });
  assertEquals(written.status, 401);
  await written.body?.cancel();
});
