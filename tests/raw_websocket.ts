/** A WebSocket peer made of bytes, with nothing of ours in it: it can do wrong what no library
 * would. */

/** A frame as it came. */
export interface RawFrame {
  readonly fin: boolean;
  /** The three reserved bits; the first, 4, says that a message is compressed. */
  readonly rsv: number;
  readonly opcode: number;
  readonly masked: boolean;
  readonly payload: Uint8Array;
}

/** How a frame is to be made; the defaults make a correct one of a client. */
export interface FrameShape {
  readonly fin?: boolean;
  readonly rsv?: number;
  readonly mask?: readonly number[] | null;
  /** Written instead of the payload's length, in 2 or 8 bytes. */
  readonly length?: { readonly bytes: 2 | 8; readonly value: bigint };
}

const encoder = new TextEncoder();

/** The bytes of a frame. */
export function rawFrame(
  opcode: number,
  payload: string | Uint8Array | readonly number[] = "",
  { fin = true, rsv = 0, mask = [1, 2, 3, 4], length }: FrameShape = {},
): Uint8Array {
  const body = typeof payload === "string" ? encoder.encode(payload) : Uint8Array.from(payload);
  const size = length ?? {
    bytes: body.length < 126 ? 0 : body.length < 65_536 ? 2 : 8,
    value: BigInt(body.length),
  };
  const short = size.bytes === 0 ? body.length : size.bytes === 2 ? 126 : 127;
  const extended = Array.from(
    { length: size.bytes },
    (_, index) => Number(size.value >> BigInt(8 * (size.bytes - 1 - index)) & 0xffn),
  );
  const head = [
    (fin ? 0x80 : 0) | rsv << 4 | opcode,
    (mask === null ? 0 : 0x80) | short,
    ...extended,
    ...mask ?? [],
  ];
  if (mask !== null) body.forEach((byte, index) => body[index] = byte ^ mask[index % 4]!);
  return concat(Uint8Array.from(head), body);
}

/** A message in fragments of so many bytes. */
export function rawFragments(
  opcode: number,
  payload: string | Uint8Array,
  fragmentBytes: number,
  shape: FrameShape = {},
): Uint8Array[] {
  const body = typeof payload === "string" ? encoder.encode(payload) : payload;
  const frames: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < body.length; at += fragmentBytes) {
    const fin = at + fragmentBytes >= body.length;
    const first = at === 0;
    frames.push(rawFrame(first ? opcode : 0, body.subarray(at, at + fragmentBytes), {
      ...shape,
      fin,
      rsv: first ? shape.rsv ?? 0 : 0,
    }));
  }
  return frames;
}

/** Several pieces as one. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The request that opens a WebSocket, with fields added, replaced, or left out by null. */
export function upgradeText(
  port: number,
  fields: Readonly<Record<string, string | null>> = {},
  line = "GET / HTTP/1.1",
): string {
  const all: Record<string, string | null> = {
    "Host": `127.0.0.1:${port}`,
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    ...fields,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return `${line}\r\n${lines.join("")}\r\n`;
}

/** An answer's head and, where it has a length, its body. */
export interface RawAnswer {
  readonly status: number;
  readonly line: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A connection that speaks in heads and frames. */
export class RawPeer implements Disposable {
  readonly conn: Deno.Conn;
  #held = new Uint8Array(0);
  #closed = false;

  constructor(conn: Deno.Conn) {
    this.conn = conn;
  }

  static async dial(port: number): Promise<RawPeer> {
    return new RawPeer(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Dials and opens a WebSocket. */
  static async open(
    port: number,
    fields: Readonly<Record<string, string | null>> = {},
    line?: string,
  ): Promise<RawPeer> {
    const peer = await RawPeer.dial(port);
    await peer.write(upgradeText(port, fields, line));
    const { status, line: answer } = await peer.answer();
    if (status === 101) return peer;
    peer[Symbol.dispose]();
    throw new Error(`not opened: ${answer}`);
  }

  async write(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === "string" ? encoder.encode(data) : data;
    for (let at = 0; at < bytes.length;) at += await this.conn.write(bytes.subarray(at));
  }

  /** Reads an HTTP answer. */
  async answer(): Promise<RawAnswer> {
    let end = -1;
    while ((end = this.#text().indexOf("\r\n\r\n")) < 0) {
      if (!await this.#more()) throw new Error(`ended in the head: ${this.#text()}`);
    }
    const [line = "", ...fields] = this.#text().slice(0, end).split("\r\n");
    this.#take(end + 4);
    const headers = new Headers(fields.map((field): [string, string] => {
      const [name = "", value = ""] = field.split(/:(.*)/s);
      return [name, value.trim()];
    }));
    const length = Number(headers.get("content-length") ?? 0);
    while (this.#held.length < length) {
      if (!await this.#more()) throw new Error("ended in the body");
    }
    const body = new TextDecoder().decode(this.#take(length));
    return { status: Number(line.split(" ")[1]), line, headers, body };
  }

  /** The next frame, or null at the end. A reset counts as an end. */
  async frame(): Promise<RawFrame | null> {
    for (;;) {
      const frame = this.#parse();
      if (frame !== null) return frame;
      if (!await this.#more()) return null;
    }
  }

  /** What a text or binary frame says. */
  async text(): Promise<string> {
    const frame = await this.frame();
    if (frame === null || frame.opcode > 2) throw new Error(`no message: ${JSON.stringify(frame)}`);
    return new TextDecoder().decode(frame.payload);
  }

  /** The code and reason of the close frame that has to come next. */
  async close(): Promise<[code: number, reason: string]> {
    const frame = await this.frame();
    if (frame?.opcode !== 8) throw new Error(`no close frame: ${JSON.stringify(frame)}`);
    const { payload } = frame;
    if (payload.length === 0) return [1005, ""];
    return [payload[0]! << 8 | payload[1]!, new TextDecoder().decode(payload.subarray(2))];
  }

  /** Reads on until the server has ended its half, and returns what came. */
  async rest(): Promise<Uint8Array> {
    while (await this.#more());
    return this.#take(this.#held.length);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.conn.close();
  }

  #parse(): RawFrame | null {
    const held = this.#held;
    if (held.length < 2) return null;
    const short = held[1]! & 0x7f;
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const masked = (held[1]! & 0x80) !== 0;
    const head = 2 + extended + (masked ? 4 : 0);
    if (held.length < head) return null;
    let length = extended === 0 ? short : 0;
    for (let index = 0; index < extended; index++) length = length * 256 + held[2 + index]!;
    if (held.length < head + length) return null;
    const payload = held.slice(head, head + length);
    if (masked) payload.forEach((byte, at) => payload[at] = byte ^ held[head - 4 + at % 4]!);
    const [fin, rsv, opcode] = [held[0]! >= 0x80, held[0]! >> 4 & 7, held[0]! & 0x0f];
    this.#take(head + length);
    return { fin, rsv, opcode, masked, payload };
  }

  /** Reads more; false at the end. */
  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(64 * 1024);
    let count: number | null;
    try {
      count = await this.conn.read(buffer);
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
      count = null;
    }
    if (count === null) return false;
    const longer = new Uint8Array(this.#held.length + count);
    longer.set(this.#held);
    longer.set(buffer.subarray(0, count), this.#held.length);
    this.#held = longer;
    return true;
  }

  #take(bytes: number): Uint8Array {
    const taken = this.#held.subarray(0, bytes);
    this.#held = this.#held.subarray(bytes);
    return taken;
  }

  #text(): string {
    return Array.from(this.#held, (byte) => String.fromCharCode(byte)).join("");
  }
}
