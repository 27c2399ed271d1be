// What a certificate says, for the control.

import { describeCertificate } from "../../core/certificates/description.ts";
import type { ServerCertificate } from "../../core/running_server.ts";
import type { CertificateState } from "../../web/control/controlled_docks.ts";

export async function describePem(
  { pem, fingerprint }: ServerCertificate,
): Promise<CertificateState> {
  const [, base64 = ""] = /-----BEGIN CERTIFICATE-----([\s\S]+?)-----END CERTIFICATE-----/
    .exec(pem) ?? [];
  const der = Uint8Array.from(atob(base64.replace(/\s/g, "")), (letter) => letter.charCodeAt(0));
  const { names, issuer, validFrom, validTo } = await describeCertificate(der, Date.now());
  return { fingerprint, names, issuer, notBefore: validFrom, notAfter: validTo, pem };
}
