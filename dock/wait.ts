// Waits until an endpoint accepts connections.

import { type Addressing, type Endpoint, parseEndpoint } from "../core/addresses/endpoint.ts";
import { errorText } from "../core/event.ts";
import { UsageError } from "../core/usage_error.ts";
import { connect, type ConnectOptions } from "./connect.ts";
import { refuseUnknownDialling } from "./unknown_option.ts";
import { clientSchemes } from "./schemes.ts";

export const DEFAULT_WAIT_TIMEOUT_MS = 30_000;

export const DEFAULT_WAIT_INTERVAL_MS = 200;

const httpPorts: ReadonlyMap<string, number> = new Map([["http", 80], ["https", 443]]);

/** Time for a datagram endpoint to reply, and for a TLS server to refuse us after the handshake: in
 * TLS 1.3 that of a client is complete before the server has seen its certificate. */
const SIGN_MS = 1000;

/** The schemes that can be waited for, with the kind of address of each. */
export const waitSchemes: ReadonlyMap<string, Addressing> = new Map<string, Addressing>(
  [...clientSchemes, ["http", "host"], ["https", "host"]],
);

/** Options of `waitFor`. */
export type WaitOptions = Omit<ConnectOptions, "connectTimeoutMs"> & {
  /** In milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
  /** In milliseconds. Default: 200. */
  readonly intervalMs?: number;
};

/** Resolves once an endpoint answers: a stream or WebSocket endpoint when it completes a connection, a
 * TLS one when it has kept it for a second, an HTTP one when it takes a TCP connection, a datagram
 * one when it shakes hands or replies to an empty datagram.
 *
 * ```ts
 * import { echo, serve, waitFor } from "@sockdock/sockdock";
 *
 * await using server = await serve("tcp://127.0.0.1:0", echo);
 * await waitFor(server.url, { timeoutMs: 5000 });
 * ```
 *
 * @throws {DOMException} named TimeoutError, with what went wrong last, when it does not in time
 * @throws {UsageError} when the URL or an option cannot work */
export async function waitFor(
  url: string | Endpoint,
  {
    timeoutMs = DEFAULT_WAIT_TIMEOUT_MS,
    intervalMs = DEFAULT_WAIT_INTERVAL_MS,
    signal,
    ...options
  }: WaitOptions = {},
): Promise<void> {
  refuseUnknownDialling(options, ["timeoutMs", "intervalMs"]);
  const endpoint = probed(url);
  const deadline = performance.now() + timeoutMs;
  let failure: unknown;
  for (;;) {
    signal?.throwIfAborted();
    const leftMs = Math.max(1, deadline - performance.now());
    try {
      await probe(endpoint, leftMs, { ...options, ...(signal && { signal }) });
      return;
    } catch (error) {
      if (error instanceof UsageError || error instanceof TypeError) throw error;
      // An attempt that our own deadline cut short says less than one before it.
      if (failure === undefined || performance.now() < deadline) failure = error;
    }
    if (performance.now() + intervalMs >= deadline) {
      throw new DOMException(
        `${endpoint.text} did not answer within ${timeoutMs} ms: ${errorText(failure)}`,
        "TimeoutError",
      );
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

/** The endpoint to connect to. HTTP has no session, so its host and port are dialled as TCP. */
function probed(url: string | Endpoint): Endpoint {
  const endpoint = parseEndpoint(url, waitSchemes);
  const usualPort = httpPorts.get(endpoint.scheme);
  return usualPort === undefined
    ? endpoint
    : { ...endpoint, scheme: "tcp", port: endpoint.port ?? usualPort, path: "" };
}

async function probe(
  endpoint: Endpoint,
  leftMs: number,
  options: ConnectOptions,
): Promise<void> {
  using session = await connect(endpoint, { ...options, connectTimeoutMs: leftMs });
  // A peer that has proved its identity, or completed a handshake, has answered.
  if (session.identity !== undefined || session.delivery !== undefined) return;
  const isDatagram = session.peer.transport === "udp" || session.peer.transport === "unixgram";
  if (!isDatagram && endpoint.scheme !== "tls") return;
  if (isDatagram) await session.send(new Uint8Array(0));
  const timer = setTimeout(() => session.close(), Math.min(leftMs, SIGN_MS));
  try {
    for await (const _answer of session) return;
  } finally {
    clearTimeout(timer);
  }
  // A server that refuses ends the iteration with an error.
  if (!isDatagram) return;
  throw new Error("it does not reply to an empty datagram");
}
