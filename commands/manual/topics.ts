// The pages of topics: options that many transports or commands share, each explained once.

import { clientKinds } from "../../clients/index.ts";
import type { OptionTable } from "../../core/options/option.ts";
import { topics } from "../../core/options/topic.ts";
import { serverKinds } from "../../servers/index.ts";
import type { CommandEntry } from "../command.ts";
import { layerWords } from "./endpoints.ts";
import {
  type OptionSection,
  optionSection,
  type Page,
  type PageEntry,
  wordSection,
} from "./page.ts";

interface Kind {
  readonly name: string;
  readonly options: OptionTable;
}

export function topicEntries(commands: readonly CommandEntry[]): readonly PageEntry[] {
  return Object.keys(topics).map((name) => ({
    folder: "topics",
    name,
    summary: topicSummary(name),
    load: async () =>
      topicPage(name, await Promise.all(commands.map(async ({ load }) => (await load()).options))),
  }));
}

export function topicSummary(name: string): string {
  const summary = topics[name as keyof typeof topics];
  if (name !== "layers") return summary;
  return `${layerWords.map(({ label }) => label).join(", ")}: ${summary}`;
}

/** @param tables those of all commands, which hold every option there is */
function topicPage(name: string, tables: readonly OptionTable[]): Page {
  const ofServers = sections("servers", serverKinds, name);
  const ofClients = sections("clients", clientKinds, name);
  const seen = new Set(
    [...ofServers, ...ofClients].flatMap(({ options }) => Object.values(options)),
  );
  const others = Object.fromEntries(
    tables.flatMap((table) => Object.entries(table))
      .filter(([, option]) => option.topic === name && !seen.has(option)),
  );
  return {
    folder: "topics",
    name,
    summary: topicSummary(name),
    usage: [],
    paragraphs: [],
    sections: [
      ...optionSection("Options", others),
      ...ofServers,
      ...ofClients,
      ...(name === "layers" ? wordSection("Layers", layerWords) : []),
    ],
  };
}

/** The options of a topic, together if the same transports have them. */
function sections(
  title: string,
  kinds: readonly Kind[],
  topic: string,
): readonly OptionSection[] {
  const groups = new Map<string, Record<string, OptionTable[string]>>();
  const all: OptionTable = Object.assign({}, ...kinds.map(({ options }) => options));
  for (const [key, option] of Object.entries(all)) {
    if (option.topic !== topic) continue;
    const names = new Set(
      kinds.filter(({ options }) => options[key] === option).map(({ name }) => name),
    );
    const owners = [...names].join(", ");
    groups.set(owners, { ...groups.get(owners), [key]: option });
  }
  return [...groups].flatMap(([owners, options]) =>
    optionSection(`Options of ${title} on ${owners}`, options)
  );
}
