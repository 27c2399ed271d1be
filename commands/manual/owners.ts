// Which page explains an option: that of its topic, or else that of the protocol, transport, layer
// or command in whose table it stands.

import { clientKinds } from "../../clients/index.ts";
import { flagName, type Option, type OptionTable } from "../../core/options/option.ts";
import { topics } from "../../core/options/topic.ts";
import { layers } from "../../layers/index.ts";
import { protocols } from "../../protocols/index.ts";
import { serverKinds } from "../../servers/index.ts";
import { apps } from "../../web/index.ts";
import type { PageName, Word } from "./page.ts";

/** A table and the page of what it belongs to. */
interface Owner extends PageName {
  readonly options: OptionTable;
}

const parts = [
  ...[...protocols, ...apps].map(({ name, options }) => ({
    folder: "protocols" as const,
    name,
    options,
  })),
  ...[...serverKinds, ...clientKinds]
    .map(({ name, options }) => ({ folder: "transports" as const, name, options })),
  ...layers.map(({ name, options }) => ({ folder: "layers" as const, name, options })),
] satisfies readonly Owner[];

/** The page of an option; null for one that a command has for itself. */
function ownerOf(key: string, option: Option<unknown>): PageName | null {
  if (option.topic !== undefined) return pageOfTopic(option.topic);
  return parts.find(({ options }: Owner) => options[key] === option) ?? null;
}

/** A topic that is a transport has its page there. */
function pageOfTopic(name: string): PageName {
  return { folder: Object.hasOwn(topics, name) ? "topics" : "transports", name };
}

/** The options of a table that its own page explains. */
export function ownOptions(table: OptionTable, page: PageName): OptionTable {
  return Object.fromEntries(
    Object.entries(table).filter(([key, option]) => {
      // One that several protocols share, as `--overwrite`, is explained by each of them.
      if (option.topic === undefined && page.folder !== "commands") return true;
      const owner = ownerOf(key, option);
      return owner === null || isSamePage(owner, page);
    }),
  );
}

/** The other options of a table: for each page that explains some of them, their flags. */
export function otherOptions(table: OptionTable, page: PageName): readonly Word[] {
  const own = ownOptions(table, page);
  const flags = new Map<string, { owner: PageName; names: string[] }>();
  for (const [key, option] of Object.entries(table)) {
    const owner = ownerOf(key, option);
    if (owner === null || Object.hasOwn(own, key)) continue;
    const id = `${owner.folder}/${owner.name}`;
    const found = flags.get(id) ?? { owner, names: [] };
    flags.set(id, found);
    found.names.push(`--${flagName(key)}`);
  }
  return [...flags.values()].map(({ owner, names }) => ({
    label: owner.name,
    text: names.join(", "),
    page: owner,
  }));
}

function isSamePage(one: PageName, other: PageName): boolean {
  return one.folder === other.folder && one.name === other.name;
}
