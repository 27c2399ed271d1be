// A session over a WebSocket (RFC 6455, RFC 7692), on either side, over any connection whose
// opening handshake is done. Past 300 lines because it is one state machine: the next read depends
// on the queued messages, on pending writes and on which side has closed.

import type { Address } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";
import type { Counters } from "../counters.ts";
import { copies, type Identity, type Message, nextSessionId } from "../session.ts";
import type { ServedSession } from "../sessions/life.ts";
import type { Traffic } from "../traffic.ts";
import type { MessageDeflate } from "./deflate.ts";
import {
  CLOSE_CODE,
  closeFrame,
  encodeFrame,
  messageFrame,
  OPCODE,
  parseClose,
  WebSocketViolation,
} from "./frame.ts";
import type { KeptAlive } from "./keepalive.ts";
import { ControlFrame, FrameReader } from "./reader.ts";
import { WriteQueue } from "../streams/write_queue.ts";

/** The read buffer starts small, since most connections are idle, and grows when a read fills it. */
const FIRST_BUFFER_BYTES = 512;
const LARGEST_BUFFER_BYTES = 64 * 1024;

/** Messages read ahead of a busy protocol: enough to see a ping or close frame behind them. */
const MAX_HELD_MESSAGES = 16;
const MAX_HELD_BYTES = 64 * 1024;

/** Time for which the protocol may still answer messages received before the peer's close frame or
 * violation, and for which we wait for the peer's close frame once we have sent ours; and limit of
 * the bytes read meanwhile. */
const LINGER_MS = 1000;
const LINGER_BYTES = 256 * 1024;

const NO_BYTES = new Uint8Array(0);

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

interface WebSocketSessionOptions {
  readonly role: "client" | "server";
  readonly maxMessageBytes: number;
  readonly counters: Counters;
  /** Bytes that were read beyond the handshake. */
  readonly head: Uint8Array;
  /** The negotiated compression of this session, if any. */
  readonly deflate?: MessageDeflate | undefined;
}

/** The peer's close frame. The code is 1005 when it had none. */
interface PeerClose {
  readonly code: number;
  readonly reason: string;
}

/** One peer on a WebSocket. Iterate it once. Takes ownership of the connection and reads a few
 * messages ahead of the protocol. The reader owns the bytes that it yields. */
