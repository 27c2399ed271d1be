// A session that forwards every call to an inner session: the base class of sessions that change a
// part of one, such as its framing.

import type { Address } from "../addresses/address.ts";
import type { DialledSession } from "../client_kind.ts";
import type { Delivery } from "../connection.ts";
import {
  copies,
  type DatagramGuarantees,
  type Identity,
  type Message,
  type Session,
} from "../session.ts";

/** Forwards every member except `sendFramed`, which would bypass the `send` of a subclass. */
export class WrappedSession implements DialledSession {
  protected readonly inner: Session & Partial<DialledSession>;

  constructor(inner: Session) {
    this.inner = inner;
  }

  get peer(): Address {
    return this.inner.peer;
  }

  get sessionId(): number {
    return this.inner.sessionId;
  }

  get serverUrl(): string {
    return this.inner.serverUrl;
  }

  get identity(): Identity | undefined {
    return this.inner.identity;
  }

  get boundary(): Session["boundary"] {
    return this.inner.boundary;
  }

  get guarantees(): DatagramGuarantees | undefined {
    return this.inner.guarantees;
  }

  get maxMessageBytes(): number {
    return this.inner.maxMessageBytes;
  }

  get signal(): AbortSignal {
    return this.inner.signal;
  }

  get farewell(): string | undefined {
    return this.inner.farewell;
  }

  get manyAnswer(): boolean {
    return this.inner.manyAnswer === true;
  }

  get responder(): Address | undefined {
    return this.inner.responder;
  }

  get delivery(): Delivery | undefined {
    return this.inner.delivery;
  }

  get isTaking(): DialledSession["isTaking"] {
    return this.inner.isTaking;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this.inner[Symbol.asyncIterator]();
  }

  messages(): AsyncIterableIterator<Message> {
    return copies(this);
  }

  send(message: Message): Promise<void> {
    return this.inner.send(message);
  }

  end(): Promise<void> {
    return this.inner.end();
  }

  close(reason?: string): void {
    this.inner.close(reason);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
