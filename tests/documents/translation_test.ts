/** The pages in Japanese are those in English: the same commands, programs, rows and links. */

import { assert, assertEquals } from "@std/assert";
import { readText } from "./pages.ts";

const PAIRS = [["README.md", "README.ja.md"], ["docs/guides.md", "docs/guides.ja.md"]] as const;

/** Every block that says in which language it is, with its language. */
function blocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```(\S.*\n[\s\S]*?)^```$/gm)].map(([, block]) => block!);
}

function prose(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, "");
}

/** The level and the number of every heading. */
function headings(markdown: string): string[] {
  return [...prose(markdown).matchAll(/^(#+) (\d+\.[\d.]*|)/gm)].map(([, level, number]) =>
    `${level} ${number}`
  );
}

/** What stands between backticks in the prose: commands, options, names. */
function spans(markdown: string): string[] {
  return [...prose(markdown).matchAll(/`([^`]+)`/g)].map(([, code]) => code!.replace(/\s+/g, " "))
    .toSorted();
}

/** The pages that are linked to, in whichever language. */
function links(markdown: string): string[] {
  return [...prose(markdown).matchAll(/\]\(([^)#]+)/g)].map(([, to]) =>
    to!.replace(".ja.md", ".md")
  )
    .toSorted();
}

for (const [english, japanese] of PAIRS) {
  const [original, translated] = [readText(english), readText(japanese)];
  Deno.test(`${japanese} has the commands and programs of ${english}`, () => {
    assertEquals(blocks(translated), blocks(original));
    assertEquals([...new Set(spans(translated))], [...new Set(spans(original))]);
  });
  Deno.test(`${japanese} has the headings and links of ${english}`, () => {
    assertEquals(headings(translated), headings(original));
    assertEquals(links(translated), links(original));
    assert(/[\u3040-\u30ff]/.test(translated));
  });
}

Deno.test("README has at most 180 lines in every language", () => {
  for (const path of PAIRS[0]) assert(readText(path).trimEnd().split("\n").length <= 180, path);
});
