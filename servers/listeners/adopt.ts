// Serving on a socket that a service manager passed on, `tcp://fd:3`, by node:net, which alone takes a
// descriptor.

import type { Endpoint } from "../../core/addresses/endpoint.ts";
import type { Acceptor } from "../../core/connection.ts";
import { errorText } from "../../core/event.ts";
import { backlogOptions } from "../../core/limits.ts";
import { requireFeature } from "../../core/runtime.ts";
import type { RunningServer } from "../../core/running_server.ts";
import type { ServerKind } from "../../core/server_kind.ts";
import { UsageError } from "../../core/usage_error.ts";

/** Descriptors that were adopted: once its server has closed one, its number may be that of anything. */
const adoptedBefore = new Set<number>();

/** Starts a server at an endpoint, after adopting the socket whose descriptor the URL names. The server
 * owns the socket; it is closed if the server does not start.
 * @throws {UsageError} when the descriptor was not passed or is no such socket */
export async function startAdopting(
  endpoint: Endpoint,
  kind: Pick<ServerKind, "name" | "carrier" | "addressing">,
  start: (endpoint: Endpoint) => Promise<RunningServer>,
): Promise<RunningServer> {
  const adopted = await adopt(endpoint, kind);
  const { address } = adopted;
  const place = "port" in address ? { hostname: address.hostname, port: address.port } : {};
  try {
    return await start({ ...endpoint, ...place, adopted });
  } catch (error) {
    adopted[Symbol.dispose]();
    throw error;
  }
}

/** Refuses an adopted socket where only the runtime listens.
 * @param listener what listens
 * @throws {UsageError} */
export function refuseAdopted({ adopted, text }: Endpoint, listener: string): void {
  if (adopted === undefined) return;
  throw new UsageError(`${text}: ${listener} cannot adopt a socket; leave --listener deno away`);
}

async function adopt(
  { descriptor = "", text }: Endpoint,
  { name, carrier, addressing }: Pick<ServerKind, "name" | "carrier" | "addressing">,
): Promise<Acceptor> {
  if (carrier === "datagram") {
    throw new UsageError(`${text}: ${name} cannot adopt a socket; TCP and Unix streams can`);
  }
  requireFeature("passedSockets", text);
  const { passedDescriptor } = await import("./passed_sockets.ts");
  const fd = passedDescriptor(descriptor, text);
  if (adoptedBefore.has(fd)) {
    throw new UsageError(`${text}: descriptor ${fd} has a server already; name each of them once`);
  }
  adoptedBefore.add(fd);
  const { NodeAcceptor } = await import("./node_acceptor.ts");
  const acceptor = await NodeAcceptor.adopt(fd, backlogOptions.backlog.fallback).catch((error) => {
    throw new UsageError(
      `${text}: descriptor ${fd} is no listening stream socket (${
        errorText(error)
      }); a socket unit ` +
        "passes one by ListenStream= with Accept=no",
      { cause: error },
    );
  });
  const isPath = "path" in acceptor.address;
  if (isPath === (addressing === "path")) return acceptor;
  acceptor[Symbol.dispose]();
  throw new UsageError(
    isPath
      ? `${text}: descriptor ${fd} is a Unix socket; write unix://fd:${descriptor}`
      : `${text}: descriptor ${fd} is a socket of TCP; write it after another scheme, such as ` +
        `tcp://fd:${descriptor}`,
  );
}
