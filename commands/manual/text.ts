// Pages of the manual for a terminal: the text of `--help` and `sockdock help`.

import { environmentName, flagName, type OptionTable } from "../../core/options/option.ts";
import { PROGRAM } from "../command.ts";
import { commandLine, optionLabel, optionNotes, wrap } from "./labels.ts";
import type { OptionEntry, Page, Section } from "./page.ts";

interface TextOptions {
  /** Width of the terminal; lines are never longer than 100 columns. @default 100 */
  readonly widthColumns?: number;
}

type Row = readonly [label: string, text: string];

const MAX_COLUMNS = 100;
const MIN_COLUMNS = 30;

/** A label longer than this part of the width gets a line of its own. */
const LABEL_SHARE = 0.4;

/** A page, or the overview of all, which has no name. Ends without a newline. */
export function pageText(
  page: Omit<Page, "folder" | "name"> & Partial<Page>,
  { widthColumns = MAX_COLUMNS }: TextOptions = {},
): string {
  const width = Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, widthColumns));
  const labels = labelColumns(page.sections.filter(({ kind }) => kind === "options"), width);
  const { name, summary, usage, paragraphs, sections } = page;
  const blocks = [
    name === undefined ? "" : wrap(`${name}: ${summary}`, width),
    usage.map((line, index) => `${index === 0 ? "Usage: " : "       "}${wrapped(line, width, 9)}`)
      .join("\n"),
    ...paragraphs.map((paragraph) => wrap(paragraph, width)),
    ...sections.map((section) => sectionText(section, labels, width)),
    name === undefined ? "" : wrap(ending(page), width),
  ];
  return blocks.filter((block) => block !== "").join("\n\n");
}

function sectionText(section: Section, labels: number, width: number): string {
  const { title } = section;
  const rows: readonly Row[] = section.kind === "options"
    ? Object.entries(section.options).map(optionRow)
    : section.kind === "words"
    ? section.words.map(({ label, text }) => [label, text])
    : section.examples.map(({ run, does }) => [run, does]);
  if (section.kind === "examples") return `${wrap(`${title}:`, width)}\n${examples(rows, width)}`;
  const columns = section.kind === "options" ? labels : labelColumns([section], width);
  return `${wrap(`${title}:`, width)}\n${table(rows, columns, width)}`;
}

function optionRow([key, option]: OptionEntry): Row {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const notes = optionNotes(option);
  return [
    short + optionLabel(key, option),
    option.help + (notes.length === 0 ? "" : ` (${notes.join(", ")})`),
  ];
}

/** What an example does stands behind it, if all fit into a line each. */
function examples(rows: readonly Row[], width: number): string {
  const columns = Math.max(...rows.map(([run]) => run.length));
  if (rows.every(([, does]) => columns + does.length + 4 <= width)) {
    return table(rows, columns, width);
  }
  return rows.map(([run, does]) =>
    `  ${commandLine(run, width - 2, 6)}\n      ${wrapped(does, width, 6)}`
  ).join("\n");
}

function ending({ sections }: Pick<Page, "sections">): string {
  const tables = sections.flatMap((section): OptionTable[] =>
    section.kind === "options" ? [section.options] : []
  );
  const [key] = tables.flatMap((table) => Object.keys(table))
    .toSorted((one, other) => one.length - other.length);
  const more = `${PROGRAM} help NAME explains a name above`;
  return key === undefined
    ? `${more}.`
    : `${more}; ${environmentName(key)} sets --${flagName(key)}, and so on.`;
}

function labelColumns(sections: readonly Section[], width: number): number {
  const labels = sections.flatMap((section) =>
    section.kind === "options"
      ? Object.entries(section.options).map((entry) => optionRow(entry)[0])
      : section.kind === "words"
      ? section.words.map(({ label }) => label)
      : []
  );
  const most = Math.floor(width * LABEL_SHARE);
  return Math.max(0, ...labels.map(({ length }) => length).filter((length) => length <= most));
}

function table(rows: readonly Row[], labels: number, width: number): string {
  const indent = labels + 4;
  return rows.map(([label, text]) => {
    const behind = wrapped(text, width, indent);
    return label.length > labels
      ? `  ${label}\n${" ".repeat(indent)}${behind}`
      : `  ${label.padEnd(labels)}  ${behind}`;
  }).join("\n");
}

function wrapped(text: string, width: number, indent: number): string {
  return wrap(text, width - indent, 0).replaceAll("\n", `\n${" ".repeat(indent)}`);
}
