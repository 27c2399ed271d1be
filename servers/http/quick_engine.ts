// HTTP/1.1 (RFC 9112) without an engine, for most requests of a file server: a GET without
// conditions whose answer is ready. Reading, looking up and writing are three calls, faster than an
// engine passes a request on. The first other request moves the connection to another engine.

import type { Connection } from "../../core/connection.ts";
import type { QuickAnswer, QuickFile } from "../../core/http/app.ts";
import { PrefixedConnection } from "../../core/streams/prefixed_connection.ts";
import type { HostGuard } from "./host_guard.ts";
import type { EngineConnection, EngineHandlers, HttpEngine } from "./engine.ts";
import { QuickHeads } from "./quick_heads.ts";

/** Longer heads go to the other engine. */
const BUFFER_BYTES = 4096;

/** Size of the pieces in which a file is read and written: two buffers for each file being sent. */
const FILE_CHUNK_BYTES = 256 * 1024;

const decoder = new TextDecoder();

/** Puts the quick engine in front of another engine. */
export function quickHttpEngine(
  other: HttpEngine<Connection>,
  guard: HostGuard,
): HttpEngine<Connection> {
  const heads = new QuickHeads(guard);
  return {
    madeUpAuthority: (connection) => other.madeUpAuthority(connection),
    serve: (connection, handlers) => new QuickConnection(connection, handlers, heads, other),
  };
}

/** A connection for as long as all its requests are quick. */
class QuickConnection implements EngineConnection {
  readonly finished: Promise<void>;
  readonly #connection: Connection;
  readonly #handlers: EngineHandlers;
  readonly #heads: QuickHeads;
  readonly #other: HttpEngine<Connection>;
  #successor: EngineConnection | undefined;
  #answering = false;
  #draining = false;
  #closed = false;

  constructor(
    connection: Connection,
    handlers: EngineHandlers,
    heads: QuickHeads,
    other: HttpEngine<Connection>,
  ) {
    this.#connection = connection;
    this.#handlers = handlers;
    this.#heads = heads;
    this.#other = other;
    this.finished = this.#run();
  }

  drain(): void {
    this.#draining = true;
    if (this.#successor !== undefined) this.#successor.drain();
    else if (!this.#answering) this.close();
  }

  close(): void {
    this.#closed = true;
    this.#successor?.close();
    this.#connection[Symbol.dispose]();
  }

  async #run(): Promise<void> {
    try {
      const rest = await this.#answerQuickly();
      if (rest === null || this.#closed) return;
      const connection = new PrefixedConnection(this.#connection, rest);
      this.#successor = this.#other.serve(connection, this.#handlers);
      if (this.#draining) this.#successor.drain();
      await this.#successor.finished;
    } catch (error) {
      // Reads and writes fail after our own close; that is no failure of the connection.
      if (!this.#closed) throw error;
    } finally {
      this.#connection[Symbol.dispose]();
    }
  }

  /** Resolves to the bytes of the first request that is not quick, or to null at the end. */
  async #answerQuickly(): Promise<Uint8Array | null> {
    const connection = this.#connection;
    const buffer = new Uint8Array(BUFFER_BYTES);
    for (let length = 0;;) {
      const count = await connection.read(length === 0 ? buffer : buffer.subarray(length));
      if (count === null) return null;
      length += count;
      while (length > 0) {
        const text = decoder.decode(buffer.subarray(0, length));
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) {
          if (length < buffer.length && mayBecomeHead(buffer[0]!)) break;
          return buffer.slice(0, length);
        }
        this.#answering = true;
        const answered = await this.#answer(text.slice(0, end));
        this.#answering = false;
        if (!answered) return buffer.slice(0, length);
        if (this.#draining) return null;
        // A head that was answered is ASCII: every character is one byte.
        buffer.copyWithin(0, end + 4, length);
        length -= end + 4;
      }
    }
  }

  /** Answers a quick request; false when the request is not quick. */
  async #answer(head: string): Promise<boolean> {
    const request = this.#heads.read(head);
    if (request === null) return false;
    let answer = this.#handlers.quick.find(request);
    if (answer instanceof Promise) answer = await answer;
    if (answer === null) return false;
    this.#handlers.quick.count();
    if (answer.file === undefined) await this.#connection.write(answer.bytes);
    else await this.#sendFile(answer, answer.file);
    return true;
  }

  /** Sends a file, and reads the next piece while it writes. */
  async #sendFile({ bytes }: QuickAnswer, file: QuickFile): Promise<void> {
    let reading: Promise<number | null> | undefined;
    try {
      await this.#connection.write(bytes);
      let [current, next] = [pooled(), pooled()];
      reading = file.read(current);
      for (let left = file.length; left > 0;) {
        const count = await reading ?? null;
        if (count === null) throw new Error("a file became shorter while it was sent");
        const part = current.subarray(0, Math.min(count, left));
        left -= part.length;
        reading = left > 0 ? file.read(next) : undefined;
        await this.#connection.write(part);
        this.#handlers.quick.touch();
        [current, next] = [next, current];
      }
      pool.push(current, next);
    } finally {
      // A file that is being read cannot be closed.
      await reading?.catch(() => {});
      file.release();
    }
  }
}

/** Buffers that are not in use. */
const pool: Uint8Array[] = [];
const MAX_POOLED = 16;

function pooled(): Uint8Array {
  pool.length = Math.min(pool.length, MAX_POOLED);
  return pool.pop() ?? new Uint8Array(FILE_CHUNK_BYTES);
}

/** Whether a request can begin with this byte: all registered methods are in upper case. */
function mayBecomeHead(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}
