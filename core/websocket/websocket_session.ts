// A session over a WebSocket (RFC 6455, RFC 7692), on either side, over any connection whose opening
// handshake is done. Long, because it is one machine: what is read next depends on what is held,
// what is being written and which side has closed.

import type { Address } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";
import type { Counters } from "../counters.ts";
import type { Identity, Message } from "../session.ts";
import type { ServedSession } from "../sessions/life.ts";
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

/** How much is taken in before it is asked for: enough that a peer's ping or close behind a message
 * is seen while the protocol is busy, and no more. */
const MAX_HELD_MESSAGES = 16;
const MAX_HELD_BYTES = 64 * 1024;

/** How long we let the protocol answer what came before the peer's close frame or violation, and
 * wait for the peer's close frame once we have sent ours; and how much we take in meanwhile. */
const LINGER_MS = 1000;
const LINGER_BYTES = 256 * 1024;

const NO_BYTES = new Uint8Array(0);

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** What a WebSocketSession needs besides its connection. */
interface WebSocketSessionOptions {
  readonly role: "client" | "server";
  readonly maxMessageBytes: number;
  readonly counters: Counters;
  /** What was read beyond the handshake. */
  readonly head: Uint8Array;
  /** What was agreed on for the messages of this session, if anything was. */
  readonly deflate?: MessageDeflate | undefined;
}

/** How the peer closed. The code is 1005 when it gave none. */
interface PeerClose {
  readonly code: number;
  readonly reason: string;
}

/** One peer on a WebSocket. Iterate it once. Takes the connection over and reads ahead of the
 * protocol by a few messages. Bytes that it yields are the reader's to keep. */
export class WebSocketSession
  implements ServedSession, KeptAlive, AsyncIterator<Message, undefined>, Disposable {
  readonly boundary = "messages";
  readonly maxMessageBytes: number;
  readonly peer: Address;
  bytesReceived = 0;
  bytesSent = 0;
  /** Set by every part of a message, either way; an idle sweep compares it. Pings and pongs do not
   * count: a peer that has nothing to say but that it is still there is idle. */
  active = true;
  /** Set by whatever comes from the peer. */
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

  // Messages that the protocol has not asked for yet, or its question for one that is not there yet.
  readonly #held: Message[] = [];
  #heldBytes = 0;
  #wake: ((result: IteratorResult<Message, undefined>) => void) | undefined;
  #refuse: ((error: Error) => void) | undefined;

  /** A read is pending, or a pong that must leave before more is looked at. */
  #occupied = false;
  /** Nothing more will be delivered. */
  #inputEnded = false;
  /** The peer has closed its half of the connection. */
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
  // Most sessions never ask for their signal.
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

  /** How the peer closed, if it has. */
  get peerClose(): PeerClose | undefined {
    return this.#peerClose;
  }

  /** What the peer said when it closed, in words; undefined when that was nothing out of the
   * ordinary. */
  get farewell(): string | undefined {
    const { code, reason } = this.#peerClose ?? { code: CLOSE_CODE.none, reason: "" };
    if (code === CLOSE_CODE.normal || code === CLOSE_CODE.none) return undefined;
    return `the peer closed with ${code}${reason === "" ? "" : ` ${JSON.stringify(reason)}`}`;
  }

  /** What broke the session: a reset, a violation, an end without a close frame. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when the connection is closed. */
  get closed(): Promise<void> {
    return this.#over.promise;
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this;
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    if (!this.#draining && this.#held.length > 0) {
      const message = this.#held.shift()!;
      this.#heldBytes -= message.length;
      this.#advance();
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#draining || this.#inputEnded) {
      // All that came before the peer's close frame, or before it broke the protocol, has been
      // answered.
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
    try {
      await this.#output.write(frame);
    } catch (error) {
      // Whether it was cut off or never began makes no difference to the sender.
      throw this.#peerClose === undefined ? error : new Deno.errors.BrokenPipe(closed);
    }
    this.active = true;
    this.#sent(frame);
    this.#counters.messagesSent++;
  }

  /** Whether silence is the peer's: we read, and nothing that we wrote is still under way. */
  get awaitsPeer(): boolean {
    return this.#occupied && !this.#output.busy;
  }

  ping(): void {
    if (this.#closeSent || this.#disposed) return;
    const frame = encodeFrame(OPCODE.ping, NO_BYTES, this.#masks);
    // That it did not leave is learned from reading.
    this.#output.write(frame).then(() => this.#sent(frame), () => {});
  }

  lost(): void {
    this.#failure ??= new Error("the peer answers no ping");
    this.close("no answer to a ping", CLOSE_CODE.internalError);
  }

  /** Begins the closing handshake. What the peer sent before its own close frame still arrives. */
  async end(): Promise<void> {
    await this.#sendClose(CLOSE_CODE.normal, "").catch((error) => {
      // A peer that has closed meanwhile need not be told.
      if (this.#peerClose === undefined) throw error;
    });
  }

  /** Ends the session now. The peer is told, unless it is in the way of being told. */
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

  /** Ends the session at the next safe point: at once if it waits for input, else when what is
   * being answered has been answered. */
  drain(): void {
    this.#draining = true;
    if (this.#finishing) return this.close("shutdown");
    if (this.#wake !== undefined) this.#reason ??= "shutdown";
    this.#endInput();
  }

  /** Says our last and waits for the peer to do the same for a moment. Resolves when the connection
   * is closed. What went wrong with the protocol is for the operator and not for the peer. */
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

  /** The protocol ends, or will, because of a shutdown and not of a failure. */
  #tellShutdown(): void {
    if (this.#draining && this.#failure === undefined) this.#reason ??= "shutdown";
  }

  /** Looks at what was read, as far as there is room for it, and reads on. */
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
    // After a violation nothing means anything any more; it is taken in so that closing does not
    // reset the connection before the peer has read why (RFC 6455 7.1.1).
    if (this.#failure === undefined) this.#reader.push(chunk);
    this.#advance();
  }

  #deliver(message: Message): void {
    this.active = true;
    this.#counters.messagesReceived++;
    if (this.#draining || this.#finishing) return;
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
      // Nothing more is looked at until the pong has left, so that a peer which sends pings and
      // does not read keeps one pong of ours waiting and not many.
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

  /** Ends the closing handshake that the peer began, or that we did. */
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

  /** Fails the connection (RFC 6455 7.1.7): listens no more, and says why once the protocol has
   * answered what came before. */
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

  /** The peer closed its half of the connection. */
  #ended(): void {
    this.#inputClosed = true;
    // Once a close frame has passed either way, that is all right. Without one (code 1006) the peer
    // has most likely gone, but may still read what answers its last messages.
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

  /** Closes the connection, after a last word if one is on its way and leaves in time. */
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

/** What we tell a peer whose session is not over because of what was said in it. */
function codeFor(reason: string | undefined): number {
  return reason === "shutdown" || reason === "idle" ? CLOSE_CODE.goingAway : CLOSE_CODE.normal;
}
