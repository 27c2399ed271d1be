// The type of one value of an option: parsing it from text, checking it as a library argument, and
// printing it. option.ts makes single, required and repeatable options of these.

import {
  DURATION_EXAMPLES,
  formatDuration,
  formatSize,
  readDuration,
  readSize,
  SIZE_EXAMPLES,
} from "./quantity.ts";
import { UsageError } from "../usage_error.ts";

/** The smallest and largest value, both allowed, in the unit of the value itself. */
export interface Bounds {
  /** The smallest value that is allowed. */
  readonly min?: number;
  /** The largest value that is allowed. */
  readonly max?: number;
}

/** Parses, checks and prints one element. Text for error messages is made only when there is an
 * error: there are hundreds of options, of which a command uses a few. */
export interface OptionElement<T> {
  readonly metavar: string;
  readonly choices?: readonly string[];
  /** Completes "expected ..." in a message about text. */
  readonly expected: string;
  /** The same about a value out of bounds. @default `expected` */
  readonly expectedBounds?: string;
  /** The same about a library argument. @default `expected` */
  readonly expectedValue?: string;
  /** Parses the text; undefined when it has the wrong form. */
  read(text: string): T | undefined;
  hasShape(value: unknown): value is T;
  inBounds(value: T): boolean;
  format(value: T): string;
}

export function textElement(): OptionElement<string> {
  return {
    metavar: "text",
    expected: "text",
    expectedValue: "a string",
    read: (text) => text,
    hasShape: (value) => typeof value === "string",
    inBounds: () => true,
    format: (value) => value,
  };
}

export function integerElement(bounds: Bounds): OptionElement<number> {
  return numberElement("a whole number", /^[+-]?\d{1,15}$/, Number.isSafeInteger, bounds);
}

export function decimalElement(bounds: Bounds): OptionElement<number> {
  return numberElement("a number", /^[+-]?(\d{1,15}(\.\d*)?|\.\d+)$/, Number.isFinite, bounds);
}

function numberElement(
  noun: string,
  shape: RegExp,
  hasShape: (value: unknown) => boolean,
  bounds: Bounds,
): OptionElement<number> {
  return {
    metavar: "number",
    get expected() {
      return within(noun, bounds, String);
    },
    read: (text) => shape.test(text) ? Number(text) : undefined,
    hasShape: (value): value is number => hasShape(value),
    inBounds: isWithin(bounds),
    format: String,
  };
}

/** The longest duration, unless an option has another limit. Measured on Deno 2.9.6: a timer of
 * 2^31 ms or more fires at once, so `--idle-timeout 30d` would end every session at once. */
const LONGEST_TIMER_MS = 24 * 86_400_000;

export function durationElement(
  { min = 0, max = LONGEST_TIMER_MS, allowNone = false }: Bounds & { readonly allowNone?: boolean },
): OptionElement<number> {
  const orNone = allowNone ? ", or none" : "";
  const isInside = isWithin({ min, max });
  return {
    metavar: "duration",
    expected: DURATION_EXAMPLES + orNone,
    get expectedBounds() {
      return within("a duration", { min, max }, formatDuration) + orNone;
    },
    get expectedValue() {
      const orInfinity = allowNone ? ", or Infinity" : "";
      return within("a number of milliseconds", { min, max }, String) + orInfinity;
    },
    read: (text) => allowNone && text === "none" ? Infinity : readDuration(text),
    hasShape: (value): value is number => typeof value === "number" && !Number.isNaN(value),
    inBounds: (value) => isInside(value) || (allowNone && value === Infinity),
    format: formatDuration,
  };
}

export function sizeElement({ min = 0, max }: Bounds): OptionElement<number> {
  const bounds = max === undefined ? { min } : { min, max };
  return {
    metavar: "size",
    expected: SIZE_EXAMPLES,
    get expectedBounds() {
      return within("a size", bounds, formatSize);
    },
    get expectedValue() {
      return within("a whole number of bytes", bounds, String);
    },
    read: readSize,
    hasShape: (value): value is number => Number.isSafeInteger(value),
    inBounds: isWithin(bounds),
    format: formatSize,
  };
}

export function choiceElement<V extends string>(values: readonly V[]): OptionElement<V> {
  const isKnown = (value: unknown): value is V => values.some((known) => known === value);
  return {
    metavar: values.join("|"),
    choices: values,
    expected: `one of ${values.join(", ")}`,
    read: (text) => isKnown(text) ? text : undefined,
    hasShape: isKnown,
    inBounds: () => true,
    format: (value) => value,
  };
}

/** @throws {UsageError} when the text is not such a value */
export function parseElement<T>(element: OptionElement<T>, text: string, name: string): T {
  const value = element.read(text);
  if (value !== undefined && element.inBounds(value)) return value;
  const { expected: shape, expectedBounds: bounds = shape } = element;
  const expected = value === undefined ? shape : bounds;
  throw new UsageError(`${name}: expected ${expected}, got ${JSON.stringify(text)}`);
}

/** @throws {TypeError | RangeError} when the value is of the wrong type or out of bounds */
export function checkElement<T>(
  element: OptionElement<T>,
  value: unknown,
  name: string,
): void {
  const hasShape = element.hasShape(value);
  if (hasShape && element.inBounds(value)) return;
  const { expectedValue: expected = element.expected } = element;
  const message = `${name}: expected ${expected}, got ${show(value)}`;
  throw hasShape ? new RangeError(message) : new TypeError(message);
}

/** Formats a value for a message. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function isWithin({ min = -Infinity, max = Infinity }: Bounds): (value: number) => boolean {
  return (value) => value >= min && value <= max;
}

function within(noun: string, { min, max }: Bounds, format: (bound: number) => string): string {
  if (min !== undefined && max !== undefined) {
    return `${noun} from ${format(min)} to ${format(max)}`;
  }
  if (min !== undefined) return `${noun} of at least ${format(min)}`;
  if (max !== undefined) return `${noun} of at most ${format(max)}`;
  return noun;
}
