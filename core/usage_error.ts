/** An error of usage: a wrong option, value, address or configuration. The program prints the
 * message as one line on stderr and exits with 2, without a stack, so the message has to name the
 * thing, the value and the remedy. */
export class UsageError extends Error {
  /** The name by which callers can tell this error. */
  override readonly name = "UsageError";
}
