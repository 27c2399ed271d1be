// Durations and sizes, written as `30s` or `64KiB`. In code they are plain numbers with the unit in
// the name, milliseconds and bytes; only these functions convert between the two.

import { UsageError } from "../usage_error.ts";

type Units = readonly (readonly [suffix: string, size: number])[];

/** From the largest: formatting uses the largest unit that divides a number. */
const DURATION_UNITS: Units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
  ["ms", 1],
];
const SIZE_UNITS: Units = [["g", 1024 ** 3], ["m", 1024 ** 2], ["k", 1024], ["", 1]];

// Fifteen digits stay below 2^53, and no BigInt is made of a very long text.
const DURATION = /^(\d{1,15})(?:\.(\d{1,9}))?(ms|s|m|h|d)?$/;
const SIZE = /^(\d{1,15})(?:\.(\d{1,9}))?(?:([kmg])(?:i?b)?|b)?$/;

/** A key in code without the unit that ends it: `idleTimeoutMs` is `idleTimeout`. */
export function withoutUnit(key: string): string {
  return key.replace(/(?<=.)(BytesPerSecond|PerSecond|Seconds|Bytes|Ms)$/, "");
}

/** Complete "expected ..." in a message. */
export const DURATION_EXAMPLES = "a duration such as 500ms, 5s or 2m";
export const SIZE_EXAMPLES = "a size such as 512, 10k or 4m";

/** Parses `500ms`, `5s`, `2m`, `1h` or `1d` to milliseconds; a bare number is seconds, fractions
 * are allowed down to a whole millisecond. Undefined for any other text. */
export function readDuration(text: string): number | undefined {
  const [, whole, fraction, suffix = "s"] = DURATION.exec(text) ?? [];
  return scale(whole, fraction, unitOf(DURATION_UNITS, suffix));
}

/** Parses a duration as {@linkcode readDuration} does, and throws instead of returning undefined.
 * @param name the flag or variable, which begins the error message: `--idle-timeout`
 * @throws {UsageError} when it is not a duration */
export function parseDuration(text: string, name: string): number {
  return readDuration(text) ?? refuse(name, DURATION_EXAMPLES, text);
}

/** The shortest text that {@linkcode parseDuration} reads as the same; Infinity is `none`. */
export function formatDuration(ms: number): string {
  return ms === Infinity ? "none" : format(ms, DURATION_UNITS);
}

/** Parses `10k` (10,240), `1m`, `2g` or a bare number to bytes; `KiB`, `KB` and any case mean the
 * same, and fractions are allowed down to a whole byte. Undefined for any other text. */
export function readSize(text: string): number | undefined {
  const [, whole, fraction, suffix = ""] = SIZE.exec(text.toLowerCase()) ?? [];
  return scale(whole, fraction, unitOf(SIZE_UNITS, suffix));
}

/** Parses a size as {@linkcode readSize} does, and throws instead of returning undefined.
 * @param name the flag or variable, which begins the error message: `--max-message`
 * @throws {UsageError} when it is not a size */
export function parseSize(text: string, name: string): number {
  return readSize(text) ?? refuse(name, SIZE_EXAMPLES, text);
}

/** Formats the shortest text that {@linkcode parseSize} reads as the same number. */
export function formatSize(bytes: number): string {
  return format(bytes, SIZE_UNITS);
}

function refuse(name: string, expected: string, text: string): never {
  throw new UsageError(`${name}: expected ${expected}, got ${JSON.stringify(text)}`);
}

function unitOf(units: Units, suffix: string): number {
  return units.find(([known]) => known === suffix)?.[1] ?? 1;
}

/** Multiplies `whole.fraction` by the unit if the product is a whole number. In integers, because
 * with doubles 2.3 hours are 8279999.999999999 milliseconds. */
function scale(
  whole: string | undefined,
  fraction = "",
  unit: number,
): number | undefined {
  if (whole === undefined) return undefined;
  const product = BigInt(whole + fraction) * BigInt(unit);
  const divisor = 10n ** BigInt(fraction.length);
  const result = Number(product / divisor);
  return product % divisor === 0n && Number.isSafeInteger(result) ? result : undefined;
}

function format(amount: number, units: Units): string {
  const smallest = units.at(-1)?.[0] ?? "";
  const [suffix, size] = units.find(([, size]) => amount >= size && amount % size === 0) ??
    [smallest, 1];
  return `${amount / size}${suffix}`;
}
