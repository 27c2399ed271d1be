// The interface of a client transport, such as `tcp` or `wss`: its scheme, its options, and
// `connect`, which returns a session. server_kind.ts has its counterpart.

import type { Address } from "./addresses/address.ts";
import type { Addressing, Endpoint } from "./addresses/endpoint.ts";
import type { Delivery } from "./connection.ts";
import type { BoundLayer } from "./layer.ts";
import type { OptionTable, OptionValues } from "./options/option.ts";
import type { Session } from "./session.ts";

/** A session that we opened. Disposing it closes it at once. */
export interface DialledSession extends Session, Disposable {
  /** The reason that the peer gave for ending the session, on a transport that carries one;
   * undefined after an ordinary end. */
  readonly farewell?: string | undefined;
  /** Whether many peers may answer, as at a broadcast address or a multicast group. The session
   * then receives from every sender that sends to its port. */
  readonly manyAnswer?: boolean;
  /** The sender of the message that was yielded last, where many may answer. */
  readonly responder?: Address | undefined;
  /** Progress of the delivery of sent messages, on a transport or layer that has acknowledgements.
   * Such a session has an end, as a stream has: `end` resolves once the peer has everything and
   * rejects with an UndeliveredError if it never will. */
  readonly delivery?: Delivery | undefined;
  /** Whether the peer's system still takes what is sent, on a transport where that can be known while
   * our half is open; elsewhere there is no such function. A peer that has read everything and
   * closed still takes it; one that has closed with something unread resets the connection. */
  readonly isTaking?: (() => Promise<boolean>) | undefined;
}

/** A session that was just opened, and does not know its URL yet. */
type NewSession = DialledSession & { serverUrl: string };

/** Arguments of `connect` besides the options. */
export interface DialWork {
  /** Layers from the wire inward. */
  readonly layers: readonly BoundLayer[];
  /** Aborting it ends the attempt, not the session. */
  readonly signal: AbortSignal;
}

/** A client transport. */
export interface ClientKind<Options extends OptionTable = OptionTable> {
  /** The scheme of its URLs. */
  readonly name: string;
  readonly addressing: Addressing;
  /** The port to dial when a URL names none. Without, a URL has to name one. */
  readonly usualPort?: number;
  /** Whether the path of a URL with a host is for the transport. Elsewhere it is for what is said over
   * the session, such as the room of a chat. */
  readonly usesPath?: boolean;
  /** What its layers wrap. */
  readonly carrier: "stream" | "datagram";
  readonly options: Options;
  /** Opens a session; resolves once it is connected and, with TLS or DTLS, the server was verified.
   * @throws {Error} naming the URL and the cause */
  connect(
    endpoint: Endpoint,
    options: OptionValues<Options>,
    work: DialWork,
  ): Promise<NewSession>;
}
