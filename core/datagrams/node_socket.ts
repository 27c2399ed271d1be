// UDP on node:dgram, for a runtime without Deno.listenDatagram: it exists only where "unstable"
// names "net", which a library cannot bring about in the project that imports it. Half as fast, or less.

import type { Socket, SocketOptions } from "node:dgram";
import { UsageError } from "../usage_error.ts";
import { systemInterfaces } from "./group_address.ts";

/** The address of a UDP socket and its properties, as of Deno.listenDatagram. */
export interface UdpPlace {
  readonly hostname: string;
  readonly port: number;
  readonly reuseAddress?: boolean;
  readonly loopback?: boolean;
}

type Membership = Pick<Deno.MulticastV4Membership, "setTTL" | "setLoopback">;

/** The part of a Deno.DatagramConn that is used for UDP. */
export interface UdpConn extends Pick<Deno.DatagramConn, "addr" | "receive" | "send" | "close"> {
  joinMulticastV4(group: string, networkInterface: string): Promise<Membership>;
  joinMulticastV6(group: string, networkInterface: number): Promise<unknown>;
  /** Calls `dropped` for each datagram that is dropped because too many are unread. Absent where the
   * system drops them, which tells nobody. */
  onDropped?(dropped: () => void): void;
}

type Received = [Uint8Array<ArrayBuffer>, Deno.Addr];

/** Most bytes of unread datagrams: the usual receive buffer of Linux, which the system would fill if
 * node:dgram did not go on reading. */
const MAX_UNREAD_BYTES = 212_992;

/** Memory of an unread datagram beside its bytes, as the system counts it. */
const OVERHEAD_BYTES = 768;

/** Opens a socket of node:dgram.
 * @param create makes the socket, as node:dgram does
 * @throws {Error} with node's `code` when it cannot be bound, with nothing left open */
export async function bindNodeUdp(
  create: (options: SocketOptions) => Socket,
  { hostname, port, reuseAddress = false, loopback = false }: UdpPlace,
): Promise<UdpConn> {
  const isIpv6 = hostname.includes(":");
  const socket = create({
    type: isIpv6 ? "udp6" : "udp4",
    reuseAddr: reuseAddress,
    // Every address is resolved by now; node's own lookup would cost each datagram a turn.
    lookup: ((address: string, _family: unknown, done: LookupDone) =>
      done(null, address, isIpv6 ? 6 : 4)) as unknown as NonNullable<SocketOptions["lookup"]>,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once("listening", () => {
        socket.off("error", reject);
        resolve();
      });
      socket.bind({ address: hostname, port });
    });
    // As on a socket of Deno.
    socket.setBroadcast(true);
    socket.setMulticastLoopback(loopback);
  } catch (error) {
    socket.close();
    throw error;
  }
  return new NodeDatagramConn(socket);
}

type LookupDone = (error: null, address: string, family: number) => void;

class NodeDatagramConn implements UdpConn {
  readonly addr: Deno.NetAddr;
  readonly #socket: Socket;
  readonly #unread: Received[] = [];
  #unreadBytes = 0;
  #waiting: PromiseWithResolvers<Received> | undefined;
  #failure: Error | undefined;
  #dropped = () => {};
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.addr = { transport: "udp", hostname: address, port };
    socket.on("message", ({ buffer, byteOffset, length }, { address, port }) => {
      // Not the Buffer itself, whose `slice` copies nothing.
      const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
      this.#take(bytes, { transport: "udp", hostname: address, port });
    });
    socket.on("error", (error) => this.#fail(error));
  }

  onDropped(dropped: () => void): void {
    this.#dropped = dropped;
  }

  #take(bytes: Uint8Array<ArrayBuffer>, from: Deno.Addr): void {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      return waiting.resolve([bytes, from]);
    }
    const kept = bytes.length + OVERHEAD_BYTES;
    if (this.#unreadBytes + kept > MAX_UNREAD_BYTES) return this.#dropped();
    this.#unreadBytes += kept;
    // Node's datagram keeps a buffer for the largest one alive.
    this.#unread.push([new Uint8Array(bytes), from]);
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#failure = error;
    else waiting.reject(error);
  }

  /** The next datagram, in a buffer of its own. */
  receive(): Promise<Received> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource("the socket is closed"));
    const next = this.#unread.shift();
    if (next !== undefined) {
      this.#unreadBytes -= next[0].length + OVERHEAD_BYTES;
      return Promise.resolve(next);
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) return Promise.reject(failure);
    this.#waiting ??= Promise.withResolvers<Received>();
    return this.#waiting.promise;
  }

  send(bytes: Uint8Array, to: Deno.Addr): Promise<number> {
    const { hostname, port } = to as Deno.NetAddr;
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, port, hostname, (error, sent) => {
        // Node reports what happened after a close too.
        if (!error || this.#closed) resolve(sent ?? 0);
        else reject(sendError(error, hostname, port));
      });
    });
  }

  joinMulticastV4(group: string, networkInterface: string): Promise<Membership> {
    const socket = this.#socket;
    return Promise.try(() => {
      if (networkInterface === "0.0.0.0") socket.addMembership(group);
      else socket.addMembership(group, networkInterface);
      return {
        setTTL: async (hops: number) => void await setHops(socket, hops),
        setLoopback: (loopback: boolean) =>
          Promise.try(() => void socket.setMulticastLoopback(loopback)),
      };
    });
  }

  joinMulticastV6(group: string, networkInterface: number): Promise<void> {
    return Promise.try(() => {
      if (networkInterface === 0) this.#socket.addMembership(group);
      else this.#socket.addMembership(group, `::%${interfaceName(networkInterface)}`);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    this.#unread.length = 0;
    this.#waiting?.reject(new Deno.errors.Interrupted("the socket was closed"));
  }
}

function setHops(socket: Socket, hops: number): Promise<unknown> {
  if (hops >= 1) return Promise.try(() => socket.setMulticastTTL(hops));
  throw new UsageError(
    `--hops ${hops} cannot be had on node:dgram; put "unstable": ["net"] in deno.json`,
  );
}

/** Node takes an IPv6 interface by its name. */
function interfaceName(number: number): string {
  const found = systemInterfaces()?.find(({ scopeid }) => scopeid === number);
  if (found !== undefined) return found.name;
  throw new UsageError(
    `--interface: node:dgram needs the name of interface ${number}, which cannot be looked up here; ` +
      `put "unstable": ["net"] in deno.json, or run with --allow-sys=networkInterfaces`,
  );
}

/** The error of a datagram that was not sent. Deno's node:dgram keeps most reasons to itself, a missing
 * permission too. */
function sendError(error: Error, hostname: string, port: number): Error {
  if ((error as { readonly code?: unknown }).code !== "UNKNOWN") return error;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const { state } = Deno.permissions.querySync({ name: "net", host: `${host}:${port}` });
  return state === "granted"
    ? new Error(`cannot send to ${host}:${port}: no network leads there`, { cause: error })
    : new Deno.errors.NotCapable(`Requires net access to "${host}:${port}"`, { cause: error });
}
