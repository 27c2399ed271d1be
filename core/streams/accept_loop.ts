// The one accept loop that every stream transport shares: permit, accept, admission, a task of its
// own for each connection, and a decision for every way in which accepting can fail.

import { formatAddress } from "../addresses/address.ts";
import type { Admission } from "../addresses/admission.ts";
import type { Acceptor, Connection } from "../connection.ts";
import type { Counters } from "../counters.ts";
import { DeniedPeerError } from "../denied_peer_error.ts";
import { type Emit, errorText } from "../event.ts";
import type { Drainable, OpenSessions } from "../running_server.ts";
import { Semaphore } from "./semaphore.ts";

/** How long to wait when the system cannot give us a connection. Out of descriptors, `accept`
 * fails at once, again and again; a connection that ends meanwhile frees one. */
const BACK_OFF_MS = 75;

/** What the loop needs. */
export interface AcceptLoopOptions<C extends Connection> {
  readonly url: string;
  readonly acceptor: Acceptor<C>;
  readonly admits: Admission;
  readonly maxConnections: number;
  /** For connections that have a handshake. Default 10,000 ms. */
  readonly handshakeTimeoutMs?: number;
  readonly sessions: OpenSessions;
  readonly counters: Counters;
  readonly emit: Emit;
  /** Serves one connection whose handshake is done. Its promise ends the session; a rejection is
   * counted and goes no further. */
  serve(connection: C): Promise<void>;
}

/** Accepts until the acceptor is disposed. Never rejects because of a peer or the system. */
export async function acceptLoop<C extends Connection>(
  options: AcceptLoopOptions<C>,
): Promise<void> {
  const permits = new Semaphore(options.maxConnections);
  for (;;) {
    await permits.acquire();
    let connection: C | null;
    try {
      connection = await options.acceptor.accept();
    } catch (error) {
      permits.release();
      await survive(error, options);
      continue;
    }
    if (connection === null) return;
    if (!options.admits(connection.remote)) {
      permits.release();
      deny(connection, options);
      continue;
    }
    void serveConnection(connection, permits, options);
  }
}

/** A connection that was reset while it waited says nothing about the next one; anything else may
 * last, so the loop pauses. */
async function survive(
  error: unknown,
  { counters, emit, url }: Pick<AcceptLoopOptions<Connection>, "counters" | "emit" | "url">,
): Promise<void> {
  counters.acceptFailures++;
  emit({ event: "accept-failed", url, error: errorText(error) });
  const passing = error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.NotConnected;
  if (!passing) await new Promise((resolve) => setTimeout(resolve, BACK_OFF_MS));
}

function deny<C extends Connection>(connection: C, options: AcceptLoopOptions<C>): void {
  options.counters.denied++;
  options.emit({
    event: "denied",
    url: options.url,
    peer: formatAddress(connection.remote),
    reason: "address",
  });
  connection[Symbol.dispose]();
}

/** Serves one connection, gives its permit back, and never rejects. */
async function serveConnection<C extends Connection>(
  connection: C,
  permits: Semaphore,
  options: AcceptLoopOptions<C>,
): Promise<void> {
  try {
    if (await shakeHands(connection, options)) await options.serve(connection);
  } catch (error) {
    options.counters.failed++;
    options.emit({
      event: "failed",
      url: options.url,
      peer: formatAddress(connection.remote),
      error: errorText(error),
    });
  } finally {
    connection[Symbol.dispose]();
    permits.release();
  }
}

/** Whether the handshake, if there is one, was finished in time. */
async function shakeHands<C extends Connection>(
  connection: C,
  options: AcceptLoopOptions<C>,
): Promise<boolean> {
  if (connection.ready === undefined) return true;
  const { handshakeTimeoutMs = 10_000 } = options;
  const deadline = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new Error(`not finished within ${handshakeTimeoutMs} ms`)),
    handshakeTimeoutMs,
  );
  let shutdown = false;
  const unfinished: Drainable = {
    drain: () => unfinished.close(),
    close: () => {
      shutdown = true;
      deadline.abort(new Error("shutdown"));
    },
  };
  options.sessions.add(unfinished);
  try {
    await connection.ready(deadline.signal);
    return true;
  } catch (error) {
    if (error instanceof DeniedPeerError) {
      options.counters.identitiesDenied++;
      const peer = formatAddress(connection.remote);
      options.emit({ event: "denied", url: options.url, peer, reason: error.message });
      return false;
    }
    // That we stop is not the doing of the peer.
    if (!shutdown) options.counters.handshakesFailed++;
    options.emit({
      event: "failed",
      url: options.url,
      peer: formatAddress(connection.remote),
      error: `handshake: ${errorText(deadline.signal.aborted ? deadline.signal.reason : error)}`,
    });
    return false;
  } finally {
    clearTimeout(timer);
    options.sessions.delete(unfinished);
  }
}
