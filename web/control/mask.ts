// What stands in place of a secret, and which header fields have one.

export const MASK = "***";

/** Authorization, Proxy-Authorization, Cookie and Set-Cookie (RFC 9110 11.6.2, RFC 6265), and what
 * programs name for a key of theirs, such as X-Api-Key. */
const SECRET_FIELD = /auth|cookie|token|key|secret|password/i;

/** Whether the value of a header field may be a secret. */
export function isSecretField(name: string): boolean {
  return SECRET_FIELD.test(name);
}
