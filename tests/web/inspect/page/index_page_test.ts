/** The page that explains and tries the endpoints. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { endpoints } from "../../../../web/inspect/endpoints/index.ts";
import { indexPage } from "../../../../web/inspect/page/index_page.ts";
import { inspect } from "../../../../web/inspect.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { opened } from "../opened.ts";

const info = { peer: { transport: "tcp", hostname: "127.0.0.1", port: 1 }, serverUrl: "" } as const;

async function page(method = "GET"): Promise<Response> {
  await using app = await opened(inspect);
  return await app.service.handle(new Request("http://127.0.0.1:1/?x", { method }), info);
}

Deno.test("the page has every endpoint, and nothing from elsewhere", async () => {
  const { html } = await indexPage();
  for (const { path } of endpoints) assertStringIncludes(html, `data-path="${path}"`);
  assertEquals(html.match(/<form /g)?.length, endpoints.length);
  assertEquals(html.match(/(?:src|href)="(?!#)[^"]*"/g), null);
  assertEquals(html.match(/url\(|@import|\sstyle=|\son\w+=/g), null);
});

Deno.test("the page's policy allows its own style and script, by their hashes, and no more", async () => {
  const response = await page();
  const policy = response.headers.get("content-security-policy") ?? "";
  const html = await response.text();
  for (const tag of ["style", "script"]) {
    const [, code] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html) ?? [];
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    assertStringIncludes(policy, `${tag}-src 'sha256-${hash}'`);
    assertEquals(html.match(new RegExp(`<${tag}[ >]`, "g"))?.length, 1);
  }
  assertMatch(policy, /^default-src 'none'/);
  assert(!policy.includes("unsafe"));
});

Deno.test("the page is for GET and HEAD", async () => {
  assertEquals((await page("HEAD")).status, 200);
  const refused = await page("POST");
  assertEquals([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, OPTIONS"]);
});

Deno.test("no label or example can become markup", async () => {
  const { html } = await indexPage();
  const inAttributes = [...html.matchAll(/value="([^"]*)"/g)].map(([, value]) => value!);
  assert(inAttributes.includes("&#34;seven&#34;"));
  assertEquals(inAttributes.filter((value) => /[<>]/.test(value)), []);
});

Deno.test({
  name: "whatever is filled in stays one word of the command lines",
  ignore: Deno.build.os === "windows",
  async fn() {
    const script = await Deno.readTextFile(
      new URL("../../../../web/inspect/page/script.js", import.meta.url),
    );
    const [source] = /function quoted[^]*?\n}/.exec(script)!;
    const quoted = new Function(`${source}; return quoted`)() as (word: string) => string;
    const random = seeded(newSeed());
    const characters = [..."aé '\"\\$`!*?[]{}();&|<>#~%=:/,\n\t-"];
    const words = Array.from({ length: 200 }, () =>
      Array.from(
        { length: Math.floor(random() * 8) },
        () => characters[Math.floor(random() * characters.length)],
      ).join(""));
    const command = `printf '%s\\0' ${words.map(quoted).join(" ")}`;
    const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", command] }).output();
    assertEquals(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
  },
});
