// The file that SSLKEYLOGFILE names, for the keys of TLS sessions
// (draft-ietf-tls-keylogfile): Wireshark decrypts recorded traffic with it. Deno's own TLS writes it
// by itself; node:tls gives no keys (measured on 2.9.6, it has no `keylog` event).

import { isPermittedVariable, permittedVariable } from "../environment.ts";

const VARIABLE = "SSLKEYLOGFILE";

/** Whether the variable is known to name a file. */
export function isKeyLogSet(): boolean {
  return Boolean(permittedVariable(VARIABLE));
}

/** The warning about SSLKEYLOGFILE; null when there is nothing to say. Deno's own TLS reads the variable
 * also where this process may not.
 * @param obstacle why no keys are written and what to do; undefined where they are */
export function keyLogWarning(obstacle?: string): string | null {
  if (obstacle === undefined && !isPermittedVariable(VARIABLE)) {
    return `${VARIABLE}: if it is set, the keys of every TLS session are written to its file, whose ` +
      `readers can decrypt the traffic; --allow-env=${VARIABLE} lets this process see whether it is`;
  }
  const file = permittedVariable(VARIABLE);
  if (!file) return null;
  return obstacle === undefined
    ? `${VARIABLE}: the keys of every TLS session are written to ${file}, whose readers can ` +
      "decrypt the traffic"
    : `${VARIABLE}: no keys are written to ${file}; ${obstacle}`;
}
