// The error of a message that can never be delivered to its peer.

/** Messages were handed over and never acknowledged. Messages arrive in order, so the first
 * `acknowledged` of them arrived; of the others nothing is known. */
export class UndeliveredError extends Error {
  override name = "UndeliveredError";

  /** @param why what ended it, such as `no answer for 30 s`
   * @param sent how many messages were handed over to be sent
   * @param acknowledged how many of them the peer has */
  constructor(
    why: string,
    readonly sent: number,
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
