// Pages of the manual for a terminal: the text of `--help` and `sockdock help`.

import { environmentName, flagName, type OptionTable } from "../../core/options/option.ts";
import { PROGRAM } from "../command.ts";
import { commandLine, optionLabel, optionNotes, wrap } from "./labels.ts";
import type { OptionEntry, Page, Section } from "./page.ts";

interface TextOptions {
  /** Width of the terminal; lines are never longer than 100 columns. @default 100 */
  readonly widthColumns?: number;
}

/** A word and what is said of it. */
export type Row = readonly [label: string, text: string];

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
  const options = page.sections.filter((section) => section.kind === "options");
  const labels = labelColumns(options.flatMap((section) => rowsOf(section)), width);
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

/** Rows below each other, each with its text wrapped behind its label. */
export function rowsText(rows: readonly Row[], width: number): string {
  return table(rows, labelColumns(rows, width), width);
}

function sectionText(section: Section, labels: number, width: number): string {
  const rows = rowsOf(section);
  const text = section.kind === "examples"
    ? examples(rows, width)
    : section.kind === "options"
    ? table(rows, labels, width)
    : rowsText(rows, width);
  return `${wrap(`${section.title}:`, width)}\n${text}`;
}

function rowsOf(section: Section): readonly Row[] {
  switch (section.kind) {
    case "options":
      return Object.entries(section.options).map(optionRow);
    case "words":
      return section.words.map(({ label, text }) => [label, text]);
    case "examples":
      return section.examples.map(({ run, does }) => [run, does]);
  }
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

/** The columns of the labels that have their text behind them. */
function labelColumns(rows: readonly Row[], width: number): number {
  const most = Math.floor(width * LABEL_SHARE);
  return Math.max(0, ...rows.map(([label]) => label.length).filter((length) => length <= most));
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
