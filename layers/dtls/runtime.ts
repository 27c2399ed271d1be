// Which versions of Deno have the cryptography that DTLS stands on.

import { UsageError } from "../../core/usage_error.ts";

/** The oldest that was measured and is good. Deno 2.6 dies as a whole of a point that is not on its
 * curve, which any peer can send, and cannot check the signature of a certificate. */
const FIRST_GOOD = [2, 8, 3] as const;

/** Refuses to begin on a runtime that is too old.
 *
 * @throws {UsageError} naming the version that is needed */
export function refuseOldRuntime(version: string = Deno.version.deno): void {
  const parts = version.split(/[.+-]/).map(Number);
  const at = FIRST_GOOD.findIndex((wanted, index) => (parts[index] ?? 0) !== wanted);
  if (at < 0 || (parts[at] ?? 0) > FIRST_GOOD[at]!) return;
  throw new UsageError(
    `dtls needs a newer runtime: Deno ${FIRST_GOOD.join(".")} or later, this is ${version}`,
  );
}
