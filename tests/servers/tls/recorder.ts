/** Stands between a client and a server on TCP, and keeps what passes as a capture for tshark. */

/** One part of what passed. */
interface Passed {
  readonly fromClient: boolean;
  readonly bytes: Uint8Array;
}

/** Passes on one connection, as it comes. */
export class Recorder implements AsyncDisposable {
  readonly port: number;
  readonly #passed: Passed[] = [];
  readonly #listener: Deno.TcpListener;
  readonly #done: Promise<void>;

  constructor(upstreamPort: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = this.#listener.addr.port;
    this.#done = this.#pass(upstreamPort);
  }

  /** What has passed, in the format of libpcap with made-up headers of IPv4 and TCP. */
  capture(): Uint8Array {
    const file = new Packer();
    // Magic number, version 2.4, no time zone, snapshot length, link type 101 (IP).
    file.u32(0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(65_535).u32(101);
    const next = { client: 1000, server: 5000 };
    const packet = (fromClient: boolean, flags: number, bytes: Uint8Array = new Uint8Array()) => {
      const [from, to] = fromClient ? ["client", "server"] as const : ["server", "client"] as const;
      const length = 40 + bytes.length;
      file.u32(0).u32(0).u32(length).u32(length);
      // IPv4 (RFC 791): no options, protocol 6, checksum left out.
      file.u8(0x45).u8(0).u16(length).u32(0).u8(64).u8(6).u16(0);
      file.u32(fromClient ? 0x0a000001 : 0x0a000002).u32(fromClient ? 0x0a000002 : 0x0a000001);
      // TCP (RFC 9293).
      file.u16(fromClient ? 50_000 : 443).u16(fromClient ? 443 : 50_000);
      file.u32(next[from]).u32(next[to]).u8(0x50).u8(flags).u16(65_535).u32(0);
      file.bytes(bytes);
      next[from] += bytes.length + (flags & 0x03 ? 1 : 0);
    };
    packet(true, 0x02);
    packet(false, 0x12);
    packet(true, 0x10);
    for (const { fromClient, bytes } of this.#passed) packet(fromClient, 0x18, bytes);
    return file.all();
  }

  async #pass(upstreamPort: number): Promise<void> {
    using client = await this.#listener.accept();
    using server = await Deno.connect({ hostname: "127.0.0.1", port: upstreamPort });
    await Promise.all([this.#pump(client, server, true), this.#pump(server, client, false)]);
  }

  async #pump(from: Deno.Conn, to: Deno.Conn, fromClient: boolean): Promise<void> {
    const buffer = new Uint8Array(16_384);
    try {
      for (let count; (count = await from.read(buffer)) !== null;) {
        const bytes = buffer.slice(0, count);
        this.#passed.push({ fromClient, bytes });
        for (let sent = 0; sent < count;) sent += await to.write(bytes.subarray(sent));
      }
      await to.closeWrite();
    } catch {
      // One side is gone.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#done.catch(() => {});
  }
}

/** Numbers in network order, one after the other. */
class Packer {
  readonly #parts: Uint8Array[] = [];

  u8(value: number): this {
    return this.bytes(new Uint8Array([value]));
  }

  u16(value: number): this {
    return this.bytes(new Uint8Array([value >> 8, value]));
  }

  u32(value: number): this {
    return this.u16(value >>> 16).u16(value & 0xffff);
  }

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  all(): Uint8Array {
    return new Uint8Array(this.#parts.flatMap((part) => [...part]));
  }
}
