// The declaration of an option. Its TypeScript type, command-line flag, environment variable,
// configuration key, help line, completions and reference entry all derive from it; option_table.ts
// processes whole tables of options. Past 300 lines because it is the list of all kinds of options.

import {
  type Bounds,
  checkElement,
  choiceElement,
  decimalElement,
  durationElement,
  integerElement,
  type OptionElement,
  parseElement,
  show,
  sizeElement,
  textElement,
} from "./option_element.ts";
import type { Topic } from "./topic.ts";
import { UsageError } from "../usage_error.ts";

export type { Bounds } from "./option_element.ts";
export { formatDuration, formatSize, parseDuration, parseSize } from "./quantity.ts";
export {
  environmentName,
  flagName,
  type Given,
  type Intersection,
  mergeTables,
  type OptionTable,
  type OptionValues,
  parseText,
  resolveOptions,
  resolveShare,
  type TableOf,
} from "./option_table.ts";
export { about } from "./topic.ts";

/** An option whose value is a `T`, made by the factories below. */
export interface Option<T> {
  /** A flag has no value on the command line; a value option has one. */
  readonly kind: "flag" | "value";
  /** Help text that continues the flag: `end a session that says nothing`. */
  readonly help: string;
  /** What the documentation of the library adds to the help, where a program can give more than the
   * command line. */
  readonly libraryNote?: string;
  /** Whether the text of a file may stand in place of its path, where no command line shows it. */
  readonly takesText?: boolean;
  /** Placeholder of the value in help: `--idle-timeout <duration>`. Empty for flags. */
  readonly metavar: string;
  /** The one letter of the flag: `k` for `-k`. */
  readonly short?: string;
  /** What it stands for when it is written without a value. */
  readonly bare?: Bare;
  /** The values that it can have, where there are only a few. */
  readonly choices?: readonly string[];
  /** Words that a value may be or begin with, besides others; for completion. */
  readonly suggestions?: readonly string[];
  /** Whether the option may be repeated; its value is then an array. */
  readonly many: boolean;
  /** Whether the option has to be given; it then has no default. */
  readonly required: boolean;
  /** Whether leaving the option away lowers protection. An empty value of a guard is an error
   * wherever it comes from: a variable of a script that was never set must not open a server. */
  readonly guard: boolean;
  /** Whether its value is a secret itself, such as a password or a token, and is masked wherever options
   * are shown. The path of a file is none. */
  readonly secret: boolean;
  /** Whether `--no-name` turns the option off. Flags only. */
  readonly negatable: boolean;
  /** What the option is about, when several tables share it. */
  readonly topic?: Topic;
  /** Separator of the elements of a repeatable option in one text, as in an environment variable. */
  readonly separator: string;
  /** The default. Meaningless when `required`. */
  readonly fallback: T;
  /** The default with its unit, if it is worth printing. */
  readonly fallbackText?: string;
  /** Parses one element.
   * @param name the flag or variable, which begins the error message: `--port`, `SOCKDOCK_PORT`
   * @throws {UsageError} when the text is not such a value */
  parse(text: string, name: string): unknown;
  /** Checks a whole value given as a library argument.
   * @throws {TypeError} when it is of the wrong type
   * @throws {RangeError} when it is out of bounds */
  check(value: unknown, name: string): void;
}

/** An option that may be written without a value. */
export interface Bare {
  /** The text of its value then. */
  readonly text: string;
  /** Which words after it are its value; all others are arguments. */
  readonly takes: RegExp;
}

/** Arguments of every factory. `metavar` is written without its angle brackets. */
export interface OptionSpec {
  /** What the option does. It continues the flag in help, so it starts with a small letter. */
  readonly help: string;
  /** The one letter of the flag, without its dash. */
  readonly short?: string;
  /** The placeholder of the value in help. Default: one for the type, such as `duration`. */
  readonly metavar?: string;
  /** See {@linkcode Option.suggestions}. */
  readonly suggestions?: readonly string[];
  /** See {@linkcode Option.guard}. */
  readonly guard?: true;
  /** See {@linkcode Option.secret}. */
  readonly secret?: true;
  /** See {@linkcode Option.bare}. */
  readonly bare?: Bare;
}

