// What a certificate says, for the control, and how clients are made to trust it.

import {
  type CertificateDescription,
  describeCertificate,
} from "../../core/certificates/description.ts";
import { pemBlocks } from "../../core/certificates/pem.ts";
import { trustRecipes } from "../../core/certificates/trust_recipes.ts";
import type { ServerCertificate } from "../../core/running_server.ts";
import type { CertificateDetails, CertificateState } from "../../web/control/controlled_docks.ts";

export async function describePem(certificate: ServerCertificate): Promise<CertificateState> {
  const { pem, fingerprint } = certificate;
  const [{ names, issuer, validFrom, validTo }] = await chainOf(certificate);
  return { fingerprint, names, issuer, notBefore: validFrom, notAfter: validTo, pem };
}

/** The same with how it is trusted.
 * @param place where the server is, and in which file the certificate to trust is kept */
export async function certificateDetails(
  certificate: ServerCertificate,
  place: { readonly url: string; readonly file: string },
): Promise<CertificateDetails> {
  const chain = await chainOf(certificate);
  const [{ subject, key, state, daysLeft }] = chain;
  const last = chain.at(-1)!;
  // What signs itself ends a chain; where the last one does not, clients know what does, or nobody does.
  const isAuthority = last.usages.some((usage) => usage.startsWith("CA"));
  const trusted = !last.selfSigned ? null : {
    ...{ subject: last.subject, isAuthority, fingerprint: last.fingerprint },
    ...{ notAfter: last.validTo, pem: last.pem },
  };
  return {
    ...await describePem(certificate),
    ...{ subject, key, state, daysLeft, trusted },
    recipes: trusted === null ? [] : trustRecipes({ ...place, isAuthority }),
  };
}

type Described = CertificateDescription & { readonly pem: string };

/** The certificates that the server shows, its own first. */
async function chainOf({ pem }: ServerCertificate): Promise<[Described, ...Described[]]> {
  const ders = pemBlocks(pem).filter(({ label }) => label.endsWith("CERTIFICATE"))
    .map(({ der }) => der);
  const chain = await Promise.all(ders.map(async (der) => ({
    ...await describeCertificate(der, Date.now()),
    pem: pemOf(der),
  })));
  return chain as [Described, ...Described[]];
}

function pemOf(der: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...der)).replace(/.{64}/g, "$&\n").trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}
