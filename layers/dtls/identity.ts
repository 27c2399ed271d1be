// Who the peer proved to be, in the words of a session.

import { createHash, type X509Certificate } from "node:crypto";
import type { Identity } from "../../core/session.ts";
import { fieldsOf, fingerprintOf } from "./certificate_chain.ts";

/** Who holds a certificate: its first alternative name, or its fingerprint where it has none. */
export function certificateIdentity(certificate: X509Certificate): Identity {
  const fingerprint = fingerprintOf(certificate);
  const [name] = fieldsOf(certificate).names;
  return { name: name?.value ?? fingerprint, source: "certificate", fingerprint };
}

/** Who knows a pre-shared key. */
export function pskIdentity(name: string, key: Uint8Array): Identity {
  const fingerprint = createHash("sha256").update(key).digest("hex");
  return { name, source: "psk", fingerprint };
}