/** With a default or `required: true` the value is always present; otherwise it may be undefined. */
export interface OptionFactory<T, Extra> {
  /** An option with a default. */
  (spec: OptionSpec & Extra & { readonly default: T }): Option<T>;
  /** An option that has to be given. */
  (spec: OptionSpec & Extra & { readonly required: true }): Option<T>;
  /** An option that may be left out; its value is then undefined. */
  (spec: OptionSpec & Extra): Option<T | undefined>;
  /** An option that may be repeated; its value is an array, by default an empty one. */
  many(spec: ManySpec<T> & Extra): Option<readonly T[]>;
}

/** Arguments of the factories of repeatable options. */
export interface ManySpec<T> extends OptionSpec {
  /** Default: no elements. */
  readonly default?: readonly T[];
  /** What stands between elements in an environment variable. Default: a comma. */
  readonly separator?: string;
}

/** Arguments of {@linkcode flag}. */
export interface FlagSpec extends Omit<OptionSpec, "metavar"> {
  /** Default: false. */
  readonly default?: boolean;
  /** Whether `--no-name` turns the flag off. Default: true. */
  readonly negatable?: boolean;
}

/** Any text, also an empty one. */
export const text: OptionFactory<string, object> = factory(textElement);

/** A whole number. */
export const integer: OptionFactory<number, Bounds> = factory(integerElement);

/** A number that may have a fraction, such as a probability. */
export const decimal: OptionFactory<number, Bounds> = factory(decimalElement);

/** Milliseconds, written `500ms`, `5s`, `2m`, `1h`, `1d`, or as a bare number of seconds. With
 * `allowNone`, `none` is Infinity. Bounds and default are in milliseconds.
 * @default `min` 0, `max` 24 days, beyond which timers overflow */
export const duration: OptionFactory<number, Bounds & { readonly allowNone?: boolean }> = factory(
  durationElement,
);

/** Bytes, written `10k` (10,240), `4m`, `1g` or as a bare number. Bounds and default are in bytes.
 * @default `min` 0 */
export const size: OptionFactory<number, Bounds> = factory(sizeElement);

/** One of a few words, with a default. */
export function choice<const V extends readonly string[]>(
  values: V,
  spec: OptionSpec & { readonly default: NoInfer<V[number]> },
): Option<V[number]>;
/** One of a few words, which has to be given. */
export function choice<const V extends readonly string[]>(
  values: V,
  spec: OptionSpec & { readonly required: true },
): Option<V[number]>;
/** One of a few words, or undefined. */
export function choice<const V extends readonly string[]>(
  values: V,
  spec: OptionSpec,
): Option<V[number] | undefined>;
export function choice(
  values: readonly string[],
  spec: OptionSpec & { readonly default?: string; readonly required?: true },
): Option<string | undefined> {
  return single(choiceElement(values), spec);
}

/** Any number of a few words. */
choice.many = function <const V extends readonly string[]>(
  values: V,
  spec: ManySpec<NoInfer<V[number]>>,
): Option<readonly V[number][]> {
  return many<V[number]>(choiceElement(values), spec);
};

/** A flag. `--no-name` turns it off; in the environment it is `1`, `true`, `0` or `false`. */
export function flag(spec: FlagSpec): Option<boolean> {
  return {
    ...described(spec, ""),
    kind: "flag",
    many: false,
    required: false,
    negatable: spec.negatable ?? true,
    separator: ",",
    fallback: spec.default ?? false,
    parse(text, name) {
      const word = text.toLowerCase();
      if (["1", "true", "yes", "on"].includes(word)) return true;
      if (["0", "false", "no", "off"].includes(word)) return false;
      throw new UsageError(`${name}: expected true or false, got ${JSON.stringify(text)}`);
    },
    check(value, name) {
      if (typeof value !== "boolean") {
        throw new TypeError(`${name}: expected true or false, got ${show(value)}`);
      }
    },
  };
}

