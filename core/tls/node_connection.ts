// TLS on node:tls (RFC 8446, RFC 5246), over a Connection of our own.
//
// Deno's own TLS is faster with small messages, but lacks three things: closing a connection during
// its handshake (Deno.listenTls keeps the socket of a silent client for as long as the client
// likes, measured on 2.6 and 2.9, so that silent clients alone exhaust all descriptors), sending
// without delay (each answer of more than one record, 16 KiB, waits 40 ms for an acknowledgement),
// and trusting a single certificate.

import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Address } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";
import { DuplexConnection } from "../streams/duplex_connection.ts";
import type { Identity } from "../session.ts";

export interface NodeTlsOptions {
  /** Converts the connection below to a stream. */
  readonly carrier: (connection: Connection) => Duplex | Promise<Duplex>;
  /** Starts the handshake on the stream. */
  readonly begin: (stream: Duplex) => TLSSocket;
  /** The event of a completed handshake: `secure` on a server, `secureConnect` on a client. */
  readonly done: "secure" | "secureConnect";
  /** Returns the identity that the peer proved, if any; throws when the peer is not accepted. */
  readonly check?: (socket: TLSSocket) => Identity | undefined;
}

/** TLS over a connection, of which it takes ownership. Nothing is read or written before `ready`. */
export class NodeTlsConnection implements Connection {
  readonly #inner: Connection;
  readonly #options: NodeTlsOptions;
  #secured: DuplexConnection | undefined;
  #socket: TLSSocket | undefined;
  #readOn: (() => void) | undefined;
  #disposed = false;
  #identity: Identity | undefined;

  constructor(inner: Connection, options: NodeTlsOptions) {
    this.#inner = inner;
    this.#options = options;
  }

  get local(): Address {
    return this.#inner.local;
  }

  get remote(): Address {
    return this.#inner.remote;
  }

  get identity(): Identity | undefined {
    return this.#identity;
  }

  async ready(signal: AbortSignal): Promise<void> {
    const stream = await this.#options.carrier(this.#gated);
    signal.throwIfAborted();
    // Errors reach node:tls too; this handles those that come after it has detached.
    stream.on("error", () => {});
    const socket = this.#options.begin(stream);
    this.#socket = socket;
    this.#secured = new DuplexConnection(socket, { local: this.local, remote: this.remote });
    const finished = Promise.withResolvers<void>();
    const giveUp = () => finished.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    socket.once(this.#options.done, finished.resolve);
    // On the server side node:tls emits an error of the handshake as `_tlsError`.
    for (const event of ["_tlsError", "error"]) socket.once(event, finished.reject);
    const left = () => finished.reject(new Deno.errors.UnexpectedEof("the peer left"));
    socket.once("close", left);
    // node:tls would wait for more data.
    stream.once("end", left);
    try {
      await finished.promise;
      this.#identity = this.#options.check?.(socket);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  async read(into: Uint8Array): Promise<number | null> {
    const count = await this.#open.read(into);
    if (this.#hasRoom) this.#readOn?.();
    return count;
  }

  write(all: Uint8Array): Promise<void> {
    return this.#open.write(all);
  }

  closeWrite(): Promise<void> {
    return this.#open.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#readOn?.();
    this.#secured?.[Symbol.dispose]();
    // node:tls closes its stream only later, and during a handshake not at all.
    this.#inner[Symbol.dispose]();
  }

  /** Whether less decrypted data waits to be read than the limit. */
  get #hasRoom(): boolean {
    const socket = this.#socket;
    return socket === undefined || socket.readableLength < socket.readableHighWaterMark;
  }

  /** The connection below, with flow control. node:tls reads without limit, even if the decrypted
   * data is not read, so a peer could fill the memory: the gate is shut while enough waits. */
  get #gated(): Connection {
    const inner = this.#inner;
    return {
      local: inner.local,
      remote: inner.remote,
      read: async (into) => {
        while (!this.#hasRoom && !this.#disposed) {
          await new Promise<void>((resolve) => {
            this.#readOn = resolve;
          });
        }
        return await inner.read(into);
      },
      write: (all) => inner.write(all),
      closeWrite: () => inner.closeWrite(),
      [Symbol.dispose]: () => inner[Symbol.dispose](),
    };
  }

  get #open(): DuplexConnection {
    if (this.#secured === undefined) throw new Error("Cannot use TLS before its handshake");
    return this.#secured;
  }
}
