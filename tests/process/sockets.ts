/** Sockets of the test itself, opposite the program. */

import { connect, type Socket } from "node:net";

/** How long the program may take to do its part: long, because a loaded machine is slow. */
const DEADLINE_MS = 60_000;

/** Waits for what the program has to bring about; `giveUp` has to end the wait. */
async function inTime<T>(waiting: Promise<T>, giveUp: () => void): Promise<T> {
  const timer = setTimeout(giveUp, DEADLINE_MS);
  try {
    return await waiting;
  } finally {
    clearTimeout(timer);
  }
}

/** Closes what may be closed already. */
function close(socket: { close(): void }): void {
  try {
    socket.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** Dials a `tcp://` or `unix://` URL of the program. */
export function dial(url: string): Promise<Deno.Conn> {
  const place = url.slice(url.indexOf("//") + 2);
  if (url.startsWith("unix:")) return Deno.connect({ transport: "unix", path: place });
  const { hostname, port } = new URL(`http://${place}`);
  return Deno.connect({ hostname, port: Number(port) });
}

/** Everything up to the end of the stream, however long it takes. */
export async function readToEnd(conn: Deno.Conn): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await inTime(conn.read(buffer), () => conn.close());
    if (count === null) return new Uint8Array(await new Blob(parts).arrayBuffer());
    parts.push(buffer.slice(0, count));
  }
}

/** One read, as text; the empty text at the end. */
export async function readText(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(64 * 1024);
  const count = await inTime(conn.read(buffer), () => conn.close());
  return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
}

/** A TCP connection from an address of this machine that the test chooses, which Deno.connect
 * cannot. */
export class StreamPeer implements Disposable {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Uint8Array>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  /** Dials a `tcp://` URL. */
  static async dial(url: string, localAddress: string): Promise<StreamPeer> {
    const { hostname, port } = new URL(url.replace(/^tcp/, "http"));
    const socket = connect({ host: hostname, port: Number(port), localAddress });
    const connected = Promise.withResolvers<void>();
    socket.once("connect", () => connected.resolve());
    socket.once("error", connected.reject);
    await connected.promise;
    // From here on `receive` tells.
    socket.on("error", () => {});
    return new StreamPeer(socket);
  }

  async send(text: string): Promise<void> {
    const written = Promise.withResolvers<void>();
    // A server that turned us away does not take it, which is for `receive` to tell.
    this.#socket.write(text, () => written.resolve());
    await written.promise;
  }

  /** What one read gives, as text; the empty text at the end, be it a reset. */
  async receive(): Promise<string> {
    try {
      const { value, done } = await inTime(this.#chunks.next(), () => this.#socket.destroy());
      return done ? "" : new TextDecoder().decode(value);
    } catch {
      return "";
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** A UDP socket that sends to whoever spoke last, or to whom it was made for. */
export class DatagramPeer implements Disposable {
  readonly url: string;
  readonly #socket: Deno.DatagramConn;
  #to: Deno.Addr | undefined;

  constructor(hostname = "127.0.0.1", to?: string) {
    this.#socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    this.url = `udp://${hostname}:${(this.#socket.addr as Deno.NetAddr).port}`;
    if (to === undefined) return;
    const place = new URL(to.replace(/^udp/, "http"));
    this.#to = { transport: "udp", hostname: place.hostname, port: Number(place.port) };
  }

  /** The next datagram, as text. */
  async receive(): Promise<string> {
    const [bytes, from] = await inTime(this.#socket.receive(), () => this.#socket.close());
    this.#to = from;
    return new TextDecoder().decode(bytes);
  }

  async send(text: string): Promise<void> {
    if (this.#to === undefined) throw new Error("Nobody has spoken yet");
    await this.#socket.send(new TextEncoder().encode(text), this.#to);
  }

  [Symbol.dispose](): void {
    close(this.#socket);
  }
}

/** A TCP listener for the program to dial. */
export class StreamListener implements Disposable {
  readonly url: string;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

  constructor() {
    this.url = `tcp://127.0.0.1:${this.#listener.addr.port}`;
  }

  accept(): Promise<Deno.Conn> {
    return inTime(this.#listener.accept(), () => this.#listener.close());
  }

  [Symbol.dispose](): void {
    close(this.#listener);
  }
}
