// The file that SSLKEYLOGFILE names, for the keys of TLS sessions
// (draft-ietf-tls-keylogfile): Wireshark decrypts recorded traffic with it. Deno's own TLS writes it
// by itself; node:tls gives no keys (measured on 2.9.6, it has no `keylog` event).

import { permittedVariable } from "../environment.ts";

/** The warning about SSLKEYLOGFILE; null when the variable is not set.
 * @param obstacle why no keys are written and what to do; undefined where they are */
export function keyLogWarning(obstacle?: string): string | null {
  const file = permittedVariable("SSLKEYLOGFILE");
  if (!file) return null;
  return obstacle === undefined
    ? `SSLKEYLOGFILE: the keys of every TLS session are written to ${file}, whose readers can ` +
      "decrypt the traffic"
    : `SSLKEYLOGFILE: no keys are written to ${file}; ${obstacle}`;
}
