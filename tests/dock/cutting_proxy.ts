/** A network that breaks: passes TCP connections on and cuts each after so many bytes to the server. */

/** A proxy in front of a server. */
export class CuttingProxy implements Disposable {
  readonly url: string;
  /** How many bytes were passed on to the server, in all. */
  passedBytes = 0;
  readonly #listener: Deno.TcpListener;
  readonly #port: number;
  readonly #cuts: number[];

  /** @param cuts after how many bytes to cut each connection; later ones are left alone */
  constructor(url: string, cuts: readonly number[]) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#port = Number(new URL(url.replace("tcp:", "http:")).port);
    this.#cuts = [...cuts];
    this.url = `tcp://127.0.0.1:${this.#listener.addr.port}`;
    void this.#accept();
  }

  async #accept(): Promise<void> {
    for await (const here of this.#listener) void this.#pass(here, this.#cuts.shift() ?? Infinity);
  }

  async #pass(here: Deno.TcpConn, cutBytes: number): Promise<void> {
    const there = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    const back = there.readable.pipeTo(here.writable).catch(() => {});
    const buffer = new Uint8Array(16_384);
    try {
      for (let left = cutBytes; left > 0;) {
        const count = await here.read(buffer.subarray(0, Math.min(buffer.length, left)));
        if (count === null) break;
        for (let sent = 0; sent < count;) sent += await there.write(buffer.subarray(sent, count));
        this.passedBytes += count;
        left -= count;
      }
    } catch {
      // Either side has gone.
    }
    for (const conn of [here, there]) {
      try {
        conn.close();
      } catch {
        // The streams have closed it.
      }
    }
    await back;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }
}
