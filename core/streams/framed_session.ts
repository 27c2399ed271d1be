// Framing of a byte stream for a client: reads are cut into messages as the server's protocol does.

import type { Framing } from "../protocol.ts";
import { bytesOf, type Message, type Session } from "../session.ts";
import { WrappedSession } from "../sessions/wrapped.ts";
import { createFramer, type Framer } from "./framing.ts";

/** Wraps a session so that it yields messages. A transport that keeps boundaries needs no framing,
 * and its session is returned as it is. Iterate only one of the two.
 *
 * @param framing the framing of the protocol
 * @param maxMessageBytes limit of a message in either direction; a longer one that arrives ends
 * the iteration with a MessageTooLargeError
 * @default maxMessageBytes that of the session */
export function framedSession(
  session: Session,
  framing: Framing,
  maxMessageBytes: number = session.maxMessageBytes,
): Session {
  if (session.boundary === "messages") return session;
  const framer = createFramer(framing, maxMessageBytes);
  return framer === null ? session : new FramedSession(session, framer, maxMessageBytes);
}

class FramedSession extends WrappedSession {
  readonly #framer: Framer;
  readonly #maxMessageBytes: number;

  constructor(inner: Session, framer: Framer, maxMessageBytes: number) {
    super(inner);
    this.#framer = framer;
    this.#maxMessageBytes = maxMessageBytes;
  }

  override get boundary(): "messages" {
    return "messages";
  }

  override get maxMessageBytes(): number {
    return this.#maxMessageBytes;
  }

  override async *[Symbol.asyncIterator](): AsyncGenerator<Message> {
    for await (const chunk of this.inner) {
      this.#framer.push(bytesOf(chunk));
      for (let next = this.#framer.next(); next !== null; next = this.#framer.next()) yield next;
    }
    const rest = this.#framer.rest();
    if (rest !== null) yield rest;
  }

  override send(message: Message): Promise<void> {
    return super.send(this.#framer.frame(bytesOf(message)));
  }
}
