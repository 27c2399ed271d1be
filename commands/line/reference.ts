// The reference page, in Markdown, from the tables of the commands. Its layout is that of `deno
// fmt`, so that a generated page passes the format check unchanged.

import { environmentName, type Option } from "../../core/options/option.ts";
import { type Command, PROGRAM } from "../command.ts";
import {
  groupedOptions,
  optionLabel,
  optionNotes,
  paragraphs,
  usageLine,
  wrap,
} from "./help_text.ts";

/** The `lineWidth` of deno.json. */
const WIDTH_COLUMNS = 100;

const INTRODUCTION = `# Reference

Every command and option, printed from the tables that the program itself reads.

- The command line wins over the environment, the environment over a configuration file.
- A duration is \`500ms\`, \`5s\`, \`2m\`, \`1h\` or \`1d\`; a bare number is seconds.
- A size is a number of bytes, or \`10k\`, \`4m\` or \`1g\` in units of 1024.
- A repeatable option in the environment is one text with commas between its elements, or one
  element a line where elements hold commas.
- An empty variable counts as not set. An option that is _never empty_ guards something: its empty
  variable, flag or key is refused, so that a script whose secret was never filled in opens nothing.`;

/** The whole page, ending with a newline. */
export function referenceMarkdown(commands: readonly Command[]): string {
  return [INTRODUCTION, ...commands.flatMap(commandSection)].join("\n\n") + "\n";
}

function commandSection(command: Command): string[] {
  return [
    `## ${PROGRAM} ${command.name}`,
    fill(sentence(command.summary)),
    ["```sh", usageLine(command), "```"].join("\n"),
    ...paragraphs(command).map((paragraph) => fill(escape(paragraph))),
    ...groupedOptions(command)
      .filter(({ options }) => Object.keys(options).length > 0)
      .flatMap(({ title, options }) => [
        `### ${escape(title)} of ${command.name}`,
        Object.entries(options).map(optionItem).join("\n"),
      ]),
    ...exampleBlocks(command),
  ];
}

function optionItem([key, option]: [string, Option<unknown>]): string {
  const names = [
    ...(option.short === undefined ? [] : [code(`-${option.short}`)]),
    code(optionLabel(key, option)),
    code(environmentName(key)),
  ];
  const notes = optionNotes(option, code);
  const line = `${names.join(", ")}: ${escape(option.help)}`;
  return item(notes.length === 0 ? line : `${line} (${notes.join(", ")})`);
}

function exampleBlocks({ name, examples }: Command): string[] {
  if (examples.length === 0) return [];
  const items = examples.map(({ run, does }) => item(`${code(run)}: ${escape(does)}`));
  return [`### Examples of ${name}`, items.join("\n")];
}

function item(text: string): string {
  return `- ${wrap(text, WIDTH_COLUMNS, 2).trimStart()}`;
}

function fill(text: string): string {
  return wrap(text, WIDTH_COLUMNS);
}

function sentence(summary: string): string {
  return escape(summary.charAt(0).toUpperCase() + summary.slice(1)).replace(/[^.?!]$/, "$&.");
}

/** A code span; one that holds a backtick needs two around it. */
function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** Keeps what Markdown would take for HTML or emphasis, except inside code spans. */
function escape(text: string): string {
  return text.replace(/`[^`]*`|[<*_\\]/g, (found) => found.length > 1 ? found : `\\${found}`);
}
