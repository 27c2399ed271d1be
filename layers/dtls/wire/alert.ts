// The alerts of TLS (RFC 5246 7.2) and the error that carries one, so that every refusal has the
// name that the peer is told.

/** Every alert that may be sent or met, by its name in the registry. */
export const alertCodes = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  user_canceled: 90,
  no_renegotiation: 100,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  unknown_psk_identity: 115,
  certificate_required: 116,
} as const;

export type AlertName = keyof typeof alertCodes;

/** The name of an alert's number, or the number itself where it has none here. */
export function alertName(code: number): string {
  const found = Object.entries(alertCodes).find(([, known]) => known === code);
  return found?.[0] ?? `alert ${code}`;
}

/** How severe an alert is (RFC 5246 7.2). */
export const alertLevels = { warning: 1, fatal: 2 } as const;

/** The faults of a certificate, in the codes that node:tls uses for them. */
type CertificateFault =
  | "CERT_HAS_EXPIRED"
  | "CERT_NOT_YET_VALID"
  | "ERR_TLS_CERT_ALTNAME_INVALID"
  | "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
  | "WRONG_FINGERPRINT";

/** Why an association ended or never came to be. */
export class DtlsError extends Error {
  override readonly name = "DtlsError";
  /** The alert that the peer is sent, or has sent us. */
  readonly alert: string;
  readonly byPeer: boolean;
  /** Which check of the certificate failed, where a client can act on it. */
  readonly code: CertificateFault | undefined;

  constructor(
    alert: AlertName,
    message: string,
    { code }: { readonly code?: CertificateFault } = {},
  ) {
    super(`${alert}: ${message}`);
    this.alert = alert;
    this.byPeer = false;
    this.code = code;
  }

  /** The error for a fatal alert that the peer sent. */
  static fromPeer(code: number): DtlsError {
    const error = new DtlsError("internal_error", "");
    const alert = alertName(code);
    return Object.assign(error, {
      alert,
      byPeer: true,
      message: `the peer refused with the alert ${alert}`,
    });
  }
}
