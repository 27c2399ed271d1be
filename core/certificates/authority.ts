// A certificate authority of our own (RFC 5280), in memory; authority_folder.ts keeps it on disk.

import { selfSign } from "./x509.ts";

/** An authority's certificate and its private key, both PEM. The holder of the key can issue
 * certificates that every client accepts that trusts the authority. */
export interface Authority {
  /** Its certificate, for `tlsCa` of clients and servers. */
  readonly cert: string;
  /** Its private key, PKCS #8, not encrypted. */
  readonly key: string;
}

const VALIDITY_DAYS = 3650;

/** Makes an authority: ECDSA on P-256, valid for ten years, below which no other authority can be
 * (its path length is 0). Nothing is kept and nothing trusts it until it is told to.
 *
 * ```ts
 * import { createAuthority, issueCertificate } from "@sockdock/sockdock/cert";
 *
 * const authority = await createAuthority();
 * const { cert, chain, key } = await issueCertificate(authority, { names: ["127.0.0.1"] });
 * console.log(chain === cert + authority.cert, key.startsWith("-----BEGIN PRIVATE KEY-----"));
 * ```
 *
 * @param options `now` is in milliseconds since the epoch. Default: `Date.now()` */
export async function createAuthority(
  { now = Date.now() }: { readonly now?: number } = {},
): Promise<Authority> {
  return await selfSign(
    { title: "sockdock authority", days: VALIDITY_DAYS, now },
    async (x509, publicKey) => [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  );
}
