// The options with which a protocol can be started at a URL, as data of which a form is made.

import { type Endpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { flagName, type Option } from "../../core/options/option.ts";
import { layers } from "../../layers/index.ts";
import type { OptionsRequest, OptionState } from "../../web/control/controlled_docks.ts";
import { optionsForServing, type Served, servingNeeds } from "../applicable.ts";
import { kindsFor, serverSchemes } from "../schemes.ts";
import { placeToServe } from "../place.ts";
import { servedByName } from "../served.ts";
import { namesFiles } from "./asked_servers.ts";

/** Options that add a layer, each with a value: then those of the layer fit too. */
const implying: Readonly<Record<string, true>> = Object.fromEntries(
  layers.flatMap((layer) => "impliedBy" in layer ? [[layer.impliedBy, true]] : []),
);

/** The options that have an effect there.
 * @throws {UsageError} when there is no such protocol, or it cannot be served there */
export function offeredOptions({ protocol, url, to }: OptionsRequest): readonly OptionState[] {
  const served = servedByName(protocol);
  const endpoint = parseEndpoint(url, serverSchemes);
  placeToServe(endpoint, served, {});
  const given = { ...implying, ...(to !== undefined && { to }) };
  const needs = servingNeeds(served, [endpoint]);
  return Object.entries(optionsForServing(served, [endpoint], given)).map(([key, option]) => ({
    name: flagName(key),
    summary: option.help,
    group: option.topic ?? ownerOf(key, served, endpoint),
    kind: option.kind,
    value: option.metavar,
    choices: option.choices ?? [],
    suggestions: option.suggestions ?? [],
    default: option.secret ? null : defaultOf(option),
    many: option.many,
    required: option.required || isAskedFor(key, served),
    secret: option.secret,
    file: namesFiles(option),
    text: option.takesText ?? false,
    needs: [needs[key] ?? impliedBeside(key, endpoint)].flat().map(flagName),
  }));
}

function defaultOf({ kind, fallback, fallbackText }: Option<unknown>): string | null {
  return kind === "flag" ? String(fallback) : fallbackText ?? null;
}

/** Options that a command line takes from elsewhere, and that have to be given here: the folder of
 * `files` is the working directory there, and the upstream of a relay a word of its own. */
function isAskedFor(key: string, served: Served): boolean {
  if ("dials" in served && served.dials === true) return key === "to";
  return "operand" in served && served.operand === key;
}

/** Whose the option is: the protocol's, the transport's, a layer's, or nobody's in particular. */
function ownerOf(key: string, served: Served, { scheme }: Endpoint): string {
  if (Object.hasOwn(served.options, key)) return served.name;
  const kind = kindsFor(served).find(({ name }) => name === scheme);
  if (kind !== undefined && Object.hasOwn(kind.options, key)) return kind.name;
  return layers.find(({ options }) => Object.hasOwn(options, key))?.name ?? "serve";
}

/** The option that adds the layer that this one is an option of, where the URL does not name it. */
function impliedBeside(key: string, endpoint: Endpoint): readonly string[] {
  const layer = layers.find(({ options }) => Object.hasOwn(options, key));
  if (layer === undefined || !("impliedBy" in layer)) return [];
  const { impliedBy, name } = layer;
  if (impliedBy === undefined || impliedBy === key) return [];
  return endpoint.layers.includes(name) ? [] : [impliedBy];
}

/** The option that an error is about, by the name of its flag; undefined when it is about none.
 * @param keys of the options that may be meant */
export function optionInText(text: string, keys: Iterable<string>): string | undefined {
  const named = [...keys].flatMap((key) => {
    const flag = flagName(key);
    // At the beginning stands what the text is about; flags in it have their dashes.
    const at = [`--${flag}`, `option ${flag}`, `${flag}:`, `${flag}[`, `${key}:`, `${key}[`].map(
      (form) => positionOf(form, text),
    ).filter((position) => position >= 0);
    return at.length === 0 ? [] : [{ flag, position: Math.min(...at) }];
  });
  named.sort((one, other) => one.position - other.position);
  return named[0]?.flag;
}

/** Where a form stands as a word of its own; -1 when it does not. */
function positionOf(form: string, text: string): number {
  const at = text.indexOf(form);
  if (at < 0) return -1;
  const isWhole = !/[\w-]/.test(text[at - 1] ?? "") &&
    (/[:[]$/.test(form) || !/[\w-]/.test(text[at + form.length] ?? ""));
  return isWhole ? at : -1;
}