export class WebSocketSession
  implements ServedSession, KeptAlive, AsyncIterator<Message, undefined>, Disposable {
  readonly boundary = "messages";
  readonly sessionId = nextSessionId();
  serverUrl = "";
  traffic: Traffic | undefined;
  readonly maxMessageBytes: number;
  readonly peer: Address;
  bytesReceived = 0;
  bytesSent = 0;
  /** Set by every part of a message in either direction; an idle sweep compares it. Pings and pongs
   * do not count: a peer that sends nothing else is idle. */
  active = true;
  heard = true;

  readonly #connection: Connection;
  readonly #counters: Counters;
  readonly #role: "client" | "server";
  readonly #masks: boolean;
  readonly #compress: ((payload: Uint8Array) => Uint8Array | null) | undefined;
  readonly #reader: FrameReader;
  readonly #output: WriteQueue;
  readonly #over = Promise.withResolvers<void>();
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);

  // Messages that the protocol has not read yet, or its pending read.
  readonly #held: Message[] = [];
  #heldBytes = 0;
  #wake: ((result: IteratorResult<Message, undefined>) => void) | undefined;
  #refuse: ((error: Error) => void) | undefined;

  /** Set while a read is pending, or a pong that must be sent before the next read. */
  #occupied = false;
  /** Set when no more messages will be yielded. */
  #inputEnded = false;
  /** Set once the peer has closed its side of the connection. */
  #inputClosed = false;
  #peerClose: PeerClose | undefined;
  #closeSent = false;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  #draining = false;
  #finishing = false;
  #lingerLeft = LINGER_BYTES;
  #disposed = false;
  #reason: string | undefined;
  #failure: Error | undefined;
  // Created on demand: most sessions never use their signal.
  #abort: AbortController | undefined;

  constructor(connection: Connection, options: WebSocketSessionOptions) {
    this.#connection = connection;
    this.#counters = options.counters;
    this.#role = options.role;
    this.#masks = options.role === "client";
    const { deflate } = options;
    this.#compress = deflate && ((payload) => deflate.compress(payload));
    this.peer = connection.remote;
    this.maxMessageBytes = options.maxMessageBytes;
    this.#reader = new FrameReader({
      masked: options.role === "server",
      maxMessageBytes: options.maxMessageBytes,
      inflate: deflate && ((payload, maxBytes) => deflate.inflate(payload, maxBytes)),
    });
    this.#output = new WriteQueue(connection);
    this.#received(options.head);
  }

  get identity(): Identity | undefined {
    return this.#connection.identity;
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#disposed || this.#inputClosed) this.#abort.abort();
    return this.#abort.signal;
  }

  get reason(): string | undefined {
    return this.#reason;
  }

  get peerClose(): PeerClose | undefined {
    return this.#peerClose;
  }

  get farewell(): string | undefined {
    const { code, reason } = this.#peerClose ?? { code: CLOSE_CODE.none, reason: "" };
    if (code === CLOSE_CODE.normal || code === CLOSE_CODE.none) return undefined;
    return `the peer closed with ${code}${reason === "" ? "" : ` ${JSON.stringify(reason)}`}`;
  }

  /** The error that broke the session: a reset, a violation, an end without a close frame. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get closed(): Promise<void> {
    return this.#over.promise;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this;
  }

  messages(): AsyncIterableIterator<Message> {
    return copies(this);
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    if (!this.#draining && this.#held.length > 0) {
      const message = this.#held.shift()!;
      this.#heldBytes -= message.length;
      this.#advance();
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#draining || this.#inputEnded) {
      // All messages before the peer's close frame or violation have been answered.
      if (this.#peerClose !== undefined) this.#answerClose();
      else this.#tellViolation();
      if (this.#failure !== undefined && !this.#draining) return Promise.reject(this.#failure);
      this.#tellShutdown();
      return Promise.resolve(done);
    }
    return new Promise((resolve, reject) => {
      this.#wake = resolve;
      this.#refuse = reject;
    });
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    return Promise.resolve(done);
  }

  async send(message: Message): Promise<void> {
    const closed = "the WebSocket is closed";
    if (this.#closeSent || this.#disposed) {
      throw this.#failure ?? new Deno.errors.BrokenPipe(closed);
    }
    const frame = messageFrame(message, this.#masks, this.#compress);
    this.active = true;
    // Before it goes out: its answer may be there before the write has ended.
    this.traffic?.show?.("sent", this, message);
    try {
      await this.#output.write(frame);
    } catch (error) {
      // The sender gets one error, whether its message was cut off or never begun.
      throw this.#peerClose === undefined ? error : new Deno.errors.BrokenPipe(closed);
    }
    this.active = true;
    this.#sent(frame);
    this.#counters.messagesSent++;
  }

  get awaitsPeer(): boolean {
    return this.#occupied && !this.#output.busy;
  }

  ping(): void {
    if (this.#closeSent || this.#disposed) return;
    const frame = encodeFrame(OPCODE.ping, NO_BYTES, this.#masks);
    // A failure to send shows in the next read.
    this.#output.write(frame).then(() => this.#sent(frame), () => {});
  }

  lost(): void {
    this.#failure ??= new Error("the peer answers no ping");
    this.close("no answer to a ping", CLOSE_CODE.internalError);
  }

  /** Starts the closing handshake. Messages before the peer's own close frame still arrive. */
  async end(): Promise<void> {
    await this.#sendClose(CLOSE_CODE.normal, "").catch((error) => {
      // A peer that has closed meanwhile needs no close frame.
      if (this.#peerClose === undefined) throw error;
    });
  }

  /** Ends the session now, with a close frame unless one was sent or cannot be sent. */
  close(reason?: string, code: number = codeFor(reason)): void {
    if (this.#disposed) return;
    this.#reason ??= reason ?? "";
    this.#held.length = this.#heldBytes = 0;
    const canTell = !this.#closeSent && !this.#inputClosed && !this.#output.busy;
    this.#dispose(canTell ? this.#sendClose(code, reason ?? "") : undefined);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** At once if the session waits for input, else after the current answer. */
  drain(): void {
    this.#draining = true;
    if (this.#finishing) return this.close("shutdown");
    if (this.#wake !== undefined) this.#reason ??= "shutdown";
    this.#endInput();
  }

  /** Completes the closing handshake within a short time; resolves when the connection is closed.
   * The error of a failed protocol is for the operator and is not sent to the peer. */
  async finish(failed?: Error): Promise<void> {
    const code = failed === undefined ? CLOSE_CODE.normal : CLOSE_CODE.internalError;
    await this.#connection.flushed?.();
    if (failed === undefined) this.#tellShutdown();
    this.#finishing = true;
    if (this.#inputClosed) {
      this.#dispose();
    } else if (!this.#disposed) {
      const deadline = setTimeout(() => this.#dispose(), LINGER_MS);
      try {
        if (this.#peerClose !== undefined) this.#answerClose();
        else if (this.#failure instanceof WebSocketViolation) this.#tellViolation();
        else await this.#sendClose(this.#draining ? CLOSE_CODE.goingAway : code, "");
        this.#advance();
        await this.#over.promise;
      } catch {
        // The peer is gone already.
        this.#dispose();
      } finally {
        clearTimeout(deadline);
      }
    }
    await this.#over.promise;
  }

  /** Records a shutdown, and no failure, as the reason for which the protocol ends. */
  #tellShutdown(): void {
    if (this.#draining && this.#failure === undefined) this.#reason ??= "shutdown";
  }

  /** Processes the bytes that were read, as far as there is room for messages, and reads on. */
  #advance(): void {
    try {
      while (!this.#occupied && !this.#disposed && this.#hasRoom()) {
        const item = this.#failure === undefined ? this.#reader.next() : null;
        if (item === null) this.#awaitMore();
        else if (item instanceof ControlFrame) this.#control(item);
        else this.#deliver(item);
      }
    } catch (error) {
      if (error instanceof WebSocketViolation) this.#violated(error);
      else this.#broken(error);
    }
  }

  #hasRoom(): boolean {
    if (this.#finishing) return true;
    return !this.#inputEnded && this.#held.length < MAX_HELD_MESSAGES &&
      this.#heldBytes < MAX_HELD_BYTES;
  }

  #awaitMore(): void {
    if (this.#reader.progressed) {
      this.#reader.progressed = false;
      this.active = true;
    }
    this.#occupied = true;
    this.#connection.read(this.#buffer).then(this.#onRead, this.#onReadError);
  }

  readonly #onRead = (count: number | null): void => {
    this.#occupied = false;
    if (this.#disposed) return;
    if (count === null) return this.#ended();
    const buffer = this.#buffer;
    if (count === buffer.length && count < LARGEST_BUFFER_BYTES) {
      this.#buffer = new Uint8Array(Math.min(count * 8, LARGEST_BUFFER_BYTES));
    }
    this.#received(count === buffer.length ? buffer : buffer.subarray(0, count));
  };

  readonly #onReadError = (error: unknown): void => {
    this.#occupied = false;
    if (!this.#disposed) this.#broken(error);
  };

  #received(chunk: Uint8Array): void {
    this.heard = true;
    this.bytesReceived += chunk.length;
    this.#counters.bytesReceived += chunk.length;
    if (this.#finishing) {
      this.#lingerLeft -= chunk.length;
      if (this.#lingerLeft < 0) return this.#dispose();
    }
    // After a violation further bytes have no meaning; they are read so that closing does not reset
    // the connection before the peer has read the reason (RFC 6455 7.1.1).
    if (this.#failure === undefined) this.#reader.push(chunk);
    this.#advance();
  }

  #deliver(message: Message): void {
    this.active = true;
    this.#counters.messagesReceived++;
    if (this.#draining || this.#finishing) return;
    this.traffic?.show?.("received", this, message);
    const wake = this.#wake;
    if (wake === undefined) {
      this.#held.push(message);
      this.#heldBytes += message.length;
      return;
    }
    this.#wake = this.#refuse = undefined;
    wake({ done: false, value: message });
  }

  #control({ opcode, payload }: ControlFrame): void {
    if (opcode === OPCODE.ping && !this.#closeSent) {
      // Reading stops until the pong is sent: a peer that only sends pings keeps one pong waiting.
      this.#occupied = true;
      const frame = encodeFrame(OPCODE.pong, payload, this.#masks);
      this.#output.write(frame).then(() => {
        this.#sent(frame);
        this.#occupied = false;
        this.#advance();
      }, this.#onReadError);
    } else if (opcode === OPCODE.close) {
      this.#peerClose = parseClose(payload, this.#role === "server" ? "client" : "server");
      const isAwaited = this.#wake !== undefined;
      this.#endInput();
      if (isAwaited || this.#closeSent || this.#finishing) this.#answerClose();
      else this.#closeTimer = setTimeout(() => this.#answerClose(), LINGER_MS);
    }
  }

  /** Completes the closing handshake that either side has begun. */
  #answerClose(): void {
    clearTimeout(this.#closeTimer);
    if (this.#disposed) return;
    const { code } = this.#peerClose!;
    this.#dispose(this.#closeSent ? undefined : this.#sendClose(code, ""));
  }

  async #sendClose(code: number, reason: string): Promise<void> {
    if (this.#closeSent || this.#disposed) return;
    this.#closeSent = true;
    const frame = closeFrame(code, reason, this.#masks);
    await this.#output.write(frame);
    this.#sent(frame);
  }

  /** Fails the connection (RFC 6455 7.1.7): ignores further input, and sends the reason once the
   * protocol has answered the messages before it. */
  #violated(violation: WebSocketViolation): void {
    this.#failure = violation;
    if (violation.code === CLOSE_CODE.tooLarge) {
      this.#counters.oversized++;
      this.#reason ??= "a message over the limit";
    }
    const isAwaited = this.#wake !== undefined;
    this.#endInput();
    if (isAwaited || this.#closeSent || this.#finishing) this.#tellViolation();
    else this.#closeTimer = setTimeout(() => this.#tellViolation(), LINGER_MS);
  }

  #tellViolation(): void {
    const failure = this.#failure;
    if (!(failure instanceof WebSocketViolation) || this.#disposed) return;
    clearTimeout(this.#closeTimer);
    this.#sendClose(failure.code, failure.message)
      .then(() => this.#connection.closeWrite())
      .catch(() => this.#dispose());
  }

  /** Called when the peer has closed its side of the connection. */
  #ended(): void {
    this.#inputClosed = true;
    // After a close frame in either direction this is the normal end. Without one (code 1006) the
    // peer has most likely gone, but may still read the answers to its last messages.
    if (this.#closeSent || this.#peerClose !== undefined) return this.#dispose();
    this.#failure = new Error("the peer left without closing the WebSocket (1006)");
    this.#endInput();
    this.#abort?.abort();
  }

  #broken(error: unknown): void {
    if (!this.#closeSent && this.#peerClose === undefined) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#dispose();
  }

  #endInput(): void {
    this.#inputEnded = true;
    const [wake, refuse] = [this.#wake, this.#refuse];
    this.#wake = this.#refuse = undefined;
    if (this.#failure === undefined || this.#draining) wake?.(done);
    else refuse?.(this.#failure);
  }

  /** Closes the connection, after a last frame if one is under way and is sent in time. */
  #dispose(lastWord?: Promise<void>): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#closeTimer);
    const close = () => {
      this.#connection[Symbol.dispose]();
      this.#over.resolve();
    };
    if (lastWord === undefined) {
      close();
    } else {
      const deadline = setTimeout(close, LINGER_MS);
      lastWord.catch(() => {}).finally(() => {
        clearTimeout(deadline);
        close();
      });
    }
    this.#endInput();
    this.#abort?.abort();
  }

  #sent(frame: Uint8Array): void {
    this.bytesSent += frame.length;
    this.#counters.bytesSent += frame.length;
  }
}

/** The close code for a session that we end for a reason outside the protocol. */
function codeFor(reason: string | undefined): number {
  return reason === "shutdown" || reason === "idle" ? CLOSE_CODE.goingAway : CLOSE_CODE.normal;
}
