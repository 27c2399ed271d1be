// What a user of a TLS client has to know before it dials.

import { hasFeature } from "../../core/runtime.ts";
import { keyLogNotice } from "./key_log.ts";

type Values = Parameters<typeof keyLogNotice>[0];

/** The warnings about a client with these options: keys that are written, trust that is wider than
 * asked for.
 * @param version of Deno; by default of this one */
export function tlsNotices(values: Values, version?: string): string[] {
  return [keyLogNotice(values), trustNotice(values, version)].filter((text) => text !== null);
}

/** Deno's own TLS, which an older runtime uses, adds authorities to the well-known ones. */
function trustNotice(
  { tlsCa = [] }: Values,
  version: string = Deno.version.deno,
): string | null {
  if (tlsCa.length === 0 || hasFeature("nodeTls", version)) return null;
  return `--tls-ca: this is Deno ${version}, which trusts the well-known authorities as well; a newer ` +
    "one trusts only those named";
}
