// The manual as data: pages of sections of entries. text.ts and roff.ts write it for a terminal and
// as a man page, .ci/reference.ts as docs/reference/; commands.ts, endpoints.ts and topics.ts make it
// from the tables by which the command line is parsed.

import type { Option, OptionTable } from "../../core/options/option.ts";
import type { Example } from "../command.ts";

/** The folders of docs/reference/, in the order of its index. */
export const FOLDERS = ["commands", "protocols", "transports", "layers", "topics"] as const;

/** A page by its folder and name: `transports`, `tls`. */
export interface PageName {
  readonly folder: (typeof FOLDERS)[number];
  readonly name: string;
}

export interface Page extends PageName {
  /** One line, without a full stop. */
  readonly summary: string;
  /** How it is written on the command line; empty for a topic. */
  readonly usage: readonly string[];
  readonly paragraphs: readonly string[];
  readonly sections: readonly Section[];
}

export type Section = OptionSection | WordSection | ExampleSection;

/** Options, which this page owns: no other page explains them. */
export interface OptionSection {
  readonly kind: "options";
  readonly title: string;
  readonly options: OptionTable;
}

/** Words with a line for each, most of them with a page of their own. */
interface WordSection {
  readonly kind: "words";
  readonly title: string;
  readonly words: readonly Word[];
}

export interface Word {
  readonly label: string;
  readonly text: string;
  readonly page?: PageName;
}

interface ExampleSection {
  readonly kind: "examples";
  readonly title: string;
  readonly examples: readonly Example[];
}

/** A page that is made when it is read, so that the name of one does not load all. */
export interface PageEntry extends PageName {
  readonly summary: string;
  load(): Promise<Page>;
}

export type OptionEntry = readonly [key: string, option: Option<unknown>];

export function optionSection(title: string, options: OptionTable): readonly OptionSection[] {
  return Object.keys(options).length === 0 ? [] : [{ kind: "options", title, options }];
}

export function wordSection(title: string, words: readonly Word[]): readonly WordSection[] {
  return words.length === 0 ? [] : [{ kind: "words", title, words }];
}
