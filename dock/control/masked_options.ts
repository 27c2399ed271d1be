// Options as they may be shown: without passwords and tokens.

import type { Given } from "../../core/options/option.ts";

const MASK = "***";

/** Options whose value is a secret itself. Those of files name where one is, and may be shown. */
const SECRETS: ReadonlySet<string> = new Set(["auth", "authToken"]);

/** Header fields whose value is a secret (RFC 9110 11.6.2, RFC 6265). */
const SECRET_FIELD = /^(authorization|proxy-authorization|cookie|set-cookie)\s*:/i;

/** The same options with secrets masked, as JSON can say them. */
export function maskedOptions(given: Given): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, SECRETS.has(key) ? MASK : masked(value)]),
  );
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  // JSON has no Infinity; it is what `none` means.
  if (value === Infinity) return "none";
  if (typeof value !== "string") return value;
  const [field] = SECRET_FIELD.exec(value) ?? [];
  if (field !== undefined) return `${field} ${MASK}`;
  // The user and password in a URL.
  return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]+@/i, `$1${MASK}@`);
}
