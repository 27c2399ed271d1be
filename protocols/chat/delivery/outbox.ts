// The queue of what waits to be sent to one session. A client that reads too slowly holds up no
// other: what its bounded queue cannot take is counted, and after a time the client is given up.

import { byteLength, type Message, type Session } from "../../../core/session.ts";

/** How many messages may be on their way at once, where they leave one by one, in order. */
const MAX_IN_FLIGHT = 16;

/** The most bytes of lines in one write. Lines that waited leave together; what is longer leaves in
 * parts, so that a slow reader is seen to take something. */
const JOINED_BYTES = 64 * 1024;

/** The buffers of the system may hold this many bytes for a peer (4 MiB is Linux's default), and take
 * more only once about a third of them is free: a peer that takes something is not seen to for so
 * long. A peer that takes this many bytes a second, and no fewer, is never taken for stuck. */
const SYSTEM_BUFFER_BYTES = 4 * 1024 * 1024;
const SYSTEM_BUFFER_PART = 1 / 3;
const LEAST_BYTES_PER_MS = 20;

interface OutboxLimits {
  readonly queueMessages: number;
  readonly queueSizeBytes: number;
}

interface OutboxHooks {
  /** Whether messages are lines, so that many of them may leave in one write. */
  readonly lines: boolean;
  now(): number;
  /** Called with how many messages were not sent. Returns the line for the client, or null. */
  missed(count: number): Message | null;
}

interface Waiting {
  readonly message: Message;
  /** How many lines it holds. */
  readonly count: number;
  readonly bytes: number;
}

/** The sending half of a session to which many others speak. */
export class Outbox {
  readonly #session: Session;
  readonly #limits: OutboxLimits;
  readonly #hooks: OutboxHooks;
  /** Whether many lines leave in one write. */
  readonly #joins: boolean;
  readonly #isDatagram: boolean;
  readonly #mostInFlight: number;
  #queue: Waiting[] = [];
  #queuedBytes = 0;
  #queuedMessages = 0;
  #inFlight = 0;
  #missed = 0;
  /** When something last left, or the first message began to wait. */
  #waitingSinceMs = 0;
  /** How much the system may have held for a peer that takes as little as it may, and when: as the last
   * message left. */
  #heldBytes = 0;
  #heldAtMs = 0;
  #broken = false;
  #idle: (() => void)[] | undefined;

  constructor(session: Session, limits: OutboxLimits, hooks: OutboxHooks) {
    this.#session = session;
    this.#limits = limits;
    this.#hooks = hooks;
    const { transport } = session.peer;
    this.#isDatagram = transport === "udp" || transport === "unixgram";
    this.#joins = hooks.lines && session.boundary === "bytes" && session.sendFramed !== undefined;
    // Datagrams that are sent at once may overtake each other within the runtime.
    this.#mostInFlight = this.#joins || this.#isDatagram ? 1 : MAX_IN_FLIGHT;
  }

  /** Sends one message, without its LF. */
  send(message: Message): void {
    if (this.#joins) {
      const bytes = typeof message === "string" ? encoder.encode(`${message}\n`) : message;
      this.#push({ message: bytes, count: 1, bytes: bytes.length });
    } else this.#push({ message, count: 1, bytes: byteLength(message) });
  }

  /** Sends lines, each with its LF. Only where `takesLines`. The bytes must not change any more. */
  sendLines(bytes: Uint8Array, count: number): void {
    if (count > 0) this.#push({ message: bytes, count, bytes: bytes.length });
  }

  /** Whether `sendLines` can be used: many lines may leave in one write. */
  get takesLines(): boolean {
    return this.#joins;
  }