function factory<T, Extra extends object>(
  elementFor: (extra: Extra) => OptionElement<T>,
): OptionFactory<T, Extra> {
  function make(spec: OptionSpec & Extra & { readonly default: T }): Option<T>;
  function make(spec: OptionSpec & Extra & { readonly required: true }): Option<T>;
  function make(spec: OptionSpec & Extra): Option<T | undefined>;
  function make(spec: OptionSpec & Extra): Option<T | undefined> {
    return single(elementFor(spec), spec);
  }
  return Object.assign(make, {
    many: (spec: ManySpec<T> & Extra) => many(elementFor(spec), spec),
  });
}

function single<T>(
  element: OptionElement<T>,
  spec: OptionSpec & { readonly default?: T; readonly required?: true },
): Option<T | undefined> {
  const option: Option<T | undefined> = {
    ...valueOption(element, spec),
    many: false,
    required: spec.required === true,
    separator: ",",
    fallback: spec.default,
    ...(spec.default === undefined ? {} : { fallbackText: element.format(spec.default) }),
    check(value, name) {
      if (option.guard) refuseEmpty(value, name);
      checkElement(element, value, name);
    },
  };
  if (spec.default !== undefined) option.check(spec.default, `default of "${spec.help}"`);
  return option;
}

function many<T>(element: OptionElement<T>, spec: ManySpec<T>): Option<readonly T[]> {
  const fallback = Object.freeze([...spec.default ?? []]);
  const option: Option<readonly T[]> = {
    ...valueOption(element, spec),
    many: true,
    required: false,
    separator: spec.separator ?? ",",
    fallback,
    ...(fallback.length === 0 ? {} : { fallbackText: fallback.map(element.format).join(", ") }),
    check(value, name) {
      if (!Array.isArray(value)) {
        throw new TypeError(`${name}: expected an array, got ${show(value)}`);
      }
      if (option.guard) refuseEmpty(value, name);
      value.forEach((item, index) => {
        if (option.guard) refuseEmpty(item, `${name}[${index}]`);
        checkElement(element, item, `${name}[${index}]`);
      });
    },
  };
  if (fallback.length > 0) option.check(fallback, `default of "${spec.help}"`);
  return option;
}

function valueOption<T>(element: OptionElement<T>, spec: OptionSpec) {
  return {
    ...described(spec, element.metavar),
    kind: "value",
    negatable: false,
    ...(element.choices ? { choices: element.choices } : {}),
    parse(text: string, name: string) {
      if (spec.guard && text === "") throw new UsageError(emptyGuard(name));
      return parseElement(element, text, name);
    },
  } as const;
}

function emptyGuard(name: string): string {
  return `${name} is empty, and nothing would be guarded by it; give it a value, or leave it out`;
}

/** @throws {RangeError} when the value of a guard is an empty text or list */
function refuseEmpty(value: unknown, name: string): void {
  if (value === "" || (Array.isArray(value) && value.length === 0)) {
    throw new RangeError(emptyGuard(name));
  }
}

function described(spec: OptionSpec, metavar: string) {
  if (spec.short !== undefined && !/^[A-Za-z0-9]$/.test(spec.short)) {
    throw new TypeError(`short form "${spec.short}" of "${spec.help}" is not one letter or digit`);
  }
  return {
    help: spec.help,
    metavar: spec.metavar ?? metavar,
    guard: spec.guard ?? false,
    secret: spec.secret ?? false,
    ...(spec.bare && { bare: spec.bare }),
    ...(spec.short === undefined ? {} : { short: spec.short }),
    ...(spec.suggestions === undefined ? {} : { suggestions: spec.suggestions }),
  };
}
