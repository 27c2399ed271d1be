// A connection whose network is slow, cuts what it carries into pieces, and breaks, on purpose.

import type { Clock } from "../../core/clock.ts";
import type { Connection } from "../../core/connection.ts";
import type { Counters } from "../../core/counters.ts";
import { WrappedConnection } from "../../core/streams/wrapped_connection.ts";
import { Pace } from "./pace.ts";
import { seededRandom } from "./random.ts";
import type { Faults, LinkFaults } from "./spec.ts";

/** What one direction holds at most unless the user says otherwise. With bandwidth it is short, as
 * the queue of a modem; with latency alone it is what keeps a fast link full. */
const SLOW_QUEUE_BYTES = 256 * 1024;
const LONG_QUEUE_BYTES = 4 * 1024 * 1024;

/** Bytes travel in pieces of what the bandwidth carries in this time, so that they come one after
 * the other and not all at the end. */
const PIECE_MS = 20;
const LARGEST_PIECE_BYTES = 64 * 1024;

/** However small they are, because a piece of one byte takes the memory of a hundred. Many enough for
 * small messages on a long link. */
const MAX_PIECES = 8192;

/** What the layer is made with. */
export interface StreamFaultWork {
  readonly clock: Clock;
  readonly seed: number;
  /** Which connection of the endpoint it is: each has chances of its own. */
  readonly index: number;
  readonly counters: Counters;
  /** When the time of a blackout begins to count. */
  readonly openedMs: number;
}

/** Bytes with the time at which they come out; null is the end of the stream. */
interface Piece {
  readonly bytes: Uint8Array | null;
  readonly dueMs: number;
}

/** How a connection was broken on purpose. */
type Break = "reset" | "close";

/** What one direction does with its bytes. */
class Link {
  /** Whether anything may come out other than at once. */
  readonly waits: boolean;
  readonly pieceBytes: number;
  readonly queueBytes: number;
  readonly #faults: LinkFaults;
  readonly #random: () => number;
  readonly #pace: Pace;
  #passedBytes = 0;
  #lastDueMs = -Infinity;

  constructor(faults: LinkFaults, stream: number, { seed, openedMs }: StreamFaultWork) {
    const { bandwidthBytesPerSecond, queueBytes, slice, blackout } = faults;
    this.#faults = faults;
    this.#random = seededRandom(seed, stream);
    this.#pace = new Pace(faults, openedMs);
    this.waits = this.#pace.isNeeded || blackout !== undefined || (slice?.pauseMs ?? 0) > 0;
    const carried = (bandwidthBytesPerSecond ?? Infinity) * PIECE_MS / 1000;
    this.pieceBytes = Math.max(
      1,
      Math.floor(Math.min(carried, slice?.bytes ?? Infinity, LARGEST_PIECE_BYTES)),
    );
    this.queueBytes = queueBytes ??
      (bandwidthBytesPerSecond === undefined ? LONG_QUEUE_BYTES : SLOW_QUEUE_BYTES);
  }

  /** How many bytes may still pass before the connection breaks. */
  get leftBytes(): number {
    const { resetAfterBytes = Infinity, closeAfterBytes = Infinity } = this.#faults;
    return Math.min(resetAfterBytes, closeAfterBytes) - this.#passedBytes;
  }

  /** Whether chance breaks the connection at this chunk: one draw for each. */
  breaksNow(): boolean {
    return this.#random() < this.#faults.reset;
  }

  /** Notes that bytes have passed; says whether the connection breaks behind them. */
  passed(bytes: number): Break | undefined {
    this.#passedBytes += bytes;
    if (this.leftBytes > 0) return undefined;
    const { resetAfterBytes = Infinity, closeAfterBytes = Infinity } = this.#faults;
    return resetAfterBytes <= closeAfterBytes ? "reset" : "close";
  }

  /** When bytes that are sent now come out; never before those that were sent earlier. */
  dueMs(bytes: number, nowMs: number): number {
    const startMs = this.#pace.blackoutEndMs(nowMs) ?? nowMs;
    // One draw for each piece, so that a run without jitter has the same chances as one with it.
    const arrivalMs = this.#pace.arrivalMs(bytes, startMs, this.#random());
    const pauseMs = this.#faults.slice?.pauseMs ?? 0;
    return this.#lastDueMs = Math.max(arrivalMs, this.#lastDueMs + pauseMs);
  }

