// What a transport is, from the dialling side.

import type { Address } from "./addresses/address.ts";
import type { Addressing, Endpoint } from "./addresses/endpoint.ts";
import type { Delivery } from "./connection.ts";
import type { BoundLayer } from "./layer.ts";
import type { OptionTable, OptionValues } from "./options/option.ts";
import type { Session } from "./session.ts";

/** A session that we opened. Disposing it closes it at once. */
export interface DialledSession extends Session, Disposable {
  /** What the peer said when it ended the session, where the transport has words for that and they
   * are out of the ordinary. */
  readonly farewell?: string | undefined;
  /** Whether many may answer, as at a broadcast address or a multicast group. The session then hears
   * every sender that sends to its port. */
  readonly manyAnswer?: boolean;
  /** The sender of the message that was yielded last, where many may answer. */
  readonly responder?: Address | undefined;
  /** How the delivery of what we send goes, where a layer sees to it. Such a session has an end, as a
   * stream has: `end` resolves once the peer has everything and rejects with an UndeliveredError if
   * it never will. */
  readonly delivery?: Delivery | undefined;
}

/** What a client needs besides its options. */
export interface DialWork {
  /** From the wire inward. */
  readonly layers: readonly BoundLayer[];
  /** Aborting it ends the attempt, not the session. */
  readonly signal: AbortSignal;
}

/** A transport, from the dialling side. */
export interface ClientKind<Options extends OptionTable = OptionTable> {
  /** The scheme of its URLs. */
  readonly name: string;
  readonly addressing: Addressing;
  /** The port to dial when a URL names none. Without, a URL has to name one. */
  readonly usualPort?: number;
  /** Whether the path of a URL with a host is for the transport. Elsewhere it is for what is said over
   * the session, such as the room of a chat. */
  readonly usesPath?: boolean;
  /** What its layers would wrap; null when it takes none. */
  readonly carrier: "stream" | "datagram" | null;
  readonly options: Options;
  /** Opens a session; resolves once the peer was verified, where there is something to verify.
   * @throws {Error} naming the URL and the cause */
  connect(
    endpoint: Endpoint,
    options: OptionValues<Options>,
    work: DialWork,
  ): Promise<DialledSession>;
}
