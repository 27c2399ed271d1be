// Adapts a Connection to a Node stream, for node:tls and node:http. Loaded by a dynamic
// import only: node:stream costs start-up time that plain TCP need not pay.

import { Duplex } from "node:stream";
import type { Connection } from "../connection.ts";

/** Reads start small, since many connections are idle, and grow when one fills its buffer. */
const FIRST_BUFFER_BYTES = 1024;
const LARGEST_BUFFER_BYTES = 64 * 1024;

/** A Connection as a `Duplex` with the interface of a net.Socket. Destroying it disposes the
 * connection; once both directions have ended that happens by itself. */
export class ConnectionDuplex extends Duplex {
  readonly #connection: Connection;
  #buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  bytesRead = 0;
  bytesWritten = 0;
  /** The property by which node:net marks a socket that is still connecting. */
  readonly connecting = false;

  constructor(connection: Connection) {
    super({ allowHalfOpen: true, highWaterMark: LARGEST_BUFFER_BYTES });
    this.#connection = connection;
  }

  get remoteAddress(): string | undefined {
    const { remote } = this.#connection;
    return "hostname" in remote ? remote.hostname : undefined;
  }

  get remotePort(): number | undefined {
    const { remote } = this.#connection;
    return "port" in remote ? remote.port : undefined;
  }

  get remoteFamily(): "IPv4" | "IPv6" | undefined {
    return familyOf(this.remoteAddress);
  }

  get localAddress(): string | undefined {
    const { local } = this.#connection;
    return "hostname" in local ? local.hostname : undefined;
  }

  get localPort(): number | undefined {
    const { local } = this.#connection;
    return "port" in local ? local.port : undefined;
  }

  get localFamily(): "IPv4" | "IPv6" | undefined {
    return familyOf(this.localAddress);
  }

  address(): { address?: string; family?: string; port?: number } {
    const { localAddress: address, localFamily: family, localPort: port } = this;
    return address === undefined || family === undefined || port === undefined
      ? {}
      : { address, family, port };
  }

  // No-op: the connection's owner keeps the deadlines, and the connection sends without delay.
  setTimeout(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  /** Ends the sending side, and closes once everything was written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  override _read(): void {
    this.#receive().catch((error: Error) => {
      // A read that fails because of our own close is no error.
      if (!this.destroyed) this.destroy(error);
    });
  }

  async #receive(): Promise<void> {
    const buffer = this.#buffer;
    const count = await this.#connection.read(buffer);
    if (this.destroyed) return;
    if (count === null) {
      this.push(null);
      return;
    }
    this.bytesRead += count;
    if (count < buffer.length) {
      // The reader owns pushed chunks and may keep them, so each is a copy.
      this.push(buffer.slice(0, count));
      return;
    }
    this.#buffer = new Uint8Array(Math.min(count * 8, LARGEST_BUFFER_BYTES));
    this.push(buffer);
  }

  override _write(
    chunk: Uint8Array,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#connection.write(chunk).then(() => {
      this.bytesWritten += chunk.length;
      done();
    }, done);
  }

  /** Several small writes, such as a head and its body, are sent as one. */
  override _writev(
    chunks: { chunk: Uint8Array; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    const whole = new Uint8Array(chunks.reduce((sum, { chunk }) => sum + chunk.length, 0));
    let offset = 0;
    for (const { chunk } of chunks) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    this._write(whole, "binary", done);
  }

  override _final(done: (error?: Error | null) => void): void {
    // If the peer is gone already, reading reports that.
    this.#connection.closeWrite().then(() => done(), () => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#connection[Symbol.dispose]();
    done(error);
  }
}

function familyOf(address: string | undefined): "IPv4" | "IPv6" | undefined {
  if (address === undefined) return undefined;
  return address.includes(":") ? "IPv6" : "IPv4";
}
