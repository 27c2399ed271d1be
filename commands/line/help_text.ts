// The text of `--help` and `sockdock help`, from the tables by which the command line is parsed.

import {
  environmentName,
  flagName,
  type Option,
  type OptionTable,
} from "../../core/options/option.ts";
import {
  type Command,
  type CommandEntry,
  HELP_TABLE,
  type OptionGroup,
  PROGRAM,
} from "../command.ts";

interface HelpTextOptions {
  /** Width of the terminal; text is wrapped at 80 columns at least and 100 at most. @default 100 */
  readonly widthColumns?: number;
}

type Row = readonly [label: string, text: string];

/** A label longer than this gets a line of its own. */
const MAX_LABEL_COLUMNS = 34;

/** The help of one command, or the overview of all of them. Ends without a newline. */
export function helpText(
  subject: Command | readonly CommandEntry[],
  options: HelpTextOptions = {},
): string {
  const width = Math.min(100, Math.max(80, options.widthColumns ?? 100));
  const blocks = "run" in subject ? commandBlocks(subject, width) : overviewBlocks(subject, width);
  return blocks.filter((block) => block !== "").join("\n\n");
}

/** The options of each group, after the ungrouped ones, which may be none. */
export function groupedOptions(
  command: Pick<Command, "options" | "groups">,
): readonly OptionGroup[] {
  const left = new Map(Object.entries(command.options));
  const groups = (command.groups ?? []).map(({ title, options }) => {
    const own = Object.entries(options).filter(([key, option]) => left.get(key) === option);
    for (const [key] of own) left.delete(key);
    return { title, options: Object.fromEntries(own) };
  });
  return [{ title: "Options", options: Object.fromEntries(left) }, ...groups];
}

/** `--idle-timeout <duration>`, without the short form. */
export function optionLabel(key: string, option: Option<unknown>): string {
  if (option.bare !== undefined) return `--${flagName(key)} [${option.metavar}]`;
  if (option.kind === "value") return `--${flagName(key)} <${option.metavar}>`;
  return `--${option.fallback === true && option.negatable ? "[no-]" : ""}${flagName(key)}`;
}

/** The notes after the help in brackets: `required`, `never empty`, `repeatable`, `default 10k`. */
export function optionNotes(
  option: Option<unknown>,
  quote: (text: string) => string = String,
): readonly string[] {
  return [
    option.required ? "required" : "",
    option.guard ? "never empty" : "",
    option.many ? "repeatable" : "",
    option.kind === "flag" && option.fallback === true ? "default on" : "",
    option.fallbackText === undefined ? "" : `default ${quote(option.fallbackText || '""')}`,
  ].filter((note) => note !== "");
}

/** `sockdock serve <protocol> <url>... [options]` */
export function usageLine({ name, usage }: Pick<Command, "name" | "usage">): string {
  return [PROGRAM, name, usage, "[options]"].filter((part) => part !== "").join(" ");
}

export function paragraphs({ details = "" }: Command): readonly string[] {
  return details.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== "");
}

/** Fills lines with words; a word longer than a line, such as a URL, and a code span stay whole. */
export function wrap(text: string, widthColumns: number, indentColumns = 0): string {
  const margin = " ".repeat(indentColumns);
  const lines: string[] = [];
  for (const word of text.match(/(?:`[^`]*`|\S)+/g) ?? []) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > widthColumns) {
      lines.push(margin + word);
    } else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}

function commandBlocks(command: Command, width: number): string[] {
  const groups = groupedOptions({
    ...command,
    options: { ...command.options, ...HELP_TABLE },
  }).map(({ title, options }) => ({ title, rows: Object.entries(options).map(optionRow) }));
  const labels = labelColumns(groups.flatMap(({ rows }) => rows));
  return [
    wrap(`${command.name}: ${command.summary}`, width),
    `Usage: ${usageLine(command)}`,
    ...paragraphs(command).map((paragraph) => wrap(paragraph, width)),
    ...groups.map(({ title, rows }) =>
      rows.length === 0 ? "" : `${title}:\n${table(rows, labels, width)}`
    ),
    exampleBlock(command, width),
    wrap(environmentSentence(command.options), width),
  ];
}

function overviewBlocks(entries: readonly CommandEntry[], width: number): string[] {
  const rows = entries.map(({ name, summary }): Row => [name, summary]);
  return [
    `Usage: ${PROGRAM} <command> [arguments] [options]`,
    `Commands:\n${table(rows, labelColumns(rows), width)}`,
    `Run ${PROGRAM} help <command> for its options and examples.`,
  ];
}

function optionRow([key, option]: [string, Option<unknown>]): Row {
  const short = option.short === undefined ? "    " : `-${option.short}, `;
  const notes = optionNotes(option);
  return [
    short + optionLabel(key, option),
    option.help + (notes.length === 0 ? "" : ` (${notes.join(", ")})`),
  ];
}

function exampleBlock({ examples }: Command, width: number): string {
  if (examples.length === 0) return "";
  return ["Examples:", ...examples.map(({ run, does }) => `  ${run}\n${wrap(does, width, 6)}`)]
    .join("\n");
}

function environmentSentence(table: OptionTable): string {
  const [key] = Object.keys(table);
  return key === undefined ? "" : `An option may also come from the environment: ` +
    `${environmentName(key)} for --${flagName(key)}, and so on. The command line wins.`;
}

function labelColumns(rows: readonly Row[]): number {
  const lengths = rows.map(([label]) => label.length);
  return Math.max(0, ...lengths.filter((length) => length <= MAX_LABEL_COLUMNS));
}

function table(rows: readonly Row[], labels: number, width: number): string {
  const indent = labels + 4;
  return rows.map(([label, text]) => {
    const wrapped = wrap(text, width, indent);
    return label.length > labels
      ? `  ${label}\n${wrapped}`
      : `  ${label.padEnd(labels)}  ${wrapped.trimStart()}`;
  }).join("\n");
}
