// Reads the configuration of `up`: the servers, their URLs and their options.

import { type Endpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { errorText } from "../../core/event.ts";
import { didYouMean } from "../../core/options/nearest.ts";
import { flagName, type Given, parseText } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import { whyUseless } from "../../dock/applicable.ts";
import { serverSchemes } from "../../dock/schemes.ts";
import { type ConfigTable, type ConfigValue, isList, isTable, parseConfig } from "./config_tree.ts";
import { planned, type PlannedEntry, servedByName, servedOptions } from "./serve_options.ts";

const SERVERS = "server";

/** Keys of a server that are not options. */
const OWN_KEYS = ["serve", "on"] as const;

/** Reads a configuration file: a list `server` of tables with `serve` (the protocol), `on` (a URL
 * or a list of them) and any option by its flag's name; options at the top are defaults for the
 * servers that they concern.
 *
 * @param overrides option values by key that win over the file, where they concern a server
 * @throws {UsageError} naming file, line and key */
export async function readConfig(
  path: string,
  overrides: Given,
): Promise<PlannedEntry[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`cannot read the configuration ${path}: ${errorText(error)}`);
  }
  const root = await parseConfig(path, text);
  const reader = new ConfigReader(path);
  const defaults = reader.options(root, "", [SERVERS]);
  const list = root.value.get(SERVERS);
  if (list === undefined || !isList(list) || list.value.length === 0) {
    throw new UsageError(
      `${path}:${list?.line ?? 1}: ${SERVERS}: expected a list of servers, ` +
        `such as [[${SERVERS}]] with serve = "echo" and on = "tcp://:9999"`,
    );
  }
  return list.value.map((server, index) =>
    reader.server(server, `${SERVERS}[${index + 1}]`, defaults, overrides)
  );
}

/** The keys of options by the names of their flags. */
const keys = new Map(Object.keys(servedOptions).map((key) => [flagName(key), key]));

class ConfigReader {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  server(
    server: ConfigValue,
    label: string,
    defaults: Given,
    overrides: Given,
  ): PlannedEntry {
    if (!isTable(server)) throw this.#wrong(server, label, "expected a table");
    const name = server.value.get("serve");
    if (typeof name?.value !== "string") {
      throw this.#wrong(name ?? server, `${label}.serve`, "expected the name of a protocol");
    }
    const what = this.#located(name, `${label}.serve`, () => servedByName(String(name.value)));
    const urls = this.#urls(server, label);
    const own = this.options(server, `${label}.`, OWN_KEYS);
    const given = { ...defaults, ...own, ...overrides };
    const entry = planned(what, urls, given);
    for (const key of Object.keys(own)) {
      if (Object.hasOwn(entry.table, key)) continue;
      const name = flagName(key);
      throw this.#wrong(
        server.value.get(name)!,
        `${label}.${name}`,
        `this option ${whyUseless(key, { endpoints: urls, served: [what], given }, flagName)}`,
      );
    }
    return { ...entry, where: this.#label(server, label) };
  }

  /** The options of a table, by key. */
  options(
    from: ConfigTable,
    prefix: string,
    others: readonly string[],
  ): Record<string, unknown> {
    const values: Record<string, unknown> = {};
    for (const [name, value] of from.value) {
      if (others.includes(name)) continue;
      const label = `${prefix}${name}`;
      const key = keys.get(name);
      const option = key === undefined ? undefined : servedOptions[key];
      if (key === undefined || option === undefined) {
        const hint = didYouMean(name, [...keys.keys(), ...others]);
        throw this.#wrong(value, label, `unknown key${hint}`);
      }
      values[key] = this.#located(value, label, () => {
        const texts = isList(value) ? value.value.map(scalarText) : scalarText(value);
        return parseText(option, texts, this.#label(value, label));
      });
    }
    return values;
  }

  #urls(server: ConfigTable, label: string): Endpoint[] {
    const on = server.value.get("on");
    if (on === undefined) throw this.#wrong(server, `${label}.on`, "expected a URL, or a list");
    const items = isList(on) ? on.value : [on];
    if (items.length === 0) throw this.#wrong(on, `${label}.on`, "expected a URL, or a list");
    return items.map((item) => {
      if (typeof item.value !== "string") throw this.#wrong(item, `${label}.on`, "expected a URL");
      const { value } = item;
      return this.#located(item, `${label}.on`, () => parseEndpoint(value, serverSchemes));
    });
  }

  /** Runs `read` and puts file, line and key in front of the message of its error. */
  #located<T>(at: ConfigValue, label: string, read: () => T): T {
    try {
      return read();
    } catch (error) {
      const text = errorText(error);
      throw text.startsWith(this.#path) ? error : this.#wrong(at, label, text);
    }
  }

  #label(at: ConfigValue, label: string): string {
    return `${this.#path}:${at.line}: ${label}`;
  }

  #wrong(at: ConfigValue, label: string, why: string): UsageError {
    return new UsageError(`${this.#label(at, label)}: ${why}`);
  }
}

/** A value as text, to be parsed by its option.
 * @throws {UsageError} when it is not a single value */
function scalarText(value: ConfigValue): string {
  if (isTable(value)) throw new UsageError("expected a value, got a table");
  if (isList(value)) throw new UsageError("expected a value, got a list");
  if (value.value === null) throw new UsageError("expected a value, got null");
  return String(value.value);
}
