// All pages of the manual, and the one that a user asks for.

import { didYouMean } from "../../core/options/nearest.ts";
import { topics } from "../../core/options/topic.ts";
import { UsageError } from "../../core/usage_error.ts";
import { type Command, type CommandEntry, PROGRAM } from "../command.ts";
import { commandEntries, commandPage } from "./commands.ts";
import { endpointEntries } from "./endpoints.ts";
import { type Page, type PageEntry, wordSection } from "./page.ts";
import { topicEntries } from "./topics.ts";

/** All pages, in the order of the index. A name that has several is that of the first: `chat` is the
 * command, and `serve chat` the protocol. */
export function manual(commands: readonly CommandEntry[]): readonly PageEntry[] {
  return [...commandEntries(commands), ...endpointEntries(), ...topicEntries(commands)];
}

/** The page that the words after `help` ask for: a command, a protocol, a transport, a layer or a
 * topic, or `serve` and what is served.
 * @throws {UsageError} when there is none */
export async function findPage(
  commands: readonly CommandEntry[],
  words: readonly string[],
): Promise<Page> {
  const pages = manual(commands);
  const [first = "", second] = words;
  const isCommand = pages.some(({ folder, name }) => folder === "commands" && name === first);
  const among = isCommand && second !== undefined
    ? pages.filter(({ folder }) => folder !== "commands")
    : pages;
  const asked = (isCommand ? second ?? first : first).replace(/:\/*$/, "");
  const found = among.find(({ name }) => name === asked);
  if (found !== undefined) return await found.load();
  const names = among.map(({ name }) => name);
  throw new UsageError(
    `there is no help on "${asked}"${
      didYouMean(asked, names)
    }; ${PROGRAM} help lists what there is`,
  );
}

/** What `sockdock help` prints: all commands, without loading them. */
export function overview(commands: readonly CommandEntry[]): Omit<Page, "folder" | "name"> {
  return {
    summary: "",
    usage: [`${PROGRAM} <command> [arguments] [options]`],
    paragraphs: [],
    sections: [
      ...wordSection(
        "Commands",
        commands.map(({ name, summary }) => ({
          label: name,
          text: summary,
          page: { folder: "commands", name },
        })),
      ),
      ...wordSection(
        "Options",
        [
          { label: "-h, --help", text: "show this help, or that of the command before it" },
          { label: "-V, --version", text: "show the version" },
        ],
      ),
      ...wordSection("More", [
        { label: "help <command>", text: "a command with its options and examples" },
        { label: "help serve <protocol>", text: "a protocol, such as chat or files" },
        {
          label: "help <transport>",
          text: "a transport, such as tls; or a layer, such as reliable",
        },
        { label: "help <topic>", text: Object.keys(topics).join(", ") },
        { label: "help all", text: "everything" },
      ]),
    ],
  };
}

/** What `--help` prints behind a command: the page of what is to be served, or of the command. */
export async function helpOf(command: Command, argv: readonly string[]): Promise<Page> {
  const served = command.name === "serve"
    ? endpointEntries().find(({ name, folder }) => folder === "protocols" && argv.includes(name))
    : undefined;
  return await served?.load() ?? commandPage(command);
}
