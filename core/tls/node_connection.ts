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
import type { Connection, TlsFacts } from "../connection.ts";
import { DuplexConnection, type Flow } from "../streams/duplex_connection.ts";
import type { Identity } from "../session.ts";
import { TlsCarrier } from "./carrier.ts";
import { type TlsInput, watchInput, type WireInput } from "./input.ts";
import { nativeTransport } from "./native_socket.ts";

/** The stream below node:tls, with a flow control of its own: node:tls goes on reading when the data
 * that it has decrypted is not taken. */
export interface TlsTransport extends Flow {
  readonly stream: Duplex;
  readonly input: WireInput;
}

export interface NodeTlsOptions {
  /** Starts the handshake on the stream. */
  readonly begin: (stream: Duplex) => TLSSocket;
  /** The event of a completed handshake: `secure` on a server, `secureConnect` on a client. */
  readonly done: "secure" | "secureConnect";
  /** Returns the identity that the peer proved, if any; throws when the peer is not accepted. */
  readonly check?: (socket: TLSSocket) => Identity | undefined;
  /** Whether to use the native socket of the connection where it has one. Default: true. */
  readonly native?: boolean;
  /** Whether to tell how the input ends, and to read it to its end when a write fails. Default: false,
   * which costs less. */
  readonly watches?: boolean;
}

/** TLS over a connection, of which it takes ownership. Nothing is read or written before `ready`. */
export class NodeTlsConnection implements Connection {
  readonly #inner: Connection;
  readonly #options: NodeTlsOptions;
  #secured: DuplexConnection | undefined;
  #socket: TLSSocket | undefined;
  #stream: Duplex | undefined;
  #letDestroy: (() => void) | undefined;
  #input: TlsInput | undefined;
  #identity: Identity | undefined;
  #alpnProtocol: string | undefined;

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

  get alpnProtocol(): string | undefined {
    return this.#alpnProtocol;
  }

  /** The input, where it is watched, once the handshake has begun. */
  get input(): TlsInput {
    if (this.#input === undefined) throw new Error("Cannot tell about input that is not watched");
    return this.#input;
  }

  tlsFacts(): TlsFacts | undefined {
    const socket = this.#socket;
    if (socket === undefined) return undefined;
    const { raw } = socket.getPeerCertificate();
    return {
      version: socket.getProtocol() ?? "TLS",
      cipher: socket.getCipher()?.standardName ?? "",
      alpnProtocol: this.#alpnProtocol,
      ...(raw !== undefined && { certificate: Uint8Array.from(raw) }),
    };
  }

  async ready(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { begin, done, check, native = true, watches = false } = this.#options;
    try {
      const transport = (native ? nativeTransport(this.#inner) : null) ?? carried(this.#inner);
      const { stream } = transport;
      this.#stream = stream;
      // Errors reach node:tls too; this handles those that come after it has detached.
      stream.on("error", () => {});
      this.#letDestroy = postponeDestroy(stream);
      // It throws where OpenSSL takes no such key or certificate, as one of RSA with 1024 bits.
      const socket = begin(stream);
      if (watches) this.#input = watchInput(socket, transport.input);
      // Data flows from the beginning: when node:tls has to stop for want of a listener, it loses the
      // end of a peer that sent everything at once.
      const { local, remote } = this;
      const secured = new DuplexConnection(socket, { local, remote, flow: transport });
      await handshaken(socket, transport, done, signal);
      this.#letDestroy();
      this.#secured = secured;
      this.#socket = socket;
      this.#alpnProtocol = socket.alpnProtocol || undefined;
      this.#identity = check?.(socket);
    } catch (error) {
      // A peer that is refused after its handshake gets the alert close_notify (RFC 8446 6.1).
      await this.#secured?.closeWrite();
      this[Symbol.dispose]();
      throw error;
    }
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#open.read(into);
  }

  write(all: Uint8Array): Promise<void> {
    return this.#open.write(all);
  }

  closeWrite(): Promise<void> {
    return this.#open.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#secured?.[Symbol.dispose]();
    this.#letDestroy?.();
    // node:tls closes its stream only later, and during a handshake not at all.
    this.#stream?.destroy();
    this.#inner[Symbol.dispose]();
  }

  get #open(): DuplexConnection {
    if (this.#secured === undefined) throw new Error("Cannot use TLS before its handshake");
    return this.#secured;
  }
}

/** Lets an alert leave before node:tls destroys its stream, which it does as soon as it has handed the
 * alert over: one in four is lost otherwise.
 * @returns what gives the stream its own method back */
function postponeDestroy(stream: Duplex): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const letDestroy = () => {
    clearTimeout(timer);
    Reflect.deleteProperty(stream, "destroy");
  };
  stream.destroy = (error) => {
    timer ??= setTimeout(() => {
      letDestroy();
      stream.destroy(error);
    });
    return stream;
  };
  return letDestroy;
}

function carried(connection: Connection): TlsTransport {
  const carrier = new TlsCarrier(connection);
  // The types require a whole Duplex; node:tls needs less.
  const stream = carrier as unknown as Duplex;
  const { input } = carrier;
  return { stream, input, hold: () => carrier.hold(), release: () => carrier.release() };
}

/** Resolves when the handshake is complete; rejects when it failed, the peer left or the signal
 * fired. */
function handshaken(
  socket: TLSSocket,
  { stream, input }: TlsTransport,
  done: NodeTlsOptions["done"],
  signal: AbortSignal,
): Promise<void> {
  const { onEnd } = input;
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => {
      signal.removeEventListener("abort", giveUp);
      socket.off(done, finish).off("_tlsError", fail).off("error", fail).off("close", leave);
      for (const ended of [socket, stream]) ended.off("end", leave);
      input.onEnd = onEnd;
      then();
    };
    const finish = () => settle(resolve);
    const fail = (error: Error) => settle(() => reject(error));
    const giveUp = () => settle(() => reject(signal.reason));
    const leave = () => fail(new Deno.errors.UnexpectedEof("the peer left"));
    signal.addEventListener("abort", giveUp);
    // On the server side node:tls emits an error of the handshake as `_tlsError`.
    socket.on(done, finish).on("_tlsError", fail).on("error", fail).on("close", leave);
    // node:tls itself waits for more data, until its stream below is closed.
    for (const ended of [socket, stream]) ended.on("end", leave);
    // A socket that is being destroyed has yet to tell its error.
    input.onEnd = () => socket.destroyed || leave();
  });
}
