// SSLKEYLOGFILE for clients: with it set, connections that Deno's own TLS can open use that, since
// node:tls gives no keys.

import type { OptionValues } from "../../core/options/option.ts";
import { hasFeature } from "../../core/runtime.ts";
import { isKeyLogSet, keyLogWarning } from "../../core/tls/key_log.ts";
import { tlsFilePairs } from "../../core/tls/options.ts";
import type { tlsClientOptions } from "./options.ts";

type Values = Partial<OptionValues<typeof tlsClientOptions>> & {
  readonly local?: string | undefined;
  readonly unixSocket?: string | undefined;
};

/** The warning about the keys of a client with these options; null when there is nothing to say. */
export function keyLogNotice(values: Values): string | null {
  // An older runtime uses Deno's own TLS for all.
  if (!hasFeature("nodeTls")) return keyLogWarning();
  const flag = nodeFlag(values);
  if (flag === undefined) return isKeyLogSet() ? keyLogWarning() : null;
  const remedy = flag === "--tls-ca" ? "; DENO_CERT=FILE trusts a certificate without it" : "";
  return keyLogWarning(`${flag} needs node:tls, which gives none${remedy}`);
}

/** Whether a client with these options writes the keys of its connections. */
export function writesKeys(values: Values): boolean {
  return nodeFlag(values) === undefined && isKeyLogSet();
}

/** The option that Deno's own TLS cannot keep. */
function nodeFlag(values: Values): string | undefined {
  if ((values.tlsCa?.length ?? 0) > 0) return "--tls-ca";
  if (values.tlsFingerprint !== undefined) return "--tls-fingerprint";
  if (values.insecure) return "--insecure";
  if (tlsFilePairs(values).length > 0) return "--tls-cert";
  if (values.local !== undefined) return "--local";
  return values.unixSocket === undefined ? undefined : "--unix-socket";
}
