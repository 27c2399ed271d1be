// The certificate that this process shows to a server of its own that wants one: issued by the local
// authority, where the server takes its certificates from anybody who has one.

import { authorityFile, loadAuthority } from "../../core/certificates/authority_folder.ts";
import { issueCertificate } from "../../core/certificates/issue.ts";
import { readPem } from "../../core/certificates/pem.ts";
import { userDataFolder } from "../../core/files/data_folder.ts";
import type { Given } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";

/** Whom the certificate names. */
const NAME = "console@localhost";

/** Returns a certificate and its key, which nothing keeps.
 * @param served the options of the server
 * @throws {UsageError} when the server would not take one of ours */
export async function ownClientCertificate(
  url: string,
  { tlsCa = [], allowIdentity = [], dataFolder }: Given,
): Promise<{ readonly tlsCert: string; readonly tlsKey: string }> {
  const missing = (who: string) =>
    new UsageError(
      `${url} admits only clients with a certificate ${who}: ` +
        "give tls-cert and tls-key, as PEM or as files inside a folder of the control",
    );
  const names = [allowIdentity].flat().map(String);
  // A certificate under one of these names would be somebody else's.
  if (names.length > 0) throw missing(`of ${names.join(", ")}`);
  const folder = dataFolder === undefined ? userDataFolder() : String(dataFolder);
  const authority = folder === null ? null : await loadAuthority(folder);
  if (authority === null) throw missing("of an authority in its --tls-ca");
  for (const given of [tlsCa].flat().map(String)) {
    const pem = await readPem("--tls-ca", authorityFile(given, folder!), "CERTIFICATE");
    if (!pem.includes(authority.cert.trim())) continue;
    const { chain, key } = await issueCertificate(authority, {
      ...{ names: [NAME], use: "client", days: 1 },
    });
    return { tlsCert: chain, tlsKey: key };
  }
  throw missing("of an authority in its --tls-ca");
}
