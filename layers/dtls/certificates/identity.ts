// The identity that a peer proves to DTLS by a pre-shared key.

import { createHash } from "node:crypto";
import type { Identity } from "../../../core/session.ts";

/** The holder of a pre-shared key. */
export function pskIdentity(name: string, key: Uint8Array): Identity {
  const fingerprint = createHash("sha256").update(key).digest("hex");
  return { name, source: "psk", fingerprint };
}