  /** For how long, in milliseconds, the peer has certainly taken nothing; 0 when nothing waits. */
  stuckForMs(nowMs: number): number {
    if (this.#inFlight === 0 && this.#missed === 0) return 0;
    const unseenMs = Math.floor(this.#heldBytes * SYSTEM_BUFFER_PART / LEAST_BYTES_PER_MS);
    return Math.max(0, nowMs - this.#waitingSinceMs - unseenMs);
  }

  /** Resolves once nothing waits any more, or the outbox was given up. */
  async drained(): Promise<void> {
    while (this.#inFlight > 0 && !this.#broken) {
      await new Promise<void>((resolve) => (this.#idle ??= []).push(resolve));
    }
  }

  /** Gives the outbox up: nothing is sent any more. */
  abandon(): void {
    this.#broken = true;
    this.#queue = [];
    this.#wakeIdle();
  }

  #push(waiting: Waiting): void {
    if (this.#broken) return;
    const { queueMessages, queueSizeBytes } = this.#limits;
    // Once a message was dropped, the following ones are too, until the queue is empty: so there is
    // one gap to tell the client of, at the place where it is.
    if (
      this.#missed > 0 || this.#queuedMessages + waiting.count > queueMessages ||
      this.#queuedBytes + waiting.bytes > queueSizeBytes
    ) {
      // With nothing under way, a message that is larger than the queue still leaves at once.
      if (this.#inFlight > 0 || this.#missed > 0) {
        this.#missed += waiting.count;
        return;
      }
    }
    this.#queue.push(waiting);
    this.#queuedBytes += waiting.bytes;
    this.#queuedMessages += waiting.count;
    this.#pump();
  }

  #pump(): void {
    while (this.#inFlight < this.#mostInFlight && this.#queue.length > 0) {
      const { message, count, bytes } = this.#take();
      if (this.#inFlight === 0 && this.#missed === 0) this.#waitingSinceMs = this.#hooks.now();
      this.#inFlight++;
      const sent = this.#joins
        ? this.#session.sendFramed!(message as Uint8Array, count)
        : this.#session.send(message);
      sent.then(() => this.#sent(bytes), this.#failed);
    }
  }

  /** Takes from the queue what leaves next: on streams as many lines as fit in one write. */
  #take(): Waiting {
    const first = this.#queue.shift()!;
    this.#queuedBytes -= first.bytes;
    this.#queuedMessages -= first.count;
    if (!this.#joins) return first;
    if (first.bytes > JOINED_BYTES) return this.#takePart(first);
    if (this.#queue.length === 0) return first;
    let bytes = first.bytes;
    let more = 0;
    while (more < this.#queue.length && bytes + this.#queue[more]!.bytes <= JOINED_BYTES) {
      bytes += this.#queue[more++]!.bytes;
    }
    if (more === 0) return first;
    const all = [first, ...this.#queue.splice(0, more)];
    const joined = new Uint8Array(bytes);
    let offset = 0;
    let count = 0;
    for (const one of all) {
      joined.set(one.message as Uint8Array, offset);
      offset += one.bytes;
      count += one.count;
    }
    this.#queuedBytes -= bytes - first.bytes;
    this.#queuedMessages -= count - first.count;
    return { message: joined, count, bytes };
  }

  /** The beginning of lines that are too long for one write; the rest stays first in the queue. */
  #takePart({ message, count, bytes: all }: Waiting): Waiting {
    const lines = message as Uint8Array;
    const bytes = all - JOINED_BYTES;
    this.#queue.unshift({ message: lines.subarray(JOINED_BYTES), count, bytes });
    this.#queuedBytes += bytes;
    this.#queuedMessages += count;
    return { message: lines.subarray(0, JOINED_BYTES), count: 0, bytes: JOINED_BYTES };
  }

  #sent(bytes: number): void {
    const nowMs = this.#hooks.now();
    const takenBytes = (nowMs - this.#heldAtMs) * LEAST_BYTES_PER_MS;
    this.#heldBytes = Math.min(
      SYSTEM_BUFFER_BYTES,
      Math.max(0, this.#heldBytes - takenBytes) + bytes,
    );
    this.#heldAtMs = this.#waitingSinceMs = nowMs;
    this.#inFlight--;
    if (this.#queue.length > 0) this.#pump();
    else if (this.#inFlight === 0) this.#tellMissed();
  }

  readonly #failed = (): void => {
    // A datagram that cannot be sent is one lost message. A stream or WebSocket is broken, and its
    // reading half ends the session.
    if (!this.#isDatagram) {
      this.#inFlight--;
      this.abandon();
      return;
    }
    this.#hooks.missed(1);
    this.#sent(0);
  };

  /** The queue is empty, so the place of the gap is reached: tells the client of it. */
  #tellMissed(): void {
    if (this.#missed > 0) {
      const line = this.#hooks.missed(this.#missed);
      this.#missed = 0;
      if (line !== null && !this.#broken) return this.send(line);
    }
    if (this.#inFlight === 0) this.#wakeIdle();
  }

  #wakeIdle(): void {
    const idle = this.#idle;
    this.#idle = undefined;
    idle?.forEach((wake) => wake());
  }
}

const encoder = new TextEncoder();
