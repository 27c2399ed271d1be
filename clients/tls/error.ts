// Explains the error of a failed TLS handshake: the check that failed, and the remedy.

import { errorText } from "../../core/event.ts";
import { alertReason, type Offer } from "./alert.ts";
import type { Trust } from "./trust.ts";

/** The error of a server whose certificate has another fingerprint. */
export class WrongFingerprintError extends Error {
  override readonly name = "WrongFingerprintError";
  readonly found: string;

  constructor(found: string) {
    super(`the certificate has the fingerprint ${found}`);
    this.found = found;
  }
}

const PIN = "--tls-fingerprint SHA256";
const TRUST_IT = `trust it with --tls-ca FILE or ${PIN}, or skip the check with --insecure`;

export interface ValidityDates {
  readonly from: Date;
  readonly to: Date;
}

/** Whether an error leaves open what is wrong with the certificate: node:tls has one code for an
 * unknown issuer and for dates that do not fit. */
export function isVague(error: unknown): boolean {
  return codeOf(error) === "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
}

/** The message after `Cannot connect to URL:`.
 * @param dates those of the server's certificate, where the error is vague and they are known */
export function handshakeFailure(
  error: unknown,
  { trust, dates, ...offer }: Offer & {
    readonly trust: Trust;
    readonly dates?: ValidityDates | undefined;
  },
): string {
  const { name } = offer;
  if (error instanceof WrongFingerprintError) {
    return `its certificate has the fingerprint ${error.found}, not the one of --tls-fingerprint`;
  }
  const code = codeOf(error);
  const text = errorText(error);
  // Deno's own TLS reports errors as text, node:tls as codes.
  const says = (words: RegExp, ...codes: readonly string[]) =>
    words.test(text) || codes.includes(code);

  if (says(/certificate expired/i, "CERT_HAS_EXPIRED")) {
    const seconds = /not valid after (\d+)/.exec(text)?.[1];
    return expired(seconds === undefined ? undefined : new Date(Number(seconds) * 1000));
  }
  const nowMs = Date.now();
  if (dates !== undefined && dates.to.getTime() < nowMs) return expired(dates.to);
  const isEarly = dates !== undefined && dates.from.getTime() > nowMs;
  if (isEarly || says(/not valid yet/i, "CERT_NOT_YET_VALID")) {
    return `its certificate is not valid yet; check the clocks, or ${TRUST_IT}`;
  }
  if (says(/not valid for (any )?name/i, "ERR_TLS_CERT_ALTNAME_INVALID")) {
    return `its certificate is not for ${name}${namesIn(text)}; ` +
      `say which name to expect with --server-name NAME, or which certificate with ${PIN}`;
  }
  if (says(/CaUsedAsEndEntity/)) {
    // With files, only an old runtime does not use node:tls.
    return trust.by === "authority" && trust.files.length > 0
      ? "its certificate is an authority's own (CA:TRUE), which this version of Deno takes from " +
        "no server; make one with basicConstraints=CA:FALSE"
      : `its certificate is an authority's own (CA:TRUE), and not known here; ${TRUST_IT}`;
  }
  const unknownIssuer = says(/UnknownIssuer/, ...UNKNOWN_ISSUER);
  // Without a check of the issuer, node:tls reports a wrong signature as an unknown issuer.
  if (says(/BadSignature/) || (unknownIssuer && trust.by !== "authority")) {
    return "it does not hold the key of the certificate that it shows";
  }
  if (unknownIssuer) return notVouchedFor(trust, isVague(error), dates === undefined);
  if (says(/InvalidContentType|got ClientHello/)) {
    return "what listens there does not speak TLS";
  }
  if (error instanceof Deno.errors.UnexpectedEof || says(/disconnected before secure TLS/)) {
    const { certificate } = offer;
    const orRefuses = certificate === undefined ? "" : `not accept ${certificate}, or `;
    return `it closed the connection during the handshake; it may ${orRefuses}not speak TLS`;
  }
  return alertReason(text, offer) ?? `the handshake failed: ${text}`;
}

function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown } | null)?.code ?? "");
}

const UNKNOWN_ISSUER = [
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
];

function expired(on?: Date): string {
  const when = on === undefined ? "" : ` on ${on.toISOString().slice(0, 10)}`;
  return `its certificate expired${when}; renew it, or trust it all the same with ${PIN}`;
}

/** The names in the certificate, from the error of either TLS. */
function namesIn(text: string): string {
  const list = /the cert's list: (.+)$/.exec(text)?.[1];
  if (list !== undefined) return ` but for ${list}`;
  const found = text.matchAll(/(?:DnsName\("|IpAddress\(|DNS:|IP Address:)([^"),\s]+)/g);
  const names = [...found].map(([, name]) => name);
  return names.length === 0 ? "" : ` but for ${names.join(", ")}`;
}

function notVouchedFor(trust: Trust, vague: boolean, undated: boolean): string {
  const orExpired = vague && undated ? ", or it has expired" : "";
  if (trust.by !== "authority" || trust.files.length === 0) {
    return `no authority known here issued its certificate${orExpired}; ${TRUST_IT}`;
  }
  const { files, firstExpiry } = trust;
  if (vague && firstExpiry !== undefined && firstExpiry.getTime() < Date.now()) {
    return expired(firstExpiry);
  }
  return `no certificate in ${
    files.join(", ")
  } vouches for its certificate${orExpired}; ${TRUST_IT}`;
}
