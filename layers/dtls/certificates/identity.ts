// The identity that a peer proves to DTLS, by its certificate or a pre-shared key.

import { createHash, type X509Certificate } from "node:crypto";
import type {
  CertificateName,
  CertifiedPeer,
} from "../../../core/certificates/certificate_names.ts";
import type { Identity } from "../../../core/session.ts";
import { fieldsOf, fingerprintOf } from "./chain.ts";

/** The holder of a certificate, by its alternative names. */
export function certifiedPeer(certificate: X509Certificate): CertifiedPeer {
  const names = fieldsOf(certificate).names.flatMap(({ type, value }): CertificateName[] => {
    // A control character or a space has no place in any of them, and would in our messages.
    if (type === "ip" || !/^[\x21-\x7e]+$/.test(value)) return [];
    return [{ kind: type, value: type === "dns" ? value.toLowerCase() : value }];
  });
  return { names, fingerprint: fingerprintOf(certificate) };
}

/** The holder of a pre-shared key. */
export function pskIdentity(name: string, key: Uint8Array): Identity {
  const fingerprint = createHash("sha256").update(key).digest("hex");
  return { name, source: "psk", fingerprint };
}
