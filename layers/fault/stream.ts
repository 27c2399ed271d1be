// A connection whose network is slow, cuts what it carries into pieces, and breaks, on purpose.

import type { Connection } from "../../core/connection.ts";
import { WrappedConnection } from "../../core/streams/wrapped_connection.ts";
import { MAX_PIECES, PieceQueue } from "./piece_queue.ts";
import type { Faults } from "./spec.ts";
import {
  type Break,
  LARGEST_PIECE_BYTES,
  type StreamFaultWork,
  StreamLink,
} from "./stream_link.ts";

/** Does to a stream what a bad network does to it. Takes the connection over. */
export class FaultyConnection extends WrappedConnection {
  /** Present only where the inner connection has it, because a session asks whether it is there. */
  ready?(signal: AbortSignal): Promise<void>;
  readonly #in: StreamLink;
  readonly #out: StreamLink;
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
    this.#in = new StreamLink(faults.in, 2 * work.index, work);
    this.#out = new StreamLink(faults.out, 2 * work.index + 1, work);
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

  /** Reads while the queue has room: what waits for its time does not hold up what follows it. */
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
  #within(buffer: Uint8Array, link: StreamLink): Uint8Array {
    const bytes = link.waits ? link.pieceBytes : Math.min(link.pieceBytes, link.leftBytes);
    return bytes < buffer.length ? buffer.subarray(0, bytes) : buffer;
  }

  #passed(link: StreamLink, bytes: number): void {
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
