// A TCP connection of Deno as a socket of node:net, on the native handle of node: node:tls then reads
// and writes the descriptor itself. Over a stream of ours it sends no alert, and costs half of the
// speed with large messages.
//
// The way in is internal to Deno (2.9.6): a symbol on a Deno.Conn holds its resource id, and node's
// handle opens a second descriptor for it. Only this file uses that; where it cannot be had, TLS
// runs over a TlsCarrier.

import { Socket } from "node:net";
import process from "node:process";
import { getSystemErrorName } from "node:util";
import type { Connection } from "../connection.ts";
import { DenoConnection } from "../streams/deno_connection.ts";
import { WireInput } from "./input.ts";
import type { TlsTransport } from "./node_connection.ts";

/** The part of node's native handle that is used here. */
interface NativeHandle {
  /** Duplicates the descriptor of a resource; 0 when that worked. */
  openFromRid(rid: number): number;
  readStart(): number;
  readStop(): number;
  close(): void;
  /** Set by node:tls; called after each read. */
  onread?: (this: NativeHandle, bytes: unknown) => unknown;
}

/** The part of node's state of native streams that is used here. */
interface NativeState {
  /** The result of the read for which `onread` is called: a number of bytes, or an error below 0. */
  readonly streamBaseState: ArrayLike<number>;
  /** Its place in the state. */
  readonly kReadBytesOrError: number;
}

type NativeHandleClass = new (type: number) => NativeHandle;

/** The type of a connected socket, as opposed to a listening one. */
const CONNECTED = 0;

/** Opens the connection's native socket, which reads nothing until node:tls starts it; null where
 * there is none. The connection has to stay open for as long as the socket: closing it shuts both
 * down. */
export function nativeTransport(connection: Connection): TlsTransport | null {
  if (!(connection instanceof DenoConnection)) return null;
  const Handle = findHandleClass();
  const rid = ridOf(connection.conn);
  if (Handle === null || rid === undefined) return null;
  const handle = new Handle(CONNECTED);
  if (handle.openFromRid(rid) !== 0) {
    handle.close();
    return null;
  }
  const input = new WireInput();
  watchEnd(handle, input);
  // The types do not know these options of node:net.
  const options = { handle, allowHalfOpen: true, manualStart: true } as object;
  return {
    stream: new Socket(options),
    input,
    hold: () => void handle.readStop(),
    release: () => void handle.readStart(),
  };
}

/** The code of an end of stream, in node's list of errors. */
const END_OF_STREAM = -4095;

/** Tells how reading ended, which node:tls does not distinguish. */
function watchEnd(handle: NativeHandle, input: WireInput): void {
  const state = findNative("stream_wrap") as NativeState | null;
  if (state?.streamBaseState === undefined) return;
  let { onread } = handle;
  const watched = function (this: NativeHandle, bytes: unknown) {
    const result = state.streamBaseState[state.kReadBytesOrError]!;
    if (result === END_OF_STREAM) input.finish("end of stream");
    else if (result < 0) input.finish(errorOf(result));
    return onread?.call(this, bytes);
  };
  Object.defineProperty(handle, "onread", {
    get: () => watched,
    set: (next) => onread = next,
  });
}

function errorOf(code: number): Error {
  const name = getSystemErrorName(code);
  return name === "ECONNRESET"
    ? new Deno.errors.ConnectionReset("connection reset")
    : new Error(`reading failed: ${name}`);
}

let handleClass: NativeHandleClass | null | undefined;

function findHandleClass(): NativeHandleClass | null {
  if (handleClass === undefined) {
    const { TCP } = findNative("tcp_wrap") as { TCP?: unknown } | null ?? {};
    const isIt = typeof TCP === "function" && typeof TCP.prototype?.openFromRid === "function";
    handleClass = isIt ? TCP as NativeHandleClass : null;
  }
  return handleClass;
}

function findNative(name: string): object | null {
  const { binding } = process as unknown as { binding?(name: string): object };
  try {
    return binding?.(name) ?? null;
  } catch {
    return null;
  }
}

function ridOf(conn: Deno.Conn): number | undefined {
  if (conn.remoteAddr.transport !== "tcp") return undefined;
  const symbol = Object.getOwnPropertySymbols(conn).find(
    ({ description }) => description === "Deno.internal.rid",
  );
  const rid = symbol === undefined
    ? undefined
    : (conn as unknown as Record<symbol, unknown>)[symbol];
  return typeof rid === "number" ? rid : undefined;
}
