// A connection whose network is slow, cuts what it carries into pieces, and breaks, on purpose. Its
// faults can be replaced while it is open. Longer than most files: reading, writing and breaking
// share the state that makes them end together.

import type { Connection } from "../../core/connection.ts";
import { WrappedConnection } from "../../core/streams/wrapped_connection.ts";
import type { Decisions, FaultWork } from "./deeds.ts";
import { MAX_PIECES, PieceQueue } from "./piece_queue.ts";
import { callAt } from "./punctual.ts";
import { type Faults, NO_FAULTS } from "./spec.ts";
import { type Break, LARGEST_PIECE_BYTES, StreamLink } from "./stream_link.ts";

/** Both directions, and what waits in them. */
interface Links {
  in: StreamLink;
  out: StreamLink;
  readonly arriving: PieceQueue;
  readonly leaving: PieceQueue;
}

/** Does to a stream what a bad network does to it. Takes the connection over. */
export class FaultyConnection extends WrappedConnection {
  /** Present only where the inner connection has them, because a session asks whether they are there. */
  ready?(signal: AbortSignal): Promise<void>;
  writeSome?(bytes: Uint8Array): Promise<number>;
  readonly #work: FaultWork;
  /** Undefined when there are no faults and nothing is left of earlier ones: everything passes
   * untouched, and costs next to nothing. */
  #links: Links | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** What the last read without faults reads into. */
  #into: Uint8Array | undefined;
  #reading = false;
  #inputEnded = false;
  #readError: unknown;
  #sending: Promise<void> | undefined;
  #sendError: unknown;
  #hasDropped = false;
  #slowlyClosed = false;
  #stopTimer: (() => void) | undefined;
  #broken: Break | undefined;
  #disposed = false;

  constructor(inner: Connection, faults: Faults | null, work: FaultWork) {
    super(inner);
    if (inner.ready) this.ready = (signal) => inner.ready!(signal);
    if (inner.writeSome) this.writeSome = (bytes) => this.#writeSome(bytes);
    this.#work = work;
    if (faults !== null) this.change(faults, work);
  }

