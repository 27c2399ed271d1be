// The pages of commands.

import type { OptionTable } from "../../core/options/option.ts";
import { type Command, type CommandEntry, PROGRAM } from "../command.ts";
import { namesakeWords, protocolTopics, protocolWords, transportWords } from "./endpoints.ts";
import { otherOptions, ownOptions } from "./owners.ts";
import { optionSection, type Page, type PageEntry, type Section, wordSection } from "./page.ts";
import { topicSummary } from "./topics.ts";

export function commandEntries(commands: readonly CommandEntry[]): readonly PageEntry[] {
  return commands.map(({ name, summary, load }) => ({
    folder: "commands",
    name,
    summary,
    load: async () => commandPage(await load()),
  }));
}

/** The page of a command: what its options are if they are its own, and which pages explain those
 * of the endpoints that it serves or dials. */
export function commandPage(command: Command): Page {
  const { name, summary, usage, details = "", groups = [], examples } = command;
  const page = { folder: "commands", name } as const;
  const grouped: OptionTable = Object.assign({}, ...groups.map(({ options }) => options));
  const rest: OptionTable = Object.fromEntries(
    Object.entries(command.options).filter(([key]) => !(key in grouped)),
  );
  // What every command has is repeated on its page if it is only a word; `help output` has all of it.
  const printing = Object.entries(rest)
    .filter(([, { topic, kind }]) => topic === "output" && kind === "flag");
  const protocols = protocolWords(rest);
  const sections: Section[] = [
    ...wordSection("Protocols", protocols),
    ...wordSection("Transports", transportWords(rest)),
    ...optionSection("Options", { ...ownOptions(rest, page), ...Object.fromEntries(printing) }),
    ...groups.flatMap(({ title, options }) => optionSection(title, options)),
    ...(examples.length === 0 ? [] : [{ kind: "examples", title: "Examples", examples } as const]),
    ...wordSection("More", [
      ...namesakeWords(name),
      ...otherOptions(rest, page)
        .filter(({ page }) => page?.folder === "topics")
        // The pages of protocols name those that only protocols have.
        .filter(({ label }) => protocols.length === 0 || !protocolTopics.has(label))
        .map((word) => ({ ...word, text: topicSummary(word.label) })),
    ]),
  ];
  return {
    ...page,
    summary,
    usage: [[PROGRAM, name, usage, "[options]"].filter((part) => part !== "").join(" ")],
    paragraphs: details.split(/\n\s*\n/).filter((paragraph) => paragraph.trim() !== ""),
    sections,
  };
}
