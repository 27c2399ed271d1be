// An Acceptor over a TCP listener of node:net. Slower than Deno's own, but the only one whose
// connections can be reset: Deno has neither SO_LINGER nor a call for it, and Deno 2.9 ends even a
// connection with unread input by FIN.

import type { Server, Socket } from "node:net";
import type { Address } from "../../core/addresses/address.ts";
import type { Acceptor, Connection } from "../../core/connection.ts";
import { DuplexConnection } from "../../core/streams/duplex_connection.ts";

/** Accepts connections before the server asks for them, up to the size of the backlog. */
export class NodeAcceptor implements Acceptor {
  readonly address: Address;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #disposed = false;

  private constructor(server: Server, address: Address, backlog: number) {
    this.#server = server;
    this.address = address;
    server.on("connection", (socket) => {
      // An error before the first read is reported by that read.
      socket.on("error", () => {});
      if (this.#disposed || this.#waiting.length >= backlog) {
        socket.destroy();
        return;
      }
      this.#waiting.push(socket);
      this.#wake?.();
    });
    server.on("error", (error) => {
      this.#failure = error;
      this.#wake?.();
    });
  }

  static async listen(
    { hostname, port, backlog }: {
      readonly hostname: string;
      readonly port: number;
      readonly backlog: number;
    },
  ): Promise<NodeAcceptor> {
    const { createServer } = await import("node:net");
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: hostname, port, backlog }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    const bound = server.address() as { readonly address: string; readonly port: number };
    const address: Address = { transport: "tcp", hostname: bound.address, port: bound.port };
    return new NodeAcceptor(server, address, backlog);
  }

  async accept(): Promise<Connection | null> {
    for (;;) {
      if (this.#disposed) return null;
      const socket = this.#waiting.shift();
      if (socket !== undefined) return connectionOf(socket, this.address);
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure !== undefined) throw failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    this.#server.close();
    this.#wake?.();
  }
}

function connectionOf(socket: Socket, local: Address): Connection {
  return new DuplexConnection(socket, {
    local,
    remote: {
      transport: "tcp",
      hostname: socket.remoteAddress ?? "",
      port: socket.remotePort ?? 0,
    },
  });
}
