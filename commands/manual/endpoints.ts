// The pages of protocols, transports and layers, and the lists of them on other pages.

import { clientKinds } from "../../clients/index.ts";
import type { Addressing } from "../../core/addresses/endpoint.ts";
import type { ClientKind } from "../../core/client_kind.ts";
import type { HttpApp } from "../../core/http/app.ts";
import type { Layer } from "../../core/layer.ts";
import { flagName, type OptionTable } from "../../core/options/option.ts";
import type { Protocol } from "../../core/protocol.ts";
import type { ServerKind } from "../../core/server_kind.ts";
import { catalogue } from "../../dock/catalogue.ts";
import { layers as allLayers } from "../../layers/index.ts";
import { protocols } from "../../protocols/index.ts";
import { serverKinds } from "../../servers/index.ts";
import { apps } from "../../web/index.ts";
import { PROGRAM } from "../command.ts";
import { otherOptions, ownOptions } from "./owners.ts";
import { optionSection, type Page, type PageEntry, type Word, wordSection } from "./page.ts";

const servers: readonly ServerKind[] = serverKinds;
const clients: readonly ClientKind[] = clientKinds;
const layers: readonly Layer[] = allLayers;
const served: readonly (Protocol | HttpApp)[] = [...protocols, ...apps];
const all = catalogue();

const upstreamWord: Word = {
  label: "upstream",
  text: "the options of the side that dials",
  page: { folder: "topics", name: "upstream" },
};

export function endpointEntries(): readonly PageEntry[] {
  return [
    ...served.map((one) => entry("protocols", one, () => protocolPage(one))),
    ...all.transports.map((one) => entry("transports", one, () => transportPage(one.name))),
    ...layers.map((one) => entry("layers", one, () => layerPage(one))),
  ];
}

/** All protocols, for a command that has the options of all of them. */
export function protocolWords(table: OptionTable): readonly Word[] {
  if (!served.every(({ options }) => isPartOf(table, options))) return [];
  return served.map(wordFor("protocols"));
}

/** The transports of which a command has all options. */
export function transportWords(table: OptionTable): readonly Word[] {
  const names = new Set(
    [...servers, ...clients].filter(({ options }) => isPartOf(table, options))
      .map(({ name }) => name),
  );
  return all.transports.filter(({ name }) => names.has(name)).map(wordFor("transports"));
}

/** The protocol that a command is named for, which `serve` has a page of: `chat`, `relay`. */
export function namesakeWords(name: string): readonly Word[] {
  return served.filter((one) => one.name === name)
    .map((one) => ({ ...wordFor("protocols")(one), label: `serve ${name}` }));
}

export const layerWords: readonly Word[] = layers.map(wordFor("layers"));

/** The topics of options that no transport has, to which the pages of protocols lead. */
export const protocolTopics: ReadonlySet<string> = new Set(
  served.flatMap(moreOf).map(({ label }) => label)
    .filter((label) =>
      ![...servers, ...clients].some(({ options }) =>
        Object.values(options).some(({ topic }) => topic === label)
      )
    ),
);

function protocolPage(one: Protocol | HttpApp): Page {
  const { name, summary, options } = one;
  const page = { folder: "protocols", name } as const;
  const operand = one.operand === undefined ? [] : [`[${options[one.operand]?.metavar}]`];
  const on = all.protocols.find((entry) => entry.name === name)?.transports ?? [];
  return {
    ...page,
    summary,
    usage: [[PROGRAM, "serve", name, "<url>...", ...operand, "[options]"].join(" ")],
    paragraphs: [],
    sections: [
      ...optionSection("Options", ownOptions(options, page)),
      ...wordSection(
        "Transports",
        all.transports.filter((transport) => on.some((url) => schemeOf(url) === transport.name))
          .map((transport) => ({
            ...wordFor("transports")(transport),
            label: `${on.find((url) => schemeOf(url) === transport.name)}://`,
          })),
      ),
      ...wordSection("More", moreOf(one)),
    ],
  };
}

/** The pages that explain options which a protocol has and others may have too. */
function moreOf(one: Protocol | HttpApp): readonly Word[] {
  const words = otherOptions(one.options, { folder: "protocols", name: one.name });
  return "dials" in one && one.dials ? [...words, upstreamWord] : words;
}

function transportPage(name: string): Page {
  const page = { folder: "transports", name } as const;
  const kinds = servers.filter((kind) => kind.name === name);
  const { summary, addressing } = kinds[0]!;
  const listening: OptionTable = Object.assign({}, ...kinds.map(({ options }) => options));
  const dialling = clients.find((kind) => kind.name === name)?.options;
  const url = `${name}://${place(addressing)}`;
  const requests = kinds.some(({ carries }) => carries === "requests");
  const onIt = served.filter((one) =>
    kinds.some(({ carries }) => carries === ("framing" in one ? "sessions" : "requests"))
  );
  return {
    ...page,
    summary,
    usage: [
      `${PROGRAM} serve <protocol> ${url} [options]`,
      ...(dialling === undefined ? [] : [`${PROGRAM} connect ${url} [options]`]),
      ...(requests && addressing === "host" ? [`${PROGRAM} fetch ${url} [options]`] : []),
    ],
    paragraphs: [],
    sections: [
      ...optionSection("Options of servers", ownOptions(listening, page)),
      ...optionSection("Options of clients", ownOptions(dialling ?? {}, page)),
      ...wordSection("Protocols", onIt.map(wordFor("protocols"))),
      ...wordSection(
        "Layers",
        layerWords.filter(({ label }) =>
          all.transports.find((one) => one.name === name)?.layers.includes(label)
        ),
      ),
      ...wordSection("More", otherOptions({ ...dialling, ...listening }, page)),
    ],
  };
}

function layerPage({ name, summary, options, carriers, impliedBy }: Layer): Page {
  const page = { folder: "layers", name } as const;
  const under = all.transports.filter(({ layers }) => layers.includes(name));
  const first = under.find(({ name }) => carriers.length > 1 || name === "udp")?.name;
  return {
    ...page,
    summary,
    usage: [
      impliedBy === undefined
        ? `${PROGRAM} serve <protocol> ${first}+${name}://host:port [options]`
        : `${PROGRAM} serve <protocol> ${first}://host:port --${flagName(impliedBy)} <${
          options[impliedBy]?.metavar
        }>`,
    ],
    paragraphs: [],
    sections: [
      ...optionSection("Options", ownOptions(options, page)),
      ...wordSection("Transports", under.map(wordFor("transports"))),
    ],
  };
}

function entry(
  folder: PageEntry["folder"],
  { name, summary }: Pick<PageEntry, "name" | "summary">,
  make: () => Page,
): PageEntry {
  return { folder, name, summary, load: () => Promise.resolve(make()) };
}

function wordFor(folder: PageEntry["folder"]): (one: Pick<PageEntry, "name" | "summary">) => Word {
  return ({ name, summary }) => ({
    label: folder === "transports" ? `${name}://` : name,
    text: summary,
    page: { folder, name },
  });
}

/** The scheme of `udp+reliable`. */
function schemeOf(url: string): string {
  return url.split("+")[0]!;
}

function place(addressing: Addressing): string {
  return addressing === "host" ? "host:port" : "/path";
}

function isPartOf(table: OptionTable, part: OptionTable): boolean {
  return Object.entries(part).every(([key, option]) => table[key] === option);
}