  /** Replaces the faults, also for what waits, which keeps its order and comes out no later than it
   * would have. A fault that has dropped bytes ends with the connection: they are missing. */
  change(faults: Faults | null, decisions: Decisions): void {
    if (this.#broken !== undefined || this.#disposed) return;
    if (faults === null && this.#links === undefined) return;
    const { clock } = this.#work;
    const given = faults ?? { in: NO_FAULTS, out: NO_FAULTS };
    const links = {
      in: new StreamLink(given.in, "in", decisions),
      out: new StreamLink(given.out, "out", decisions),
    };
    if (this.#hasDropped && !links.in.drops && !links.out.drops) return this.#break("close");
    const nowMs = clock.elapsedMs();
    if (this.#links === undefined) {
      this.#links = {
        ...links,
        arriving: new PieceQueue(clock, links.in.queueBytes),
        leaving: new PieceQueue(clock, links.out.queueBytes),
      };
    } else {
      Object.assign(this.#links, links);
      const { arriving, leaving } = this.#links;
      arriving.change(links.in.queueBytes, (piece) => links.in.hastened(piece, nowMs));
      leaving.change(links.out.queueBytes, (piece) => links.out.hastened(piece, nowMs));
    }
    this.#breakInTime(nowMs);
  }

  override read(into: Uint8Array): Promise<number | null> {
    if (this.#links !== undefined) return this.#read(into);
    // Faults may be set while this waits, and concern what arrives then.
    this.#into = into;
    return this.inner.read(into).then(this.#onRead, this.#onReadError);
  }

  // Made once, because they are called for every read while there are no faults.
  readonly #onRead = (count: number | null): number | null | Promise<number | null> =>
    this.#links === undefined ? count : this.#arrived(this.#into!, count);

  readonly #onReadError = (error: unknown): null => {
    if (this.#broken !== undefined) return this.#brokenRead();
    throw error;
  };

  /** Where the link waits it resolves once the bytes have room in its queue. */
  override write(all: Uint8Array): Promise<void> {
    if (this.#links === undefined) return this.inner.write(all);
    // One after the other: pieces of two messages must not mix.
    const written = this.#writing.then(() => this.#write(all));
    this.#writing = written.catch(() => {});
    return written;
  }

  override async closeWrite(): Promise<void> {
    await this.#writing;
    if (this.#broken !== undefined || this.#disposed) return;
    const links = this.#links;
    const waits = links?.out.waits === true && !this.#slowlyClosed;
    this.#slowlyClosed = true;
    if (links !== undefined && (waits || this.#sending !== undefined)) {
      const dueMs = links.out.endDueMs(this.#work.clock.elapsedMs());
      links.leaving.push({ bytes: null, dueMs });
      await (this.#sending ??= this.#sendAll(links));
      if (this.#sendError !== undefined) throw this.#sendError;
    } else {
      await this.inner.closeWrite();
    }
  }

  async flushed(): Promise<void> {
    await this.#writing;
    const links = this.#links;
    if (links === undefined) return;
    await links.leaving.emptied();
    // A session lingers only for a moment once it is over: so it ends later.
    if (this.#slowlyClosed) return;
    this.#slowlyClosed = true;
    await this.#passes(links.out.closeAfterMs);
  }

  override [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#end();
    this.#work.over?.();
    super[Symbol.dispose]();
  }

  async #read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      if (this.#broken !== undefined) return this.#brokenRead();
      const links = this.#links!;
      const isFed = () => this.#reading;
      if (!this.#reading && !this.#inputEnded) {
        if (links.in.waits) void this.#readAhead(links);
        else if (links.arriving.isEmpty) return await this.#readNow(into, links);
      }
      const piece = await links.arriving.first(isFed);
      if (this.#broken !== undefined) return this.#brokenRead();
      if (piece === undefined) {
        if (this.#disposed) throw new Deno.errors.Interrupted("the connection was closed");
        continue;
      }
      if (piece.bytes === null) {
        if (this.#readError !== undefined) throw this.#readError;
        return null;
      }
      const count = Math.min(piece.bytes.length, into.length);
      into.set(piece.bytes.subarray(0, count));
      links.arriving.take(count);
      this.#passed(links.in, count);
      return count;
    }
  }

  async #readNow(into: Uint8Array, links: Links): Promise<number | null> {
    this.#forgetLinks(links);
    try {
      const count = await this.inner.read(this.#within(into, links.in));
      return await this.#arrived(into, count);
    } catch (error) {
      if (this.#broken !== undefined) return this.#brokenRead();
      throw error;
    }
  }

  /** Bytes have come from the wire: they pass by the faults of now, which need not be those under which
   * reading began. */
  async #arrived(into: Uint8Array, count: number | null): Promise<number | null> {
    if (this.#broken !== undefined) return this.#brokenRead();
    const links = this.#links;
    if (links === undefined) return count;
    if (count === null) {
      if (!links.in.waits) return null;
      this.#enqueueEnd(links);
      return await this.#read(into);
    }
    if (links.in.waits || count > this.#within(into, links.in).length) {
      if (this.#enqueue(links, into.subarray(0, count))) return await this.#read(into);
      return this.#brokenRead();
    }
    if (links.in.breaksNow()) {
      this.#break("reset", links.in);
      return this.#brokenRead();
    }
    this.#passed(links.in, count);
    return count;
  }

  /** Reads while the queue has room: what waits for its time does not hold up what follows it. Ends
   * when faults are set that let everything pass at once. */
  async #readAhead(links: Links): Promise<void> {
    this.#reading = true;
    const buffer = new Uint8Array(Math.min(LARGEST_PIECE_BYTES, links.in.pieceBytes * MAX_PIECES));
    try {
      while (links.in.waits && await links.arriving.hasRoom()) {
        const count = await this.inner.read(buffer);
        if (count === null) {
          this.#inputEnded = true;
          break;
        }
        if (!this.#enqueue(links, buffer.subarray(0, count))) return;
      }
    } catch (error) {
      this.#readError = error;
      this.#inputEnded = true;
    }
    this.#reading = false;
    if (this.#inputEnded) this.#enqueueEnd(links);
    else links.arriving.stir();
  }

  /** Lets bytes wait for their time. False when they broke the connection. */
  #enqueue({ in: link, arriving }: Links, all: Uint8Array): boolean {
    if (link.breaksNow()) {
      this.#break("reset", link);
      return false;
    }
    if (link.drops) {
      this.#drop(link);
      return true;
    }
    const nowMs = this.#work.clock.elapsedMs();
    for (let start = 0; start < all.length;) {
      const bytes = all.slice(start, start + link.pieceBytes);
      arriving.push({ bytes, dueMs: link.dueMs(bytes.length, nowMs) });
      start += bytes.length;
    }
    return true;
  }

  #enqueueEnd({ in: link, arriving }: Links): void {
    this.#inputEnded = true;
    arriving.push({ bytes: null, dueMs: link.endDueMs(this.#work.clock.elapsedMs()) });
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    if (this.#links === undefined) return await this.inner.writeSome!(bytes);
    await this.write(bytes);
    return bytes.length;
  }

  async #write(all: Uint8Array): Promise<void> {
    this.#refuseWrite();
    if (all.length === 0) return;
    const begun = this.#links;
    if (begun?.out.breaksNow()) this.#break("reset", begun.out);
    for (let start = 0; start < all.length;) {
      this.#refuseWrite();
      const links = this.#links;
      if (links === undefined) return await this.inner.write(all.subarray(start));
      const { out, leaving } = links;
      if (out.drops) return this.#drop(out);
      const bytes = this.#within(all.subarray(start), out);
      if (out.waits || this.#sending !== undefined) {
        if (!await leaving.hasRoom() || links.out !== out) continue;
        const dueMs = out.dueMs(bytes.length, this.#work.clock.elapsedMs());
        leaving.push({ bytes: bytes.slice(), dueMs });
        this.#sending ??= this.#sendAll(links);
      } else {
        await this.inner.write(bytes);
        this.#passed(links.out, bytes.length);
      }
      start += bytes.length;
    }
  }

  /** Hands over what is due. Ends when nothing waits, with the connection or its first failure. */
  async #sendAll(links: Links): Promise<void> {
    const { leaving } = links;
    try {
      while (!leaving.isEmpty) {
        const piece = await leaving.first();
        if (piece === undefined) return;
        if (piece.bytes === null) {
          await this.inner.closeWrite();
          leaving.take(0);
          continue;
        }
        const bytes = piece.bytes.subarray(0, Math.max(1, links.out.leftBytes));
        await this.inner.write(bytes);
        leaving.take(bytes.length);
        this.#passed(links.out, bytes.length);
      }
    } catch (error) {
      this.#sendError = error;
      leaving.end();
    } finally {
      this.#sending = undefined;
    }
  }

  /** As much of a buffer as may pass at a time. */
  #within(buffer: Uint8Array, link: StreamLink): Uint8Array {
    const bytes = link.waits ? link.pieceBytes : Math.min(link.pieceBytes, link.leftBytes);
    return bytes < buffer.length ? buffer.subarray(0, bytes) : buffer;
  }

  /** Lets everything pass untouched again, once nothing waits. */
  #forgetLinks(links: Links): void {
    if (
      links.in.isQuiet && links.out.isQuiet && !this.#reading && this.#sending === undefined &&
      links.arriving.isEmpty && links.leaving.isEmpty
    ) this.#links = undefined;
  }

  #passed(link: StreamLink, bytes: number): void {
    const broken = link.passed(bytes);
    if (broken !== undefined) this.#break(broken, link);
  }

  #drop(link: StreamLink): void {
    this.#hasDropped = true;
    this.#work.counters.faults++;
    link.dropped();
  }

  /** Sets the timer of the faults that break a connection after a time. */
  #breakInTime(nowMs: number): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    const { in: one, out: other } = this.#links!;
    for (const link of [one, other]) {
      const end = link.breakAt(nowMs);
      if (end === undefined) continue;
      const stop = callAt(this.#work.clock, end.dueMs, () => this.#break(end.how, link));
      const before = this.#stopTimer as (() => void) | undefined;
      this.#stopTimer = () => {
        before?.();
        stop();
      };
    }
  }

  /** Resolves after this time, or when the connection is over. */
  async #passes(ms: number): Promise<void> {
    if (ms === 0 || this.#disposed || this.#broken !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stopBefore = this.#stopTimer;
    const stop = this.#work.clock.after(ms, resolve);
    this.#stopTimer = () => {
      stopBefore?.();
      stop();
      resolve();
    };
    await promise;
  }

  #break(how: Break, link?: StreamLink): void {
    if (this.#broken !== undefined || this.#disposed) return;
    this.#broken = how;
    this.#work.counters.faults++;
    link?.broke(how);
    this.#end();
    if (how === "reset" && this.inner.reset) this.inner.reset();
    else this.inner[Symbol.dispose]();
  }

  #end(): void {
    this.#stopTimer?.();
    this.#links?.arriving.end();
    this.#links?.leaving.end();
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
