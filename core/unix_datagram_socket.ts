// A Unix datagram socket that can send while it waits. Deno lets one operation at a time use such
// a socket, and a send during a pending receive is refused as "Busy". So sends queue up while a
// receive is pending, and an empty datagram from a socket of our own ends the receive for them.

import type { Address } from "./address.ts";
import type { Datagram, DatagramSocket } from "./connection.ts";
import { DenoDatagramSocket } from "./deno_datagram_socket.ts";

const EMPTY = new Uint8Array(0);

interface Waiting {
  readonly bytes: Uint8Array;
  readonly to: Address;
  readonly sent: PromiseWithResolvers<void>;
}

/** A socket and the second one that wakes it, as one. Disposes both. */
export class UnixDatagramSocket implements DatagramSocket {
  readonly address: Address;
  readonly maxBytes: number;
  readonly #socket: DenoDatagramSocket;
  readonly #waker: DenoDatagramSocket;
  readonly #wakerPath: string;
  readonly #waiting: Waiting[] = [];
  #sending: Promise<void> = Promise.resolve();
  #receiving = false;
  #woken = false;

  constructor(socket: DenoDatagramSocket, waker: DenoDatagramSocket) {
    this.#socket = socket;
    this.#waker = waker;
    this.#wakerPath = pathOf(waker.address);
    this.address = socket.address;
    this.maxBytes = socket.maxBytes;
  }

  async receive(): Promise<Datagram | null> {
    for (;;) {
      await this.#idle();
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
    this.#socket[Symbol.dispose]();
    this.#waker[Symbol.dispose]();
    for (const { sent } of this.#waiting.splice(0)) sent.resolve();
  }

  /** Resolves when nothing is being sent. While we wait for one batch, another may join. */
  async #idle(): Promise<void> {
    let last: Promise<void>;
    do {
      last = this.#sending;
      await last;
    } while (last !== this.#sending);
  }

  /** Sends what waits, after whatever is being sent. */
  #flush(): void {
    const batch = this.#waiting.splice(0);
    this.#sending = this.#sending.then(async () => {
      for (const { bytes, to, sent } of batch) {
        await this.#socket.send(bytes, to).then(sent.resolve, sent.reject);
      }
    });
  }
}

function pathOf(address: Address): string {
  return "path" in address ? address.path : "";
}

/** Opens the second socket and puts the two together. Takes the first over. */
export async function openUnixDatagrams(
  socket: DenoDatagramSocket,
  bind: (path: string) => Deno.DatagramConn,
): Promise<UnixDatagramSocket> {
  try {
    const { path, remove } = await anonymousPath();
    return new UnixDatagramSocket(socket, new DenoDatagramSocket(bind(path), remove));
  } catch (error) {
    socket[Symbol.dispose]();
    throw error;
  }
}

/** A path for a Unix datagram socket that nobody has to know beforehand, in a folder of its own,
 * which `remove` takes away. Not an abstract name: other systems and older runtimes have none. */
export async function anonymousPath(): Promise<{ path: string; remove(): void }> {
  const folder = await Deno.makeTempDir({ prefix: "sockdock-" });
  return { path: `${folder}/socket`, remove: () => Deno.removeSync(folder, { recursive: true }) };
}
