// The alerts by which a TLS server refuses (RFC 8446 6.2), in words.

/** What the client showed and asked for, as far as refusals are about it. */
export interface Offer {
  /** The name that the server was asked for. */
  readonly name: string;
  /** The name in the certificate that is shown to a server that requests one. */
  readonly certificate?: string | undefined;
  readonly alpnProtocols?: readonly string[];
}

const SHOW_ONE = "--tls-cert and --tls-key show one";

/** What the server says by an alert, from the error of either TLS; null when it is about none. Both
 * have the name in the text; codes are shared by several alerts. */
export function alertReason(text: string, offer: Offer): string | null {
  const [, found] = /received fatal alert: (\w+)/.exec(text) ?? [];
  if (found === undefined) return null;
  const alert = registeredName(found);
  const { name, certificate, alpnProtocols = [] } = offer;
  switch (alert) {
    case "certificate_required":
      return `the server wants a client certificate: ${SHOW_ONE}`;
    case "handshake_failure":
      return "the server refused the handshake (alert handshake_failure): it shares no version or " +
        "cipher with this client, or " +
        (certificate === undefined
          ? `wants a client certificate: ${SHOW_ONE}`
          : `does not accept ${certificate}`);
    case "protocol_version":
      return "the server speaks neither TLS 1.2 nor TLS 1.3";
    case "unrecognized_name":
      return `the server does not know the name ${name}; --server-name NAME asks for another`;
    case "no_application_protocol":
      return `the server speaks none of the protocols offered: ${alpnProtocols.join(", ")}`;
  }
  // GnuTLS answers so when a certificate is missing in TLS 1.2.
  const isMissing = alert === "decode_error" && certificate === undefined;
  if (!isMissing && !ABOUT_CERTIFICATES.has(alert)) {
    return `the server ended with the alert ${alert}`;
  }
  if (certificate === undefined) {
    return `the server refused with the alert ${alert}; ${mayWant()}`;
  }
  const why = ABOUT_CERTIFICATES.get(alert);
  return `the server does not accept ${certificate}${
    why === "" ? "" : `: ${why}`
  } (alert ${alert})`;
}

/** Why the server may have ended right after the handshake, before it said anything. In TLS 1.3 the
 * handshake of a client is complete before the server has seen its certificate (RFC 8446 4.4). */
export function closedReason(
  how: "ended" | "reset",
  { certificate }: Offer,
): string {
  const did = how === "ended" ? "closed" : "reset the connection";
  return certificate === undefined
    ? `the server ${did} after the handshake, before it said anything; ${mayWant()}`
    : `the server ${did} after the handshake: it may not accept ${certificate}`;
}

function mayWant(): string {
  return `it may want a client certificate: ${SHOW_ONE}`;
}

const ABOUT_CERTIFICATES: ReadonlyMap<string, string> = new Map([
  ["unknown_ca", "it does not know the issuer of this certificate"],
  ["certificate_expired", "this certificate has expired, or is not valid yet"],
  ["certificate_revoked", "this certificate was revoked"],
  ["unsupported_certificate", "this certificate is of a kind that it does not take"],
  ["bad_certificate", ""],
  ["certificate_unknown", ""],
  ["access_denied", ""],
  ["decrypt_error", ""],
]);

/** The name of an alert in the registry of TLS, from its name in Deno: `UnknownCA` is `unknown_ca`. */
function registeredName(found: string): string {
  return found.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase().replace(
    "recognised",
    "recognized",
  );
}
