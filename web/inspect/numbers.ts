// Parses numbers in paths and queries. One that is too large is cut to the maximum, as in httpbin;
// anything else that is not valid is answered with 400.

import { HttpError, quote } from "./http_error.ts";

/** A whole number, cut to `max`.
 * @throws {HttpError} 400 when it is not a whole number, or below `min` */
export function wholeNumber(
  text: string,
  name: string,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { readonly min?: number; readonly max?: number } = {},
): number {
  const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : NaN;
  if (!(value >= min)) {
    throw new HttpError(
      400,
      `${name}: expected a whole number of at least ${min}, got ${quote(text)}`,
    );
  }
  return Math.min(value, max);
}

/** Any number, such as a weight.
 * @throws {HttpError} 400 when it is not a number, or out of bounds */
export function realNumber(
  text: string,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  const value = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text.trim())
    ? Number(text)
    : NaN;
  if (!(value >= min && value <= max)) {
    throw new HttpError(
      400,
      `${name}: expected a number from ${min} to ${max}, got ${quote(text)}`,
    );
  }
  return value;
}

/** Milliseconds from `2`, `0.5`, `2s` or `500ms`, cut to `maxMs`.
 * @throws {HttpError} 400 when it is not a duration, or negative */
export function milliseconds(text: string, name: string, maxMs: number): number {
  const [, digits = "", unit] = /^\+?(.*?)(ms|s)?$/is.exec(text.trim()) ?? [];
  const value = /^(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(digits)
    ? Number(digits)
    : /^inf(?:inity)?$/i.test(digits)
    ? Infinity
    : NaN;
  if (Number.isNaN(value)) {
    throw new HttpError(
      400,
      `${name}: expected seconds such as 2, 0.5 or 500ms, got ${quote(text)}`,
    );
  }
  return Math.min(unit?.toLowerCase() === "ms" ? value : value * 1000, maxMs);
}
