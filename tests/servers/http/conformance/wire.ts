/** HTTP/1.1 as bytes, over TCP, TLS or a Unix socket: what no client would send, and answers read
 * more strictly than any client reads them. */

import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";

/** How long a server may be silent: long, because a loaded machine answers late. */
const PATIENCE_MS = 30_000;

/** Where a server listens. */
export interface Place {
  /** As sockdock writes it: `http://`, `https://` or `unix://`. */
  readonly url: string;
  /** The certificate of https that is trusted, in PEM. */
  readonly trusted?: string | undefined;
}

/** One answer. */
export interface Answer {
  readonly version: string;
  readonly status: number;
  /** By lower-case name, in order, repeated ones included. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The body, a character for each byte. */
  readonly body: string;
  /** How the end of the body was told. */
  readonly framing: "none" | "length" | "chunked" | "close";
}

/** An answer that breaks the grammar of RFC 9112 or 9110. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

/** The server closed, or reset, where an answer had to begin or to go on. */
export class Closed extends Error {
  override readonly name = "Closed";
  /** What was there of the answer. */
  readonly remainder: string;

  constructor(remainder: string) {
    super(`the server closed after ${JSON.stringify(remainder.slice(0, 200))}`);
    this.remainder = remainder;
  }
}

/** Opens a connection. */
export async function dial({ url, trusted }: Place): Promise<Deno.Conn> {
  if (url.startsWith("unix:")) {
    return await Deno.connect({ transport: "unix", path: url.slice("unix://".length) });
  }
  const { protocol, hostname, port } = new URL(url);
  const conn = await Deno.connect({ hostname, port: Number(port) });
  conn.setNoDelay(true);
  if (protocol === "http:") return conn;
  return await Deno.startTls(conn, {
    hostname: "localhost",
    alpnProtocols: ["http/1.1"],
    ...(trusted !== undefined && { caCerts: [trusted] }),
  });
}

/** A string of characters below 256 as bytes. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Bytes as characters below 256; a TextDecoder has only windows-1252. */
export function fromLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** Cuts bytes at random, most often into few pieces and sometimes into single bytes. */
export function fragments(bytes: Uint8Array, random: () => number): Uint8Array[] {
  const most = random() < 0.3 ? 3 : 1 + Math.floor(random() * 64);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    // Large bodies are not worth thousands of writes.
    const length = Math.max(1 + Math.floor(random() * most), Math.floor(bytes.length / 40));
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** A connection to a server under test. */
export class Wire implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #buffer: Uint8Array;
  #received = "";
  #ended = false;

  private constructor(conn: Deno.Conn, readsBytes: number) {
    this.#conn = conn;
    this.#buffer = new Uint8Array(readsBytes);
  }

  /** @param readsBytes the most that is read at a time */
  static async open(place: Place, readsBytes = 64 * 1024): Promise<Wire> {
    return new Wire(await dial(place), readsBytes);
  }

  /** Sends pieces, each in a write of its own. False when the server takes no more. */
  async send(...pieces: readonly Uint8Array[]): Promise<boolean> {
    try {
      for (const piece of pieces) {
        for (let sent = 0; sent < piece.length;) {
          sent += await this.#conn.write(piece.subarray(sent));
        }
        // Another turn of the event loop, so that a server in this process may read a piece alone.
        if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve));
      }
      return true;
    } catch {
      return false;
    }
  }

  /** Ends our half. */
  async end(): Promise<void> {
    await this.#conn.closeWrite().catch(() => {});
  }

  /** Reads the next answer; those of 1xx are answers of their own.
   * @throws {Closed} when there is none, or not the whole of it
   * @throws {MalformedAnswer} */
  async answer(method: string): Promise<Answer> {
    const head = await this.#until("\r\n\r\n");
    const [statusLine = "", ...lines] = head.split("\r\n");
    // deno-lint-ignore no-control-regex
    const [, version = "", code = ""] = /^HTTP\/(1\.[01]) ([1-5]\d\d) [^\x00-\x08\x0a-\x1f\x7f]*$/
      .exec(statusLine) ?? malformed("status line", statusLine);
    const fields = lines.map(fieldOf);
    const status = Number(code);
    const lengths = fields.filter(([name]) => name === "content-length");
    const codings = fields.filter(([name]) => name === "transfer-encoding");
    if (lengths.length + codings.length > 1) malformed("framing", head);
    const length = lengths[0]?.[1];
    if (length !== undefined && !/^\d+$/.test(length)) malformed("length", length);
    const bodiless = status < 200 || status === 204;
    if (bodiless && lengths.length + codings.length > 0) malformed("length of no body", head);
    const answer = { version, status, fields };
    if (bodiless || status === 304 || method === "HEAD") {
      return { ...answer, body: "", framing: "none" };
    }
    if (codings[0] !== undefined) {
      if (codings[0][1] !== "chunked" || version === "1.0") malformed("coding", head);
      return { ...answer, body: await this.#chunks(), framing: "chunked" };
    }
    if (length !== undefined) {
      return { ...answer, body: await this.#take(Number(length)), framing: "length" };
    }
    return { ...answer, body: await this.rest(), framing: "close" };
  }

  /** Waits for the beginning of an answer. */
  async begun(): Promise<void> {
    if (this.#received === "") await this.#mustMore();
  }

  /** Everything until the server closes; a reset ends it too. */
  async rest(): Promise<string> {
    while (await this.#more());
    const rest = this.#received;
    this.#received = "";
    return rest;
  }

  [Symbol.dispose](): void {
    try {
      this.#conn.close();
    } catch {
      // Closed already, because the server was silent for too long.
    }
  }

  async #chunks(): Promise<string> {
    let body = "";
    for (;;) {
      const size = await this.#until("\r\n");
      if (!/^[0-9a-f]{1,8}$/i.test(size)) malformed("chunk size", size);
      const length = parseInt(size, 16);
      body += await this.#take(length);
      if (await this.#until("\r\n") !== "") malformed("end of a chunk", body.slice(-100));
      if (length === 0) return body;
    }
  }

  async #until(mark: string): Promise<string> {
    let end: number;
    while ((end = this.#received.indexOf(mark)) < 0) await this.#mustMore();
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
    if (!(await this.#more())) throw new Closed(this.#received);
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#conn.close();
    }, PATIENCE_MS);
    try {
      const count = await this.#conn.read(this.#buffer).catch(() => null);
      if (late) throw new Error(`no byte for ${PATIENCE_MS} ms after ${this.#received}`);
      if (count === null) this.#ended = true;
      else this.#received += fromLatin1(this.#buffer.subarray(0, count));
    } finally {
      clearTimeout(timer);
    }
    return !this.#ended;
  }
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const [, name = "", value = ""] =
    // deno-lint-ignore no-control-regex
    /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/.exec(line) ??
      malformed("field", line);
  return [name.toLowerCase(), value];
}

function malformed(what: string, written: string): never {
  throw new MalformedAnswer(`${what}: ${JSON.stringify(written.slice(0, 300))}`);
}
