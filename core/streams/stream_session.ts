// A session over a byte stream: TCP, TLS or a Unix socket, with or without layers.

import type { Address } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";
import type { Counters } from "../counters.ts";
import { createFramer, type Framer, MessageTooLargeError } from "./framing.ts";
import type { Framing } from "../protocol.ts";
import { bytesOf, copies, type Identity, type Message, nextSessionId } from "../session.ts";
import type { ServedSession } from "../sessions/life.ts";
import type { Traffic } from "../traffic.ts";

/** The read buffer starts small, since most connections are idle, and grows when a read fills it. */
const FIRST_BUFFER_BYTES = 512;
const LARGEST_BUFFER_BYTES = 64 * 1024;

/** Limits of the bytes and the time for which a peer may still send after we have ended our side:
 * closing a socket with unread input resets the connection, which can destroy the reply on its way
 * (RFC 1122 4.2.2.13). */
const LINGER_BYTES = 256 * 1024;
const LINGER_MS = 1000;

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

export interface StreamSessionOptions {
  readonly framing: Framing;
  readonly maxMessageBytes: number;
  readonly counters: Counters;
}

/** One peer on a byte stream. Iterate it once. */
export class StreamSession implements ServedSession, AsyncIterator<Message, undefined>, Disposable {
  readonly boundary = "bytes";
  readonly sessionId = nextSessionId();
  serverUrl = "";
  traffic: Traffic | undefined;
  readonly maxMessageBytes: number;
  readonly peer: Address;
  bytesReceived = 0;
  bytesSent = 0;
  /** Set on every read and write; an idle sweep compares it. */
  active = true;

  readonly #connection: Connection;
  readonly #counters: Counters;
  readonly #framer: Framer | null;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #reading = false;
  #inputEnded = false;
  #outputEnded = false;
  #draining = false;
  #finishing = false;
  #disposed = false;
  #reason: string | undefined;
  #failure: Error | undefined;
  // Created on demand: most sessions never use their signal, and an AbortController costs more
  // memory than the rest of an idle session.
  #abort: AbortController | undefined;

  constructor(connection: Connection, options: StreamSessionOptions) {
    this.#connection = connection;
    this.#counters = options.counters;
    this.peer = connection.remote;
    this.maxMessageBytes = options.maxMessageBytes;
    this.#framer = createFramer(options.framing, options.maxMessageBytes);
  }

  get identity(): Identity | undefined {
    return this.#connection.identity;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#disposed) this.#abort.abort();
    return this.#abort.signal;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  /** The error that ended reading, unless it was the end of the stream. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this;
  }

  messages(): AsyncIterableIterator<Message> {
    return copies(this);
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    return this.#framer === null ? this.#read() : this.#nextFrame(this.#framer);
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    return Promise.resolve(done);
  }

  send(message: Message): Promise<void> {
    const bytes = this.#framer === null ? bytesOf(message) : this.#framer.frame(bytesOf(message));
    this.active = true;
    this.bytesSent += bytes.length;
    this.#counters.bytesSent += bytes.length;
    this.#counters.messagesSent++;
    this.traffic?.show?.("sent", this, message);
    return this.#connection.write(bytes);
  }

  sendFramed(bytes: Uint8Array, messages: number): Promise<void> {
    this.active = true;
    this.bytesSent += bytes.length;
    this.#counters.bytesSent += bytes.length;
    this.#counters.messagesSent += messages;
    this.traffic?.show?.("sent", this, bytes);
    return this.#connection.write(bytes);
  }

  async end(): Promise<void> {
    if (this.#outputEnded || this.#disposed) return;
    this.#outputEnded = true;
    await this.#connection.closeWrite();
  }

  close(reason?: string): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#reason ??= reason ?? "";
    this.#connection[Symbol.dispose]();
    this.#abort?.abort();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** At once if the session waits for input, else after the current answer. */
  drain(): void {
    this.#draining = true;
    // A pending read can only be ended by closing the connection; nothing is in flight then.
    if (this.#reading || this.#finishing) this.close("shutdown");
  }

  /** Ends the sending side, reads further input for a short time, and closes; closes at once after
   * a failure of the protocol. */
  async finish(failed?: Error): Promise<void> {
    if (failed !== undefined) return this.close();
    await this.#connection.flushed?.();
    if (this.#draining) this.#reason ??= "shutdown";
    // Only TLS, which alone has `ready`, must send a close_notify: without it the peer has to take
    // the data for truncated (RFC 8446 6.1).
    const isSaid = this.#inputEnded && this.#connection.ready === undefined;
    if (!this.#disposed && !isSaid) {
      this.#finishing = true;
      const deadline = setTimeout(() => this.close(), LINGER_MS);
      try {
        await this.end();
        for (let left = LINGER_BYTES; left > 0 && !this.#disposed;) {
          left -= (await this.#connection.read(this.#buffer)) ?? LINGER_BYTES;
        }
      } catch {
        // The peer is gone already, or the deadline has closed the connection.
      } finally {
        clearTimeout(deadline);
      }
    }
    this.close();
  }

  async #nextFrame(framer: Framer): Promise<IteratorResult<Message, undefined>> {
    try {
      for (;;) {
        const message = framer.next();
        if (message !== null) return this.#received(message);
        const chunk = await this.#read();
        if (chunk.done) {
          const rest = framer.rest();
          return rest === null ? done : this.#received(rest);
        }
        framer.push(chunk.value);
      }
    } catch (error) {
      if (error instanceof MessageTooLargeError) {
        this.#counters.oversized++;
        this.close("a message over the limit");
      }
      throw error;
    }
  }

  #received(message: Message): IteratorResult<Message, undefined> {
    this.#counters.messagesReceived++;
    this.traffic?.show?.("received", this, message);
    return { done: false, value: message };
  }

  /** Reads once; without framing the result is a message. Not an async function, because every idle
   * session waits here, and the promise of one retains five times as much memory. */
  #read(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#inputEnded || this.#disposed) return Promise.resolve(done);
    if (this.#draining) {
      this.#reason ??= "shutdown";
      return Promise.resolve(done);
    }
    this.#reading = true;
    this.active = true;
    return this.#connection.read(this.#buffer).then(
      (count) => this.#took(count),
      (error: unknown) => {
        this.#reading = false;
        if (this.#disposed) return done;
        this.#failure = error instanceof Error ? error : new Error(String(error));
        throw error;
      },
    );
  }

  #took(count: number | null): IteratorResult<Uint8Array, undefined> {
    this.#reading = false;
    this.active = true;
    if (count === null) {
      this.#inputEnded = true;
      return done;
    }
    this.bytesReceived += count;
    this.#counters.bytesReceived += count;
    const buffer = this.#buffer;
    if (this.#framer === null) {
      this.#counters.messagesReceived++;
      // A view costs something; nobody may be watching.
      const show = this.traffic?.show;
      if (show !== undefined) show("received", this, buffer.subarray(0, count));
    }
    if (count === buffer.length && count < LARGEST_BUFFER_BYTES) {
      this.#buffer = new Uint8Array(Math.min(count * 8, LARGEST_BUFFER_BYTES));
    }
    return { done: false, value: count === buffer.length ? buffer : buffer.subarray(0, count) };
  }
}
