// Certificates and their keys as options: each repeated `--tls-cert` goes with the `--tls-key` in the
// same place.

import { type Option, type OptionSpec, text } from "../options/option.ts";
import { UsageError } from "../usage_error.ts";

/** What the two options hold. */
interface TlsFileOptions {
  readonly tlsCert?: string | readonly string[] | undefined;
  readonly tlsKey?: string | readonly string[] | undefined;
}

/** One certificate's file and its key's, as they were named. */
export interface TlsFilePair {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/** An option that may be repeated, and for which a program may give one text by itself. */
export function fileOrFiles(
  spec: Pick<OptionSpec, "help">,
): Option<string | readonly string[] | undefined> {
  const option = text.many({ ...spec, metavar: "file" });
  return {
    ...option,
    check: (value, name) => option.check(typeof value === "string" ? [value] : value, name),
  };
}

/** Each certificate with its key; none when there are no files. One alone has no partner.
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
