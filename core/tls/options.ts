// The options for certificates and their keys: each repeated `--tls-cert` belongs to the
// `--tls-key` at the same position.

import { filesOrTexts } from "../files/file_or_text.ts";
import type { Option, OptionSpec } from "../options/option.ts";
import { UsageError } from "../usage_error.ts";

interface TlsFileOptions {
  readonly tlsCert?: string | readonly string[] | undefined;
  readonly tlsKey?: string | readonly string[] | undefined;
}

/** A certificate and its key, as given: paths, or texts in PEM. */
export interface TlsFilePair {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/** A repeatable option for files in PEM, to which a program may also give a single value. */
export function pemFileOrFiles(
  spec: Pick<OptionSpec, "help">,
): Option<string | readonly string[] | undefined> {
  const option = filesOrTexts(spec);
  return {
    ...option,
    check: (value, name) => option.check(typeof value === "string" ? [value] : value, name),
  };
}

/** Pairs each certificate with its key; either may be given without the other.
 * @throws {UsageError} when there are more of one than of the other */
export function tlsFilePairs({ tlsCert, tlsKey }: TlsFileOptions): TlsFilePair[] {
  const certs = [tlsCert ?? []].flat();
  const keys = [tlsKey ?? []].flat();
  if (certs.length !== keys.length && certs.length > 0 && keys.length > 0) {
    throw new UsageError(
      `--tls-cert and --tls-key go in pairs, got ${certs.length} and ${keys.length}; ` +
        `give each certificate its key, in the same order`,
    );
  }
  const count = Math.max(certs.length, keys.length);
  return Array.from({ length: count }, (_, at) => ({ tlsCert: certs[at], tlsKey: keys[at] }));
}
