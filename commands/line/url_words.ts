// The beginnings of URLs that fit a command, for completion.

import type { HttpApp } from "../../core/http/app.ts";
import type { Protocol } from "../../core/protocol.ts";
import { catalogue } from "../../dock/catalogue.ts";
import { clientSchemes } from "../../dock/schemes.ts";

/** Where something can be served, with the layer that it needs there; behind a `+` the layers that
 * fit. */
export function listeningWords({ name }: Protocol | HttpApp, current: string): readonly string[] {
  const found = catalogue().protocols.find((one) => one.name === name);
  return withLayers(found?.transports ?? [], current);
}

/** Where clients can dial.
 * @param ordered whether nothing may be lost on the way */
export function diallingWords(current: string, ordered = false): readonly string[] {
  const { protocols, transports } = catalogue();
  const ofInbox = protocols.find(({ name }) => name === "inbox")?.transports ?? [];
  const names = ordered
    ? ofInbox
    : transports.filter(({ name }) => clientSchemes.has(name)).map(({ name }) => name);
  return withLayers(names, current);
}

/** `tcp://`, and for `udp+sealed` also `udp+sealed+reliable://`. */
function withLayers(schemes: readonly string[], current: string): readonly string[] {
  if (/[:/]/.test(current)) return [];
  const urls = schemes.map((scheme) => `${scheme}://`);
  const [transport = "", ...typed] = current.split("+");
  if (typed.length === 0 || !schemes.some((scheme) => scheme.split("+")[0] === transport)) {
    return urls;
  }
  const { layers = [] } = catalogue().transports.find(({ name }) => name === transport) ?? {};
  const before = typed.slice(0, -1);
  const last = Math.max(-1, ...before.map((name) => layers.indexOf(name)));
  return [
    ...urls,
    // The catalogue lists layers from the wire inward, which is their order in a URL.
    ...layers.slice(last + 1).map((name) => `${[transport, ...before, name].join("+")}://`),
  ];
}
