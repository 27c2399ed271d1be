// Parses a configuration file, TOML or JSON, to a tree of values that know their line.

import { errorText } from "../../core/event.ts";
import { UsageError } from "../../core/usage_error.ts";

/** A value with its line, counted from 1. */
interface Located<T = unknown> {
  readonly line: number;
  readonly value: T;
}

export type ConfigValue =
  | Located<string | number | boolean | null>
  | Located<readonly ConfigValue[]>
  | ConfigTable;

/** A table, or object, by key. The line of an entry is that of its key. */
export type ConfigTable = Located<ReadonlyMap<string, ConfigValue>>;

/** Parses TOML, or JSON with comments, by the file's name.
 * @throws {UsageError} naming file and line */
export async function parseConfig(path: string, text: string): Promise<ConfigTable> {
  const parse = path.endsWith(".json") || path.endsWith(".jsonc") ? parseJson : parseToml;
  let root: ConfigValue;
  try {
    root = await parse(path, text);
  } catch (error) {
    // Both parsers recurse, and a file that is nested too deeply overflows the stack.
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${path}: it is nested too deeply to be a configuration`);
  }
  if (!isTable(root)) throw new UsageError(`${path}:1: expected an object at the top`);
  return root;
}

export function isTable(value: ConfigValue): value is ConfigTable {
  return value.value instanceof Map;
}

export function isList(value: ConfigValue): value is Located<readonly ConfigValue[]> {
  return Array.isArray(value.value);
}

async function parseJson(path: string, text: string): Promise<ConfigValue> {
  const { parseTree, printParseErrorCode } = await import("jsonc-parser");
  const errors: { error: number; offset: number; length: number }[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const lineOf = (offset: number) => text.slice(0, offset).split("\n").length;
  const first = errors[0];
  if (first !== undefined || tree === undefined) {
    const what = first === undefined
      ? "nothing in it"
      : printParseErrorCode(first.error).replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
    throw new UsageError(`${path}:${lineOf(first?.offset ?? 0)}: not valid JSON: ${what}`);
  }
  type Node = NonNullable<ReturnType<typeof parseTree>>;
  function convert(node: Node): ConfigValue {
    const line = lineOf(node.offset);
    if (node.type === "array") return { line, value: (node.children ?? []).map(convert) };
    if (node.type !== "object") {
      return { line, value: node.value as string | number | boolean | null };
    }
    const entries = new Map<string, ConfigValue>();
    for (const property of node.children ?? []) {
      const [key, value] = property.children ?? [];
      if (key === undefined || value === undefined) continue;
      const name = String(key.value);
      if (entries.has(name)) {
        throw new UsageError(`${path}:${lineOf(key.offset)}: ${name} stands here twice`);
      }
      entries.set(name, { ...convert(value), line: lineOf(key.offset) });
    }
    return { line, value: entries };
  }
  return convert(tree);
}

async function parseToml(path: string, text: string): Promise<ConfigValue> {
  const { getStaticTOMLValue, parseTOML } = await import("toml-eslint-parser");
  type Program = ReturnType<typeof parseTOML>;
  let program: Program;
  try {
    program = parseTOML(text);
  } catch (error) {
    const line = (error as { lineNumber?: number }).lineNumber ?? 1;
    throw new UsageError(`${path}:${line}: not valid TOML: ${errorText(error)}`);
  }
  const lines = new Map<string, number>();
  const keyText = (keys: readonly (string | number)[]) => JSON.stringify(keys);
  /** Records a key's line; tables around it get the line on which they are first named. */
  function place(
    prefix: readonly (string | number)[],
    keys: readonly (string | number)[],
    line: number,
  ) {
    for (let depth = 1; depth <= keys.length; depth++) {
      const at = keyText([...prefix, ...keys.slice(0, depth)]);
      if (!lines.has(at)) lines.set(at, line);
    }
  }
  for (const item of program.body[0].body) {
    const isTable = item.type === "TOMLTable";
    const prefix = isTable ? item.resolvedKey : [];
    place([], prefix, item.loc.start.line);
    for (const entry of isTable ? item.body : [item]) {
      const keys = entry.key.keys.map((key) => key.type === "TOMLBare" ? key.name : key.value);
      place(prefix, keys, entry.loc.start.line);
    }
  }
  function convert(value: unknown, keys: readonly (string | number)[], above: number): ConfigValue {
    const line = lines.get(keyText(keys)) ?? above;
    if (Array.isArray(value)) {
      return { line, value: value.map((item, index) => convert(item, [...keys, index], line)) };
    }
    if (typeof value === "object" && value !== null && !(value instanceof Date)) {
      const entries = Object.entries(value).map(([key, inner]) =>
        [key, convert(inner, [...keys, key], line)] as const
      );
      return { line, value: new Map(entries) };
    }
    return {
      line,
      value: typeof value === "number" || typeof value === "boolean" ? value : String(value),
    };
  }
  return convert(getStaticTOMLValue(program), [], 1);
}
