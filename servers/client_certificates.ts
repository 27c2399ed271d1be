// Which client certificates a server asks for and believes.

import { flag, type OptionValues, text } from "../core/option.ts";
import { UsageError } from "../core/usage_error.ts";

/** Mutual authentication. */
export const clientCertificateOptions = {
  requireClientCert: flag({
    help: "admit only clients that show a certificate that --tls-ca vouches for",
  }),
  tlsCa: text.many({
    metavar: "file",
    help: "authorities or certificates of clients, PEM, for --require-client-cert",
  }),
} as const;

/** Refuses the one without the other: what would be asked for and not checked admits anybody.
 * @throws {UsageError} naming the option that is missing */
export function checkClientCertificates(
  { requireClientCert, tlsCa }: OptionValues<typeof clientCertificateOptions>,
): void {
  if (requireClientCert && tlsCa.length === 0) {
    throw new UsageError(
      "--require-client-cert needs to know whose certificates to believe; add --tls-ca FILE",
    );
  }
  if (!requireClientCert && tlsCa.length > 0) {
    throw new UsageError(
      "--tls-ca has no effect unless certificates are asked for; add --require-client-cert",
    );
  }
}
