/** What docs/chat.md says is what the code does. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { chatOptions } from "../../../protocols/chat/options.ts";
import { COMMANDS } from "../../../protocols/chat/service/plain_speaker.ts";
import { REFUSALS } from "../../../protocols/chat/refused_error.ts";
import { REQUESTS } from "../../../protocols/chat/service/rich_request.ts";
import { flagName } from "../../../core/options/option.ts";

const ROOT = new URL("../../../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/chat.md", ROOT));

/** The first column of the table whose heading begins so. */
function firstColumn(heading: string): string[] {
  const table = page.slice(page.indexOf(`| ${heading}`)).split("\n\n")[0]!;
  return table.split("\n").slice(2).flatMap((row) =>
    [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
  );
}

/** The text of every file of a folder, but for the dialling half, which knows the same words. */
async function sources(folder = new URL("protocols/chat/", ROOT)): Promise<string> {
  const texts: string[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile) texts.push(await Deno.readTextFile(new URL(name, folder)));
    else if (name !== "client") texts.push(await sources(new URL(`${name}/`, folder)));
  }
  return texts.join("\n");
}

Deno.test("the page lists every command, as /help writes it", () => {
  assertEquals(firstColumn("line ").sort(), Object.values(COMMANDS).toSorted());
});

Deno.test("the page lists every request, and the code takes each", async () => {
  const [, requests = ""] = page.split("From the client:");
  const listed = [...requests.split("From the server:")[0]!.matchAll(/^\| `(\w+)` /gm)]
    .map(([, name]) => name!);
  assertEquals(listed.sort(), [...REQUESTS].sort());
  const code = await sources();
  for (const name of listed) assertMatch(code, new RegExp(`(?:case|type ===) "${name}"`));
});

Deno.test("the page lists every answer that the code gives", async () => {
  const [, answers = ""] = page.split("From the server:");
  const listed = [...answers.split("\n\n")[1]!.matchAll(/^\|([^|]+)\|/gm)]
    .flatMap(([, cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  const code = await sources();
  const given = [...code.matchAll(/(?:richLine|#answer)\(\s*"(\w+)"/g)].map(([, name]) => name!);
  // Both of them are said by one line of code.
  assertStringIncludes(code, "richLine(kind,");
  assertEquals([...new Set([...given, "came", "went"])].sort(), listed.sort());
});

Deno.test("the page lists every code, and each is used", async () => {
  const paragraph = page.slice(page.indexOf("`code` is one of")).split(/\n\n|\n- /)[0]!;
  const listed = [...paragraph.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code!).slice(1);
  assertEquals(listed.sort(), [...REFUSALS].sort());
  const code = await sources();
  for (const refusal of REFUSALS) {
    assertStringIncludes(code.replace(/REFUSALS = \[[^\]]*/, ""), `"${refusal}"`);
  }
});

Deno.test("the page names every limit that can be set", () => {
  const listed = firstColumn("option ").filter((name) => name.startsWith("--"));
  const limits = Object.keys(chatOptions).filter((key) =>
    /^(?:max|plain|message|join|queue|slow|presence|history)/.test(key)
  )
    .map((key) => `--${flagName(key)}`);
  assertEquals(listed.sort(), limits.filter((flag) => flag !== "--history").sort());
});
