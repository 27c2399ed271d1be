// A session that we dialled and whose traffic is logged: every message in either direction becomes an
// event. Served sessions tell theirs by themselves.

import { formatAddress } from "../core/addresses/address.ts";
import type { Tell } from "../core/event.ts";
import type { Message, Session } from "../core/session.ts";
import { WrappedSession } from "../core/sessions/wrapped.ts";

export class WatchedSession extends WrappedSession {
  readonly #emit: Tell;

  constructor(session: Session, emit: Tell) {
    super(session);
    this.#emit = emit;
  }

  override async *[Symbol.asyncIterator](): AsyncGenerator<Message> {
    for await (const message of this.inner) {
      this.#show("received", message);
      yield message;
    }
  }

  override async send(message: Message): Promise<void> {
    // Before it goes out: its answer may be there before the write has ended.
    this.#show("sent", message);
    await super.send(message);
  }

  #show(event: "received" | "sent", message: Message): void {
    const { peer, responder = peer } = this;
    this.#emit({
      event,
      // At an address that stands for many, each may be another.
      ...(event === "received" && responder !== peer && { peer: formatAddress(responder) }),
      message: typeof message === "string" ? message : message.slice(),
    }, this);
  }
}
