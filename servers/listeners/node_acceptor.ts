// An Acceptor over a listener of node:net. Slower than Deno's own, but the only one that adopts a
// descriptor, and whose connections can be reset: Deno has neither SO_LINGER nor a call for it, and
// Deno 2.9 ends even a connection with unread input by FIN.

import type { ListenOptions, Server, Socket } from "node:net";
import { type Address, unmapIpv4 } from "../../core/addresses/address.ts";
import type { Acceptor, Connection } from "../../core/connection.ts";
import { hasFeature } from "../../core/runtime.ts";
import { DuplexConnection } from "../../core/streams/duplex_connection.ts";

/** The part of a listener's native handle that is used here. */
interface ListeningHandle {
  listen?(backlog: number): number;
}

/** How often a listener is told to go on accepting. Out of descriptors, node:net stops for good and says
 * nothing (Deno 2.9.6); while it accepts, its handle takes a second `listen` without a word. */
const GO_ON_EVERY_MS = 1000;

/** Accepts connections before the server asks for them, up to the size of the backlog. */
export class NodeAcceptor implements Acceptor {
  readonly address: Address;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  readonly #goOn: ReturnType<typeof setInterval> | undefined;
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
    // Older runtimes were not measured.
    if (!hasFeature("passedSockets")) return;
    this.#goOn = setInterval(() => {
      const { _handle: handle } = server as { _handle?: ListeningHandle | null };
      handle?.listen?.(backlog);
    }, GO_ON_EVERY_MS);
  }

  static async listen(
    { hostname, port, backlog }: {
      readonly hostname: string;
      readonly port: number;
      readonly backlog: number;
    },
  ): Promise<NodeAcceptor> {
    const server = await listeningServer({ host: hostname, port, backlog });
    return new NodeAcceptor(server, addressOf(server), backlog);
  }

  /** Adopts a listening socket of TCP or a Unix stream socket.
   * @throws {Error} when the descriptor is something else */
  static async adopt(fd: number, backlog: number): Promise<NodeAcceptor> {
    const server = await listeningServer({ fd });
    return new NodeAcceptor(server, addressOf(server), backlog);
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
    clearInterval(this.#goOn);
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    this.#server.close();
    this.#wake?.();
  }
}

async function listeningServer(options: ListenOptions & { readonly fd?: number }): Promise<Server> {
  const { createServer } = await import("node:net");
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server;
}

/** The address of an adopted Unix socket is not known (Deno 2.9.6). */
function addressOf(server: Server): Address {
  const bound = server.address();
  return typeof bound === "object" && bound !== null
    ? { transport: "tcp", hostname: unmapIpv4(bound.address), port: bound.port }
    : { transport: "unix", path: bound ?? "" };
}

function connectionOf(socket: Socket, local: Address): Connection {
  const { remoteAddress = "", remotePort: port = 0 } = socket;
  return new DuplexConnection(socket, {
    local,
    remote: local.transport === "unix"
      ? { transport: "unix", path: "" }
      : { transport: "tcp", hostname: unmapIpv4(remoteAddress), port },
  });
}
