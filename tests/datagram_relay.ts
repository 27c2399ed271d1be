/** A network for datagrams between one client and a server, on loopback: it passes them on, puts several
 * into one when told to, and gives the client another address, as a router does that forgets. */

const LOCAL = "127.0.0.1";

/** Passes on what one client sends. */
export class DatagramRelay implements Disposable {
  readonly port: number;
  /** Datagrams of the server, as they came. */
  readonly fromServer: Uint8Array[] = [];
  readonly #near: Deno.DatagramConn;
  readonly #server: Deno.NetAddr;
  #far: Deno.DatagramConn;
  #client: Deno.Addr | undefined;
  /** What waits to leave in one datagram. */
  #held: Uint8Array[] | undefined;
  #wakes: (() => void)[] = [];

  /** @param serverPort of the server, on loopback */
  constructor(serverPort: number) {
    this.#server = { transport: "udp", hostname: LOCAL, port: serverPort };
    this.#near = Deno.listenDatagram({ transport: "udp", hostname: LOCAL, port: 0 });
    this.port = (this.#near.addr as Deno.NetAddr).port;
    this.#far = this.#open(LOCAL);
    void this.#passOn();
  }

  /** The address that the server sees. */
  get address(): string {
    const { hostname, port } = this.#far.addr as Deno.NetAddr;
    return `${hostname}:${port}`;
  }

  /** From here on the server sees another address. */
  rebind(hostname: string = LOCAL): void {
    const before = this.#far;
    this.#far = this.#open(hostname);
    before.close();
  }

  /** Keeps what the client sends from here on until `release`. */
  hold(): void {
    this.#held = [];
  }

  /** Resolves once so many datagrams of the client are held. */
  async holds(count: number): Promise<void> {
    while (this.#held!.length < count) await new Promise<void>((wake) => this.#wakes.push(wake));
  }

  /** Sends what was held, all in one datagram. */
  async release(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    const all = new Uint8Array(held.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const one of held) {
      all.set(one, at);
      at += one.length;
    }
    await this.#far.send(all, this.#server);
  }

  [Symbol.dispose](): void {
    this.#near.close();
    this.#far.close();
  }

  #open(hostname: string): Deno.DatagramConn {
    const far = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
    void this.#passBack(far);
    return far;
  }

  async #passOn(): Promise<void> {
    try {
      for await (const [bytes, from] of this.#near) {
        this.#client = from;
        if (this.#held === undefined) await this.#far.send(bytes, this.#server);
        else this.#held.push(bytes.slice());
        for (const wake of this.#wakes.splice(0)) wake();
      }
    } catch {
      // Closed in the middle of a datagram.
    }
  }

  async #passBack(far: Deno.DatagramConn): Promise<void> {
    try {
      for await (const [bytes] of far) {
        this.fromServer.push(bytes.slice());
        await this.#near.send(bytes, this.#client!);
      }
    } catch {
      // Closed in the middle of a datagram.
    }
  }
}
