/** Sockets of the test itself, opposite the program. */

/** A TCP port on which nobody listens. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
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
    const count = await conn.read(buffer);
    if (count === null) return new Uint8Array(await new Blob(parts).arrayBuffer());
    parts.push(buffer.slice(0, count));
  }
}

/** One read, as text; the empty text at the end. */
export async function readText(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(64 * 1024);
  return new TextDecoder().decode(buffer.subarray(0, await conn.read(buffer) ?? 0));
}

/** A UDP socket that answers whoever spoke last. */
export class DatagramPeer implements Disposable {
  readonly url: string;
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  #from: Deno.Addr | undefined;

  constructor() {
    this.url = `udp://127.0.0.1:${(this.#socket.addr as Deno.NetAddr).port}`;
  }

  /** The next datagram, as text. */
  async receive(): Promise<string> {
    const [bytes, from] = await this.#socket.receive();
    this.#from = from;
    return new TextDecoder().decode(bytes);
  }

  /** Sends text to where the last datagram came from. */
  async reply(text: string): Promise<void> {
    if (this.#from === undefined) throw new Error("Nobody has sent anything yet");
    await this.#socket.send(new TextEncoder().encode(text), this.#from);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
