// Who the peer proved to be by a pre-shared key, in the words of a session.

import { createHash } from "node:crypto";
import type { Identity } from "../../core/session.ts";

/** Who knows a pre-shared key. */
export function pskIdentity(name: string, key: Uint8Array): Identity {
  const fingerprint = createHash("sha256").update(key).digest("hex");
  return { name, source: "psk", fingerprint };
}
