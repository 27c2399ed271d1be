// A service whose traffic is shown: every message either way becomes an event.

import { type Address, formatAddress } from "./addresses/address.ts";
import type { Emit } from "./event.ts";
import type { Service } from "./protocol.ts";
import type { Identity, Message, Session } from "./session.ts";

/** Wraps a service so that it emits `received` and `sent` events with copies of the messages. */
export function watched(service: Service, emit: Emit): Service {
  return {
    serve: (session) => service.serve(new WatchedSession(session, emit)),
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** A session that emits what passes. */
export class WatchedSession implements Session {
  readonly #session: Session;
  readonly #emit: Emit;

  constructor(session: Session, emit: Emit) {
    this.#session = session;
    this.#emit = emit;
  }

  get peer() {
    return this.#session.peer;
  }
  get identity(): Identity | undefined {
    return this.#session.identity;
  }
  get boundary() {
    return this.#session.boundary;
  }
  get maxMessageBytes() {
    return this.#session.maxMessageBytes;
  }
  get signal() {
    return this.#session.signal;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Message> {
    for await (const message of this.#session) {
      this.#show("received", message);
      yield message;
    }
  }

  async send(message: Message): Promise<void> {
    await this.#session.send(message);
    this.#show("sent", message);
  }

  end(): Promise<void> {
    return this.#session.end();
  }

  close(reason?: string): void {
    this.#session.close(reason);
  }

  #show(event: "received" | "sent", message: Message): void {
    const { peer, responder = peer }: Session & { readonly responder?: Address | undefined } =
      this.#session;
    this.#emit({
      event,
      peer: formatAddress(event === "received" ? responder : peer),
      message: typeof message === "string" ? message : message.slice(),
    });
  }
}
