// The rules for requests over HTTP: address, credentials, Host and Origin.

import { type Address, isLoopback } from "../../core/addresses/address.ts";
import { type Admission, createAdmission } from "../../core/addresses/admission.ts";
import { type Endpoint, hostOrLoopback } from "../../core/addresses/endpoint.ts";
import type { AdmissionLimits } from "../../core/limits.ts";
import type { Context } from "../../core/protocol.ts";
import { type Authenticator, createAuthenticator } from "./authentication.ts";
import { type HostGuard, readWebGuard } from "./host_guard.ts";
import type { AuthenticationLimits, WebGuardLimits } from "./options.ts";

/** The checks of a request before its application receives it. */
export interface HttpRules {
  readonly admits: Admission;
  readonly guard: HostGuard;
  readonly authenticate: Authenticator | null;
  /** The same for requests that change something. */
  readonly authenticateChange: Authenticator | null;
}

/** Reads the lists and files of the rules, so that an error in them is reported before a socket is
 * opened. The function returned needs the listening address.
 * @throws {UsageError} when a list or a file cannot be used */
export async function readHttpRules(
  endpoint: Endpoint,
  limits: AdmissionLimits & WebGuardLimits & AuthenticationLimits,
  context: Pick<Context, "now" | "signal" | "emit">,
): Promise<(address: Address) => HttpRules> {
  const admits = await createAdmission(limits);
  const { authUpload, realm } = limits;
  const { authUpload: _, ...reading } = limits;
  const readers = await createAuthenticator(reading, context);
  // Without a password for reading, all may; with one, the user who may change things may read too.
  const authenticate = readers && await createAuthenticator(limits, context);
  const authenticateChange = authUpload === undefined
    ? authenticate
    : await createAuthenticator({ authUpload, realm }, context);
  const guardAt = readWebGuard(limits);
  const hostname = endpoint.addressing === "host" ? hostOrLoopback(endpoint) : "localhost";
  return (address) => {
    const isEncrypted = endpoint.scheme === "https" || endpoint.scheme === "wss";
    const isOpen = "hostname" in address && !isLoopback(address.hostname);
    if (authenticateChange !== null && isOpen && !isEncrypted) {
      const text =
        "passwords and tokens cross the network unencrypted; serve https:// or wss:// instead";
      context.emit?.({ event: "notice", text });
    }
    return { admits, guard: guardAt({ address, hostname }), authenticate, authenticateChange };
  };
}
