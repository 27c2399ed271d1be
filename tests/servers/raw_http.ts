/** HTTP by hand, for requests that no client would send. */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One answer, as it came. */
export interface RawAnswer {
  readonly status: number;
  /** By lower-case name; of a repeated one, the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** A connection on which bytes are written and read as they are. */
export class RawHttp implements Disposable {
  readonly #conn: Deno.Conn;
  #received = "";
  #ended = false;

  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** Connects to the server of a URL. */
  static async open(url: string): Promise<RawHttp> {
    const { hostname, port } = new URL(url);
    return new RawHttp(await Deno.connect({ hostname, port: Number(port) }));
  }

  async send(text: string): Promise<void> {
    const bytes = encoder.encode(text);
    for (let sent = 0; sent < bytes.length;) sent += await this.#conn.write(bytes.subarray(sent));
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Sends a GET with these further lines. */
  get(path: string, host: string, ...lines: string[]): Promise<void> {
    return this.send([`GET ${path} HTTP/1.1`, `Host: ${host}`, ...lines, "", ""].join("\r\n"));
  }

  /** The next answer, whose body has a length or chunks. */
  async answer(): Promise<RawAnswer> {
    const head = await this.#until("\r\n\r\n");
    const [statusLine = "", ...lines] = head.split("\r\n");
    const headers = new Map(lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }));
    const status = Number(statusLine.split(" ")[1]);
    if (headers.has("transfer-encoding")) return { status, headers, body: await this.#chunks() };
    const body = await this.#take(Number(headers.get("content-length") ?? 0));
    return { status, headers, body };
  }

  /** Everything until the server closes; a reset ends it too. */
  async rest(): Promise<string> {
    while (await this.#more());
    const rest = this.#received;
    this.#received = "";
    return rest;
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }

  async #chunks(): Promise<string> {
    let body = "";
    for (;;) {
      const length = parseInt(await this.#until("\r\n"), 16);
      body += await this.#take(length);
      await this.#until("\r\n");
      if (length === 0) return body;
    }
  }

  async #until(mark: string): Promise<string> {
    while (!this.#received.includes(mark)) await this.#mustMore();
    const end = this.#received.indexOf(mark);
    const found = this.#received.slice(0, end);
    this.#received = this.#received.slice(end + mark.length);
    return found;
  }

  async #take(length: number): Promise<string> {
    while (this.#received.length < length) await this.#mustMore();
    const taken = this.#received.slice(0, length);
    this.#received = this.#received.slice(length);
    return taken;
  }

  async #mustMore(): Promise<void> {
    if (!(await this.#more())) {
      throw new Error(`The server closed in the middle of ${JSON.stringify(this.#received)}`);
    }
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    const buffer = new Uint8Array(64 * 1024);
    const count = await this.#conn.read(buffer).catch(() => null);
    if (count === null) this.#ended = true;
    else this.#received += decoder.decode(buffer.subarray(0, count), { stream: true });
    return !this.#ended;
  }
}
