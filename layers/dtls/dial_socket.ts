// The dialling socket of DTLS over any datagram socket: one association with one server.

import { type Address, canonicalHost, sameAddress } from "../../core/addresses/address.ts";
import type { Datagram, DatagramSocket } from "../../core/connection.ts";
import type { Identity } from "../../core/session.ts";
import { ClientPeer, type ClientPeerOptions } from "./client_peer.ts";
import { DatagramQueue } from "../peers/datagram_queue.ts";
import type { DtlsError } from "./wire/alert.ts";
import type { DropReason } from "./record/record_layer.ts";
import { OVERHEAD_BYTES } from "./listen_socket.ts";
import { MAX_PLAINTEXT_BYTES } from "./record/format.ts";
import { RecordPacking } from "./record/packing.ts";

interface DialOptions extends ClientPeerOptions {
  readonly dropped?: (reason: DropReason) => void;
}

/** A datagram socket that has shaken hands with one server, once `connect` has resolved. Takes the
 * socket below over. */
export class DtlsDialSocket implements DatagramSocket {
  readonly maxBytes: number;
  readonly #inner: DatagramSocket;
  readonly #to: Address;
  /** The server's address as it stands on its datagrams. */
  readonly #sender: Address;
  readonly #peer: ClientPeer;
  readonly #records: RecordPacking;
  readonly #queue = new DatagramQueue();
  readonly #ready = Promise.withResolvers<void>();
  #connected = false;
  #started = false;
  #disposed = false;

  constructor(inner: DatagramSocket, to: Address, options: DialOptions) {
    this.#inner = inner;
    this.#to = to;
    this.#sender = "port" in to ? { ...to, hostname: canonicalHost(to.hostname) } : to;
    this.maxBytes = Math.min(inner.maxBytes - OVERHEAD_BYTES, MAX_PLAINTEXT_BYTES);
    // A socket may fail before `connect` was called, which is no unhandled rejection.
    this.#ready.promise.catch(() => {});
    this.#records = new RecordPacking(
      options.packBytes ?? 0,
      (datagram) => this.#disposed ? Promise.resolve() : inner.send(datagram, to),
    );
    this.#peer = new ClientPeer(options, {
      transmit: (datagram) => this.#transmit(datagram),
      connected: () => {
        this.#connected = true;
        this.#ready.resolve();
      },
      received: (bytes) => this.#queue.push({ from: this.#sender, bytes }),
      ended: (error) => this.#ended(error),
      dropped: (reason) => options.dropped?.(reason),
    });
  }

  get address(): Address {
    return this.#inner.address;
  }

  /** The identity that the server has proved. */
  get identity(): Identity | undefined {
    return this.#peer.identity;
  }

  /** @throws {DtlsError} when the server cannot be verified, or refuses us */
  async connect(_to: Address, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const giveUp = () => this.#ready.reject(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      if (!this.#started) {
        this.#started = true;
        void this.#pump();
        this.#peer.start();
      }
      await this.#ready.promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  receive(): Promise<Datagram | null> {
    return this.#queue.next();
  }

  /** A message after the end is dropped, as any datagram may be. */
  send(bytes: Uint8Array): Promise<void> {
    try {
      const record = this.#peer.seal(bytes);
      return record === null ? Promise.resolve() : this.#records.send(record);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Nothing: in version 1.2 a goodbye ends both directions (RFC 5246 7.2.1). */
  end(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#peer.close();
    this.#disposed = true;
    this.#queue.close();
    this.#inner[Symbol.dispose]();
  }

  async #pump(): Promise<void> {
    try {
      for (;;) {
        const datagram = await this.#inner.receive();
        if (datagram === null) break;
        if (!("bytes" in datagram)) this.#peer.close();
        // Anyone can send to our port; only the server is heard.
        else if (sameAddress(datagram.from, this.#sender)) this.#peer.receive(datagram.bytes);
        const room = this.#queue.room;
        if (room !== undefined) await room;
      }
    } catch (error) {
      if (!this.#disposed) {
        this.#ready.reject(error);
        this.#queue.fail(error);
      }
    }
    this.#queue.close();
  }

  #ended(error: DtlsError | undefined): void {
    if (!this.#connected) {
      this.#ready.reject(error ?? new Error("closed"));
      return;
    }
    this.#queue.push({ from: this.#sender, ended: error?.message ?? "closed by the peer" });
    this.#queue.close();
  }

  #transmit(datagram: Uint8Array): void {
    if (this.#disposed) return;
    // What is a goodbye comes after what was said before it.
    this.#records.flush();
    this.#inner.send(datagram, this.#to).catch((error) => this.#ready.reject(error));
  }
}