  /** When the end of the stream comes out. */
  endDueMs(nowMs: number): number {
    const startMs = this.#pace.blackoutEndMs(nowMs) ?? nowMs;
    return Math.max(startMs + (this.#faults.latencyMs ?? 0), this.#lastDueMs);
  }
}

/** Pieces that wait for their time, in order, up to so many bytes and `MAX_PIECES`. */
class PieceQueue {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #pieces: Piece[] = [];
  #bytes = 0;
  #over = false;
  #changed = Promise.withResolvers<void>();

  constructor(clock: Clock, maxBytes: number) {
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  /** Waits until there is room. False when the queue is over. */
  async hasRoom(): Promise<boolean> {
    while (!this.#over && (this.#bytes >= this.#maxBytes || this.#pieces.length >= MAX_PIECES)) {
      await this.#changed.promise;
    }
    return !this.#over;
  }

  /** Waits until nothing waits any more, or the queue is over. */
  async emptied(): Promise<void> {
    while (!this.#over && this.#pieces.length > 0) await this.#changed.promise;
  }

  push(piece: Piece): void {
    this.#bytes += piece.bytes?.length ?? 0;
    this.#pieces.push(piece);
    this.#change();
  }

  /** The first piece once it is due, which stays in the queue; undefined when the queue is over. */
  async first(): Promise<Piece | undefined> {
    for (;;) {
      if (this.#over) return undefined;
      const [piece] = this.#pieces;
      const waitMs = piece === undefined ? Infinity : piece.dueMs - this.#clock.elapsedMs();
      if (piece !== undefined && waitMs <= 0) return piece;
      const stopTimer = waitMs === Infinity
        ? undefined
        : this.#clock.after(Math.ceil(waitMs), () => this.#change());
      await this.#changed.promise;
      stopTimer?.();
    }
  }

  /** Takes bytes off the first piece. */
  take(bytes: number): void {
    const piece = this.#pieces[0]!;
    this.#bytes -= bytes;
    if (piece.bytes === null || bytes === piece.bytes.length) this.#pieces.shift();
    else this.#pieces[0] = { ...piece, bytes: piece.bytes.subarray(bytes) };
    this.#change();
  }

  end(): void {
    this.#over = true;
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Does to a stream what a bad network does to it. Takes the connection over. */
export class FaultyConnection extends WrappedConnection {
  /** There where it is below, because whoever ends a session asks. */
  ready?(signal: AbortSignal): Promise<void>;
  readonly #in: Link;
  readonly #out: Link;
  readonly #work: StreamFaultWork;
  readonly #arriving: PieceQueue;
  readonly #leaving: PieceQueue;
  #writing: Promise<void> = Promise.resolve();
  #reading = false;
  #readError: unknown;
  #sending: Promise<void> | undefined;
  #sendError: unknown;
  #broken: Break | undefined;
  #disposed = false;

  constructor(inner: Connection, faults: Faults, work: StreamFaultWork) {
    super(inner);
    if (inner.ready) this.ready = (signal) => inner.ready!(signal);
    this.#work = work;
    this.#in = new Link(faults.in, 2 * work.index, work);
    this.#out = new Link(faults.out, 2 * work.index + 1, work);
    this.#arriving = new PieceQueue(work.clock, this.#in.queueBytes);
    this.#leaving = new PieceQueue(work.clock, this.#out.queueBytes);
  }

  override async read(into: Uint8Array): Promise<number | null> {
    if (!this.#in.waits) return this.#broken ? this.#brokenRead() : await this.#readNow(into);
    if (!this.#reading) {
      this.#reading = true;
      void this.#readAhead();
    }
    const piece = await this.#arriving.first();
    if (this.#broken !== undefined) return this.#brokenRead();
    if (piece === undefined) throw new Deno.errors.Interrupted("the connection was closed");
    if (piece.bytes === null) {
      if (this.#readError !== undefined) throw this.#readError;
      return null;
    }
    const count = Math.min(piece.bytes.length, into.length);
    into.set(piece.bytes.subarray(0, count));
    this.#arriving.take(count);
    this.#passed(this.#in, count);
    return count;
  }

  /** Where the link waits it resolves once the bytes have room in its queue. */
  override write(all: Uint8Array): Promise<void> {
    // One after the other: pieces of two messages must not mix.
    const written = this.#writing.then(() => this.#write(all));
    this.#writing = written.catch(() => {});
    return written;
  }

  override async closeWrite(): Promise<void> {
    await this.#writing;
    if (this.#broken !== undefined || this.#disposed) return;
    if (this.#out.waits) {
      const dueMs = this.#out.endDueMs(this.#work.clock.elapsedMs());
      this.#leaving.push({ bytes: null, dueMs });
      await (this.#sending ??= this.#sendAll());
      if (this.#sendError !== undefined) throw this.#sendError;
    } else {
      await this.inner.closeWrite();
    }
  }

  async flushed(): Promise<void> {
    await this.#writing;
    await this.#leaving.emptied();
  }

  override [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#arriving.end();
    this.#leaving.end();
    super[Symbol.dispose]();
  }

  async #readNow(into: Uint8Array): Promise<number | null> {
    const count = await this.inner.read(this.#within(into, this.#in));
    if (this.#broken !== undefined) return this.#brokenRead();
    if (count === null) return null;
    if (this.#in.breaksNow()) {
      this.#break("reset");
      return this.#brokenRead();
    }
    this.#passed(this.#in, count);
    return count;
  }

  /** Reads as fast as the queue has room, so that what waits for its time does not hold up what
   * follows it. */
  async #readAhead(): Promise<void> {
    const { clock } = this.#work;
    const buffer = new Uint8Array(Math.min(LARGEST_PIECE_BYTES, this.#in.pieceBytes * MAX_PIECES));
    try {
      while (await this.#arriving.hasRoom()) {
        const count = await this.inner.read(buffer);
        const nowMs = clock.elapsedMs();
        if (count === null) break;
        if (this.#in.breaksNow()) return this.#break("reset");
        for (let start = 0; start < count; start += this.#in.pieceBytes) {
          const bytes = buffer.slice(start, Math.min(count, start + this.#in.pieceBytes));
          this.#arriving.push({ bytes, dueMs: this.#in.dueMs(bytes.length, nowMs) });
        }
      }
    } catch (error) {
      this.#readError = error;
    }
    this.#arriving.push({ bytes: null, dueMs: this.#in.endDueMs(clock.elapsedMs()) });
  }

  async #write(all: Uint8Array): Promise<void> {
    this.#refuseWrite();
    if (all.length === 0) return;
    if (this.#out.breaksNow()) this.#break("reset");
    for (let start = 0; start < all.length;) {
      this.#refuseWrite();
      const bytes = this.#within(all.subarray(start), this.#out);
      if (this.#out.waits) {
        if (!await this.#leaving.hasRoom()) continue;
        const dueMs = this.#out.dueMs(bytes.length, this.#work.clock.elapsedMs());
        this.#leaving.push({ bytes: bytes.slice(), dueMs });
        this.#sending ??= this.#sendAll();
      } else {
        await this.inner.write(bytes);
        this.#passed(this.#out, bytes.length);
      }
      start += bytes.length;
    }
  }

  /** Hands over what is due. Ends with the stream, the connection or its first failure. */
  async #sendAll(): Promise<void> {
    try {
      for (;;) {
        const piece = await this.#leaving.first();
        if (piece === undefined) return;
        if (piece.bytes === null) {
          await this.inner.closeWrite();
          return this.#leaving.take(0);
        }
        const bytes = piece.bytes.subarray(0, Math.max(1, this.#out.leftBytes));
        await this.inner.write(bytes);
        this.#leaving.take(bytes.length);
        this.#passed(this.#out, bytes.length);
      }
    } catch (error) {
      this.#sendError = error;
      this.#leaving.end();
    }
  }

  /** As much of a buffer as may pass at a time. */
  #within(buffer: Uint8Array, link: Link): Uint8Array {
    const bytes = link.waits ? link.pieceBytes : Math.min(link.pieceBytes, link.leftBytes);
    return bytes < buffer.length ? buffer.subarray(0, bytes) : buffer;
  }

  #passed(link: Link, bytes: number): void {
    const broken = link.passed(bytes);
    if (broken !== undefined) this.#break(broken);
  }

  #break(how: Break): void {
    if (this.#broken !== undefined || this.#disposed) return;
    this.#broken = how;
    this.#work.counters.faults++;
    this.#arriving.end();
    this.#leaving.end();
    if (how === "reset" && this.inner.reset) this.inner.reset();
    else this.inner[Symbol.dispose]();
  }

  #brokenRead(): null {
    if (this.#broken === "close") return null;
    throw new Deno.errors.ConnectionReset("a fault on purpose reset the connection");
  }

  #refuseWrite(): void {
    if (this.#sendError !== undefined) throw this.#sendError;
    if (this.#broken === "reset") {
      throw new Deno.errors.ConnectionReset("a fault on purpose reset the connection");
    }
    if (this.#broken === "close") {
      throw new Deno.errors.BrokenPipe("a fault on purpose closed the connection");
    }
    if (this.#disposed) throw new Deno.errors.Interrupted("the connection was closed");
  }
}
