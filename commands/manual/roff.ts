// The manual as one man page, sockdock(1), in roff with the macros of man(7).

import { environmentName } from "../../core/options/option.ts";
import { VERSION } from "../../core/version.ts";
import { PROGRAM } from "../command.ts";
import { exitCodeMeanings } from "../exit_code.ts";
import { optionLabel, optionNotes, wrap } from "./labels.ts";
import { FOLDERS, type OptionEntry, type Page, type Section } from "./page.ts";

/** Of the source; the reader's terminal decides how wide the page is. */
const MAX_LINE_COLUMNS = 75;

/** The whole page, ending with a newline. */
export function manPage(pages: readonly Page[]): string {
  return [
    `.TH ${PROGRAM.toUpperCase()} 1 "" "${PROGRAM} ${VERSION}" "User Commands"`,
    // Left-aligned and without hyphens: flags and URLs are not to be broken or stretched.
    ".ad l",
    ".nh",
    ".SH NAME",
    `${PROGRAM} \\- starts network servers and talks to them`,
    ".SH SYNOPSIS",
    `.B ${PROGRAM}`,
    line("<command> [arguments] [options]"),
    ".SH DESCRIPTION",
    line(
      "Serves one protocol on one or several endpoints, each written as a URL, and has the clients " +
        "that go with them. The command line wins over the environment, the environment over a " +
        "configuration file. A duration is 500ms, 5s, 2m, 1h or 1d; a bare number is seconds. A " +
        "size is a number of bytes, or 10k, 4m or 1g in units of 1024.",
    ),
    ...FOLDERS.flatMap((folder) => [
      `.SH ${folder.toUpperCase()}`,
      ...pages.filter((page) => page.folder === folder).flatMap(pageLines),
    ]),
    ".SH EXIT STATUS",
    ...exitCodeMeanings.flatMap(([code, meaning]) => entry(String(code), meaning)),
  ].join("\n") + "\n";
}

function pageLines({ name, summary, usage, paragraphs, sections }: Page): readonly string[] {
  return [
    `.SS ${escaped(name)}`,
    line(summary.charAt(0).toUpperCase() + summary.slice(1) + "."),
    ...usage.flatMap((usage) => [".PP", `.B ${escaped(usage)}`]),
    ...paragraphs.flatMap((paragraph) => [".PP", line(paragraph)]),
    ...sections.flatMap(sectionLines),
  ];
}

function sectionLines(section: Section): readonly string[] {
  const title = [".PP", `.I ${escaped(section.title)}`];
  switch (section.kind) {
    case "options":
      return [...title, ...Object.entries(section.options).flatMap(optionLines)];
    case "words":
      return [
        ...title,
        // All of them are on this page too.
        ".br",
        line(section.words.map(({ label }) => label).join(", ")),
      ];
    case "examples":
      return [...title, ...section.examples.flatMap(({ run, does }) => entry(run, does))];
  }
}

function optionLines([key, option]: OptionEntry): readonly string[] {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const notes = optionNotes(option);
  const variable = key === "help" ? "" : ` [${environmentName(key)}]`;
  return entry(
    short + optionLabel(key, option),
    option.help + (notes.length === 0 ? "" : ` (${notes.join(", ")})`) + variable,
  );
}

function entry(label: string, text: string): readonly string[] {
  return [".TP", `.B ${escaped(label)}`, line(text)];
}

/** Text as lines of input, whose first characters are no requests; what stands in backticks is bold. */
function line(text: string): string {
  return wrap(text, MAX_LINE_COLUMNS).split("\n")
    .map((line) => escaped(line).replace(/^[.']/, "\\&$&").replace(/`([^`]*)`/g, "\\fB$1\\fR"))
    .join("\n");
}

/** A hyphen stays one that can be searched for and copied. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/[^\x20-\x7e]/g, (found) => {
    const code = found.codePointAt(0)!.toString(16).toUpperCase();
    return `\\[u${code.padStart(4, "0")}]`;
  });
}
