/** Certificates and keys, made in memory: an authority, certificates that it issues, keys for the
 * layers `signed` and `sealed`, and messages that are sealed with a key.
 *
 * ```ts
 * import { echo, send, serve } from "@sockdock/sockdock";
 * import { createAuthority, issueCertificate } from "@sockdock/sockdock/cert";
 *
 * const authority = await createAuthority();
 * const { chain, key } = await issueCertificate(authority, { names: ["127.0.0.1"] });
 * await using server = await serve("tls://127.0.0.1:0", echo, { tlsCert: chain, tlsKey: key });
 * const answer = await send(server.url, "hello", { tlsCa: [authority.cert] });
 * console.log(new TextDecoder().decode(answer)); // hello
 * ```
 *
 * @module */

export { type Authority, createAuthority } from "../core/certificates/authority.ts";
export {
  issueCertificate,
  type IssuedCertificate,
  type IssueOptions,
} from "../core/certificates/issue.ts";
export type { CertificateUse } from "../core/certificates/names.ts";
export type { KeyType } from "../core/certificates/x509.ts";
export type { KeyKind } from "../core/keys/key.ts";
export { type MadeKey, makeKey, type MakeKeyOptions } from "../core/keys/make.ts";
export {
  InvalidTokenError,
  openToken,
  type OpenTokenOptions,
  sealToken,
} from "../core/keys/token.ts";
