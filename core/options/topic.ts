// Topics: what options that several tables share are about, so that help explains each of them in
// one place. An option without a topic belongs to the table that it stands in.

import type { OptionTable } from "./option_table.ts";

/** The topics that are no protocol, transport or layer, with a line for each. */
export const topics: Readonly<Record<Exclude<Topic, "tls" | "http" | "ws">, string>> = {
  output: "what is printed and recorded",
  addresses: "which addresses are used",
  limits: "how much is accepted, and how long to wait",
  access: "who may come, by address, name, password or origin",
  layers: "between transport and protocol",
  cluster: "several chat servers as one, over a broker",
  metrics: "numbers for Prometheus, and whether a server is healthy and ready",
  control: "an API by which programs see and drive the servers",
  upstream: "the side of a relay that dials; as for clients, with upstream in front",
};

/** A topic, or the transport that the options are about, whose page is theirs. */
export type Topic =
  | "output"
  | "addresses"
  | "limits"
  | "access"
  | "layers"
  | "cluster"
  | "metrics"
  | "control"
  | "upstream"
  | "tls"
  | "http"
  | "ws";

/** The same table with its options about this topic, except those that are about another one. */
export function about<const Table extends OptionTable>(topic: Topic, table: Table): Table {
  const marked = Object.entries(table)
    .map(([key, option]) => [key, option.topic === undefined ? { ...option, topic } : option]);
  // Every option has its own type still: only a property was added.
  return Object.fromEntries(marked) as Table;
}
