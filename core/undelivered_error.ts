// The error of a message that can never be delivered to its peer.

/** Messages were sent and never acknowledged. Messages arrive in order, so the first `acknowledged`
 * of them arrived; the fate of the others is unknown. */
export class UndeliveredError extends Error {
  /** The name by which callers can tell this error. */
  override name = "UndeliveredError";

  /** Makes the error.
   * @param why the end of the session, such as `no answer for 30 s`
   * @param sent number of messages sent
   * @param acknowledged number of messages that the peer has received */
  constructor(
    why: string,
    /** Number of messages sent. */
    readonly sent: number,
    /** Number of messages that the peer has received. */
    readonly acknowledged: number,
  ) {
    super(
      acknowledged >= sent
        ? `${why}; ${sent === 1 ? "the only message was" : `all ${sent} messages were`} delivered`
        : `${why}; ${delivered(acknowledged)}, ${missing(acknowledged, sent)}`,
    );
  }
}

function delivered(acknowledged: number): string {
  if (acknowledged === 0) return "no message was delivered";
  return acknowledged === 1
    ? "message 1 was delivered"
    : `messages 1 to ${acknowledged} were delivered`;
}

function missing(acknowledged: number, sent: number): string {
  const first = acknowledged + 1;
  return first === sent ? `message ${first} was not` : `messages ${first} to ${sent} were not`;
}
