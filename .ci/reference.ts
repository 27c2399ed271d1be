/**
 * Writes docs/reference/ from the option tables, and removes the pages of what is no longer there:
 * `deno task reference`.
 */

import { commands } from "../commands/index.ts";
import { indexMarkdown, pageMarkdown } from "./reference/markdown.ts";
import { manual } from "../commands/manual/manual.ts";

const docs = new URL("../docs/", import.meta.url);
const folder = new URL("reference/", docs);

/** All pages, by their path in the folder. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const entries = manual(commands);
  const documents = new Set([...Deno.readDirSync(docs)].map(({ name }) => name));
  const pages = new Map([["README.md", indexMarkdown(entries)]]);
  for (const entry of entries) {
    // What is served or stacked may have a page beside the reference; the command chat has none.
    const document = entry.folder !== "commands" && documents.has(`${entry.name}.md`);
    pages.set(
      `${entry.folder}/${entry.name}.md`,
      pageMarkdown(await entry.load(), document ? `${entry.name}.md` : undefined),
    );
  }
  return pages;
}

/** The pages that are there, by their path in the folder. */
export async function writtenPages(): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>();
  async function walk(path: string): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(new URL(path, folder))) {
      if (isDirectory) await walk(`${path}${name}/`);
      else pages.set(path + name, await Deno.readTextFile(new URL(path + name, folder)));
    }
  }
  await walk("");
  return pages;
}

if (import.meta.main) {
  const pages = await referencePages();
  await Deno.mkdir(folder, { recursive: true });
  for (const [path, text] of pages) {
    await Deno.mkdir(new URL(".", new URL(path, folder)), { recursive: true });
    await Deno.writeTextFile(new URL(path, folder), text);
  }
  for (const path of (await writtenPages()).keys()) {
    if (!pages.has(path)) await Deno.remove(new URL(path, folder));
  }
  console.log(`${pages.size} pages in docs/reference/`);
}
