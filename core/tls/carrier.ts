// A minimal Node stream for node:tls over a connection that has no native socket, such as TLS within
// TLS: only the methods that node:tls calls, because the machinery of node:stream costs five to
// twelve per cent of the speed. Other users of a Connection as a stream need a ConnectionDuplex.

import { EventEmitter } from "node:events";
import type { Connection } from "../connection.ts";
import { WireInput } from "./input.ts";

/** Reads start small, since many connections are idle, and grow when one fills its buffer. */
const FIRST_BUFFER_BYTES = 1024;
const LARGEST_BUFFER_BYTES = 64 * 1024;

type Done = (error?: Error | null) => void;

/** The stream. It takes ownership of its connection. Destroying it disposes the connection; once
 * both directions have ended that happens by itself. */
export class TlsCarrier extends EventEmitter {
  /** How the connection's own input ended. */
  readonly input = new WireInput();
  readonly allowHalfOpen = true;
  readonly readableObjectMode = false;
  readonly readableLength = 0;
  readable = true;
  writable = true;
  destroyed = false;
  readonly #connection: Connection;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  #flowing = false;
  #held = false;
  #reading = false;
  /** Settles when all writes have settled. */
  #written: Promise<void> | undefined;

  constructor(connection: Connection) {
    super();
    this.#connection = connection;
  }

  /** Always null: all data is emitted as `data`. */
  read(): null {
    return null;
  }

  resume(): this {
    this.#flowing = true;
    this.#pull();
    return this;
  }

  pause(): this {
    this.#flowing = false;
    return this;
  }

  /** Stops reading even when node:tls wants more, as it always does. */
  hold(): void {
    this.#held = true;
  }

  /** Reads on after `hold`. */
  release(): void {
    this.#held = false;
    this.#pull();
  }

  // No-ops: buffers that are written together arrive as one write.
  cork(): void {}
  uncork(): void {}

  write(bytes: Uint8Array, done: Done): boolean {
    const write = () => this.#connection.write(bytes);
    const written = this.#written === undefined ? write() : this.#written.then(write);
    this.#written = written;
    written.then(() => {
      if (this.#written === written) this.#written = undefined;
      done();
    }, (error: Error) => {
      this.writable = false;
      // The peer's last words may lie unread, and reading goes on to its end.
      done(Object.assign(error, { syscall: "write" }));
    });
    return true;
  }

  end(done: Done = () => {}): this {
    const ended = (this.#written ?? Promise.resolve()).then(() => this.#connection.closeWrite());
    // If the peer is gone already, reading reports that.
    ended.catch(() => {}).then(() => {
      this.writable = false;
      done();
      if (!this.readable) this.destroy();
    });
    return this;
  }

  destroy(error?: Error): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.readable = false;
    this.writable = false;
    this.#connection[Symbol.dispose]();
    // Asynchronous, so that the handler does not run inside the caller.
    queueMicrotask(() => {
      if (error !== undefined) this.emit("error", error);
      this.emit("close");
    });
    return this;
  }

  #pull(): void {
    if (this.#reading || this.#held || !this.#flowing || !this.readable) return;
    this.#reading = true;
    this.#connection.read(this.#buffer).then((count) => this.#took(count), (error: Error) => {
      // A read that fails because of our own close is no error.
      if (!this.destroyed) this.input.finish(error);
      this.destroy(error);
    });
  }

  #took(count: number | null): void {
    this.#reading = false;
    if (this.destroyed) return;
    if (count === null) {
      this.readable = false;
      this.input.finish("end of stream");
      this.emit("end");
      if (!this.writable) this.destroy();
      return;
    }
    const buffer = this.#buffer;
    // node:tls copies the bytes before this returns, so the buffer can be reused.
    this.emit("data", buffer.subarray(0, count));
    if (count === buffer.length && count < LARGEST_BUFFER_BYTES) {
      this.#buffer = new Uint8Array(Math.min(count * 8, LARGEST_BUFFER_BYTES));
    }
    this.#pull();
  }
}
