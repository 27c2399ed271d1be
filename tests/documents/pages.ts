/** Which pages of the documentation there are. */

import { type Page, readPage } from "./page.ts";

const ROOT = new URL("../../", import.meta.url);

/** The text of a file of the project. */
export function readText(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The pages that lie in a folder, by their names. */
function pagesIn(folder: string): Page[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))]
    .filter(({ isFile, name }) => isFile && name.endsWith(".md"))
    .map(({ name }) => folder + name)
    .sort()
    .map((path) => readPage(path, readText(path)));
}

/** README.md. Its translation has the same commands, which a test holds, and is not run again. */
export const readme: Page = readPage("README.md", readText("README.md"));

/** The chapters of the tour. */
export const tour: readonly Page[] = pagesIn("docs/tour/");

/** The guides to sockets, row by row. */
export const guides: Page = readPage("docs/guides.md", readText("docs/guides.md"));

/** The other pages of `docs/`: those of one subject. */
export const subjects: readonly Page[] = pagesIn("docs/")
  .filter(({ path }) => !/\/(guides|reference)\.|\.ja\.md$/.test(path));

/** Every page that is run. */
export const pages: readonly Page[] = [readme, guides, ...tour, ...subjects];
