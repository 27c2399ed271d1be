// A Unix datagram socket that can send while it waits. Deno lets one operation at a time use such
// a socket, and a send during a pending receive is refused as "Busy". So sends queue up while a
// receive is pending, and an empty datagram from a socket of our own ends the receive for them.

import type { Address } from "../addresses/address.ts";
import type { Datagram, DatagramSocket } from "../connection.ts";
import { DenoDatagramSocket } from "./deno_socket.ts";

/** Time that a peer with a full queue has to read from it, and time for which nothing is sent to it
 * after that. */
const STUCK_AFTER_MS = 250;
const STUCK_FOR_MS = 10_000;

const EMPTY = new Uint8Array(0);

interface Waiting {
  readonly bytes: Uint8Array;
  readonly to: Address;
  readonly sent: PromiseWithResolvers<void>;
}

/** A socket and a second one that wakes it. Disposing it closes both. */
class UnixDatagramSocket implements DatagramSocket {
  readonly address: Address;
  readonly maxBytes: number;
  #socket: DenoDatagramSocket;
  readonly #bind: () => DenoDatagramSocket;
  readonly #waker: DenoDatagramSocket;
  readonly #onClose: () => void;
  readonly #wakerPath: string;
  readonly #waiting: Waiting[] = [];
  /** Peers that did not read, with the time until which nothing is sent to them. */
  readonly #stuck = new Map<string, number>();
  #sending: Promise<void> = Promise.resolve();
  #receiving = false;
  #woken = false;
  #disposed = false;

  /** @param bind opens the socket, and another in its place if it is stuck
   * @param onClose called once both are closed for good */
  constructor(bind: () => DenoDatagramSocket, waker: DenoDatagramSocket, onClose: () => void) {
    this.#bind = bind;
    this.#onClose = onClose;
    const socket = this.#socket = bind();
    this.#waker = waker;
    this.#wakerPath = pathOf(waker.address);
    this.address = socket.address;
    this.maxBytes = socket.maxBytes;
  }

  async receive(): Promise<Datagram | null> {
    for (;;) {
      // While we wait for one batch, another may join. Nothing may come between the last look and what
      // follows, or it would be sent while we receive.
      let awaited: Promise<void> | undefined;
      while (awaited !== this.#sending) {
        awaited = this.#sending;
        await awaited;
      }
      this.#receiving = true;
      let datagram: Datagram | null;
      try {
        datagram = await this.#socket.receive();
      } finally {
        this.#receiving = false;
        this.#woken = false;
      }
      if (this.#waiting.length > 0) this.#flush();
      if (datagram === null || pathOf(datagram.from) !== this.#wakerPath) return datagram;
    }
  }

  send(bytes: Uint8Array, to: Address): Promise<void> {
    const sent = Promise.withResolvers<void>();
    this.#waiting.push({ bytes, to, sent });
    if (!this.#receiving) {
      this.#flush();
    } else if (!this.#woken) {
      this.#woken = true;
      this.#waker.send(EMPTY, this.address).catch(sent.reject);
    }
    return sent.promise;
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#socket[Symbol.dispose]();
    this.#waker[Symbol.dispose]();
    this.#onClose();
    for (const { sent } of this.#waiting.splice(0)) sent.resolve();
  }

  /** Sends the queue, after the send that is under way. */
  #flush(): void {
    const batch = this.#waiting.splice(0);
    this.#sending = this.#sending.then(async () => {
      for (const { bytes, to, sent } of batch) {
        await this.#sendOne(bytes, to).then(sent.resolve, sent.reject);
      }
    });
  }

  /** A Unix datagram waits until its peer has room, and Deno cannot take it back: one peer that
   * does not read would stop everything. So the socket is given up, with what waits in it, and another
   * bound in its place, and that peer is sent nothing for a while. Where no second one can be bound while the first
   * waits, at an abstract name, there is no such way out. */
  async #sendOne(bytes: Uint8Array, to: Address): Promise<void> {
    const path = pathOf(to);
    if ((this.#stuck.get(path) ?? 0) > performance.now()) throw new StuckPeerError(path);
    const sending = this.#socket.send(bytes, to);
    if (pathOf(this.address).startsWith("\0")) return await sending;
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), STUCK_AFTER_MS);
    try {
      if (await Promise.race([sending, late.promise]) !== "late") return;
    } finally {
      clearTimeout(timer);
    }
    sending.catch(() => {});
    for (const [known, until] of this.#stuck) {
      if (until <= performance.now()) this.#stuck.delete(known);
    }
    this.#stuck.set(path, performance.now() + STUCK_FOR_MS);
    if (!this.#disposed) {
      this.#socket[Symbol.dispose]();
      removeSocketFile(pathOf(this.address));
      this.#socket = this.#bind();
    }
    throw new StuckPeerError(path);
  }
}

/** Removes the file of a datagram socket, which Deno leaves behind when it closes the socket (measured
 * on 2.9.6; that of a stream socket is removed). */
export function removeSocketFile(path: string): void {
  if (path.startsWith("\0")) return;
  try {
    Deno.removeSync(path);
  } catch {
    // It is gone already.
  }
}

function pathOf(address: Address): string {
  return "path" in address ? address.path : "";
}

/** The error of a peer whose socket is full; the datagrams for it are lost. */
class StuckPeerError extends Error {
  override readonly name = "StuckPeerError";
  constructor(path: string) {
    super(`the peer at ${path} does not read`);
  }
}

/** Opens both sockets.
 * @param bind opens a socket at a path
 * @param onClose called once the socket at `path` is closed for good */
export async function openUnixDatagrams(
  path: string,
  bind: (path: string) => Deno.DatagramConn,
  onClose: () => void,
): Promise<UnixDatagramSocket> {
  const own = await anonymousPath();
  const waker = new DenoDatagramSocket(bind(own.path), own.remove);
  try {
    return new UnixDatagramSocket(() => new DenoDatagramSocket(bind(path)), waker, onClose);
  } catch (error) {
    waker[Symbol.dispose]();
    throw error;
  }
}

/** A path for a Unix datagram socket that no peer has to know beforehand, in a folder of its own,
 * which `remove` takes away. Not an abstract name: other systems and older runtimes have none. */
export async function anonymousPath(): Promise<{ path: string; remove(): void }> {
  const folder = await Deno.makeTempDir({ prefix: "sockdock-" });
  return { path: `${folder}/socket`, remove: () => Deno.removeSync(folder, { recursive: true }) };
}
