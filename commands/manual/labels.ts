// How options, paragraphs and commands are written in the manual and wherever else they are shown.

import { flagName, type Option } from "../../core/options/option.ts";

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
    // Of a flag only an empty variable is refused.
    option.guard && option.kind === "value" ? "never empty" : "",
    option.many ? "repeatable" : "",
    option.kind === "flag" && option.fallback === true ? "default on" : "",
    option.fallbackText === undefined ? "" : `default ${quote(option.fallbackText || '""')}`,
  ].filter((note) => note !== "");
}

/** Fills lines with words; a word longer than a line, such as a URL, and what stands in quotes or
 * backticks stay whole.
 * @param hanging the indent of every line but the first */
export function wrap(text: string, widthColumns: number, hanging = 0): string {
  const lines: string[] = [];
  for (const word of text.match(/(?:`[^`]*`|(?<=^|\s)'[^']*'|\S)+/g) ?? []) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(word);
    else if (last.length + 1 + word.length > widthColumns) lines.push(" ".repeat(hanging) + word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join("\n");
}

/** A command on as many lines as it needs, which a shell takes for one.
 * @param hanging the indent of every line but the first */
export function commandLine(text: string, width: number, hanging: number): string {
  const lead = /^ */.exec(text)![0];
  return lead + wrap(text.trimStart(), width - lead.length - 2, hanging)
    .replaceAll("\n", " \\\n");
}
