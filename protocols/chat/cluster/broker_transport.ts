// The transport of the NATS library, without two of its faults. The library removes its listeners
// from a socket that is still open, so that a late error of the broker (a TLS alert, a reset) ends
// the process. And for a broker that is dialled by address it accepts a certificate for `localhost`.

import type { NodeTransport } from "@nats-io/node-transport";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** Has the library use this transport from now on. */
export async function installTransport(): Promise<void> {
  const { NodeTransport, nodeResolveHost, setTransportFactory } = await import("./nats_library.ts");
  const tls = await import("node:tls");

  /** Whether the certificate of the broker does not name the address, or cannot be read. */
  function isStranger(host: string, socket: TLSSocket): boolean {
    try {
      return tls.checkServerIdentity(host, socket.getPeerCertificate()) !== undefined;
    } catch {
      return true;
    }
  }

  class GuardedTransport extends NodeTransport {
    override async dial(broker: Parameters<NodeTransport["dial"]>[0]): Promise<Socket> {
      return guard(await super.dial(broker));
    }

    override startTLS(): Promise<TLSSocket> {
      const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
      const { tls: files, servers = [] } = this.options;
      // `dialBroker` names one broker.
      const [broker = ""] = typeof servers === "string" ? [servers] : servers;
      const socket: TLSSocket = tls.connect(
        { ...(files ?? {}), ...expectedName(broker), socket: this.socket },
        () => {
          // Older runtimes leave it out, and the library asks for it.
          if (socket.encrypted === undefined) {
            Object.defineProperty(socket, "encrypted", { value: true });
          }
          const { host } = expectedName(broker);
          // Older runtimes compare it with `localhost` when no name is asked for.
          const stranger = isAddress(host) && isStranger(host, socket);
          if (!stranger) return resolve(socket);
          reject(
            new Error(`its certificate cannot be shown to name ${host}: dial the broker by name`),
          );
          socket.destroy();
        },
      );
      guard(socket);
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the broker ended the TLS handshake")));
      return promise;
    }
  }

  setTransportFactory({
    factory: () => new GuardedTransport(),
    dnsResolveFn: nodeResolveHost,
  });
}

/** Makes sure that an error of the socket always has a listener. */
function guard<S extends Socket>(socket: S): S {
  const ignore = () => {};
  const remove = socket.removeAllListeners.bind(socket);
  socket.removeAllListeners = (event?: string | symbol) => {
    if (event === undefined) remove();
    else remove(event);
    return socket.on("error", ignore);
  };
  return socket.on("error", ignore);
}

/** The name that the certificate has to bear, and the host that was dialled. */
function expectedName(broker: string): { readonly servername: string; readonly host: string } {
  const host = broker.slice(0, broker.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  // An address is never sent as a server name (RFC 6066, 3).
  return { servername: isAddress(host) ? "" : host, host };
}

function isAddress(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}
