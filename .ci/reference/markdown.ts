// Pages of the manual in Markdown, as docs/reference/ has them. Their layout is that of `deno fmt`,
// so that a page passes the format check unchanged.

import { environmentName } from "../../core/options/option.ts";
import { optionLabel, optionNotes, wrap } from "../../commands/manual/labels.ts";
import {
  FOLDERS,
  type OptionEntry,
  type Page,
  type PageEntry,
  type PageName,
  type Section,
  type Word,
} from "../../commands/manual/page.ts";

/** The `lineWidth` of deno.json. */
const WIDTH_COLUMNS = 100;

const INTRODUCTION = `# Reference

Every command, protocol, transport and layer with its options, written from the tables that the
program itself reads. Options that many of them share are explained once, by topic.

- The command line wins over the environment, the environment over a configuration file.
- A duration is \`500ms\`, \`5s\`, \`2m\`, \`1h\` or \`1d\`; a bare number is seconds.
- A size is a number of bytes, or \`10k\`, \`4m\` or \`1g\` in units of 1024.
- A repeatable option in the environment is one text with commas between its elements, or one
  element a line where elements hold commas.
- An empty variable counts as not set. An option that is _never empty_ guards something: its empty
  variable, flag or key is refused, so that a script whose secret was never filled in opens nothing.`;

/** The index of all pages. */
export function indexMarkdown(entries: readonly PageEntry[]): string {
  const lists = FOLDERS.flatMap((folder) => [
    `## ${capitalised(folder)}`,
    entries.filter((entry) => entry.folder === folder)
      .map(({ name, summary }) => item(`[${code(name)}](${folder}/${name}.md): ${escape(summary)}`))
      .join("\n"),
  ]);
  return [INTRODUCTION, ...lists].join("\n\n") + "\n";
}

/** @param document the page beside the reference that says more, if there is one */
export function pageMarkdown(page: Page, document?: string): string {
  const { name, summary, usage, paragraphs, sections } = page;
  return [
    `# ${name}`,
    fill(sentence(summary)),
    ...(document === undefined
      ? []
      : [fill(`[${document}](../../${document}) says how it works.`)]),
    ...(usage.length === 0 ? [] : [["```sh", ...usage, "```"].join("\n")]),
    ...paragraphs.map((paragraph) => fill(escape(paragraph))),
    ...sections.flatMap((section) => [
      `## ${escape(section.title)}`,
      sectionItems(section, page).map(item).join("\n"),
    ]),
    "[All pages](../README.md)",
  ].join("\n\n") + "\n";
}

function sectionItems(section: Section, from: PageName): readonly string[] {
  switch (section.kind) {
    case "options":
      return Object.entries(section.options).map(optionText);
    case "words":
      return section.words.map((word) => wordText(word, from));
    case "examples":
      return section.examples.map(({ run, does }) => `${code(run)}: ${escape(does)}`);
  }
}

function optionText([key, option]: OptionEntry): string {
  const names = [
    ...(option.short === undefined ? [] : [code(`-${option.short}`)]),
    code(optionLabel(key, option)),
    // Help is answered before the environment is read.
    ...(key === "help" ? [] : [code(environmentName(key))]),
  ];
  const notes = optionNotes(option, code);
  const line = `${names.join(", ")}: ${escape(option.help)}`;
  return notes.length === 0 ? line : `${line} (${notes.join(", ")})`;
}

function wordText({ label, text, page }: Word, from: PageName): string {
  const name = code(label);
  if (page === undefined) return `${name}: ${escape(text)}`;
  const path = page.folder === from.folder ? page.name : `../${page.folder}/${page.name}`;
  return `[${name}](${path}.md): ${escape(text)}`;
}

function item(text: string): string {
  return `- ${wrap(text, WIDTH_COLUMNS - 2, 0).replaceAll("\n", "\n  ")}`;
}

function fill(text: string): string {
  return wrap(text, WIDTH_COLUMNS);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sentence(summary: string): string {
  return escape(capitalised(summary)).replace(/[^.?!]$/, "$&.");
}

/** A code span; one that holds a backtick needs two around it. */
function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Keeps what Markdown would take for HTML or emphasis, except inside code spans. */
function escape(text: string): string {
  return text.replace(/`[^`]*`|[<*_\\]/g, (found) => found.length > 1 ? found : `\\${found}`);
}
