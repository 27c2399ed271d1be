// The accept loop that every stream transport and HTTP share: permit, accept, admission, a task of
// its own for each connection, and a decision for every way in which accepting can fail.

import type { Admission } from "../addresses/admission.ts";
import { type Acceptor, type Connection, DeniedPeerError } from "../connection.ts";
import { errorText } from "../event.ts";
import type { Listener, RunningServer } from "../running_server.ts";
import { runningServer } from "../sessions/server.ts";
import type { Drainable, Ledger } from "../sessions/life.ts";
import { Semaphore } from "./semaphore.ts";

/** How long to wait when the system cannot give us a connection. Out of descriptors, `accept`
 * fails at once, again and again; a connection that ends meanwhile frees one. */
const BACK_OFF_MS = 75;

/** What a server does with the connections of its listener. */
export interface AcceptOptions<C extends Connection> {
  readonly admits: Admission;
  readonly limits: {
    readonly maxConnections: number;
    /** For connections that have a handshake. Default 10,000 ms. */
    readonly handshakeTimeoutMs?: number;
  };
  readonly ledger: Ledger;
  /** Serves one connection whose handshake is done, and resolves at its end; a rejection is counted
   * and goes no further. */
  serve(connection: C): Promise<void>;
  /** Gives back what the server still holds, once all is closed. */
  release(): void;
}

/** Accepts and serves until shut down. Takes the acceptor over. */
export function acceptingServer<C extends Connection>(
  listener: Listener<C>,
  options: AcceptOptions<C>,
): RunningServer {
  return runningServer({
    listening: listener,
    ledger: options.ledger,
    stopListening: () => listener.acceptor[Symbol.dispose](),
    loop: acceptLoop(listener.acceptor, options),
    release: () => options.release(),
  });
}

/** Accepts until the acceptor is disposed. Never rejects because of a peer or the system. */
async function acceptLoop<C extends Connection>(
  acceptor: Acceptor<C>,
  options: AcceptOptions<C>,
): Promise<void> {
  const { admits, ledger } = options;
  const permits = new Semaphore(options.limits.maxConnections);
  for (;;) {
    await permits.acquire();
    let connection: C | null;
    try {
      connection = await acceptor.accept();
    } catch (error) {
      permits.release();
      ledger.acceptFailed(error);
      if (!isPassing(error)) await new Promise((resolve) => setTimeout(resolve, BACK_OFF_MS));
      continue;
    }
    if (connection === null) return;
    if (!admits(connection.remote)) {
      permits.release();
      ledger.denied(connection.remote, "address");
      connection[Symbol.dispose]();
      continue;
    }
    void serveConnection(connection, permits, options);
  }
}

/** Whether the next connection has a better chance: one that was reset while it waited says nothing of
 * others; anything else may last. */
function isPassing(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.NotConnected;
}

/** Serves one connection, gives its permit back, and never rejects. */
async function serveConnection<C extends Connection>(
  connection: C,
  permits: Semaphore,
  options: AcceptOptions<C>,
): Promise<void> {
  try {
    if (await shakeHands(connection, options)) await options.serve(connection);
  } catch (error) {
    options.ledger.failed(connection.remote, errorText(error));
  } finally {
    connection[Symbol.dispose]();
    permits.release();
  }
}

/** Whether the handshake, if there is one, was finished in time. */
async function shakeHands<C extends Connection>(
  connection: C,
  { limits: { handshakeTimeoutMs = 10_000 }, ledger }: AcceptOptions<C>,
): Promise<boolean> {
  if (connection.ready === undefined) return true;
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
  ledger.sessions.add(unfinished);
  try {
    await connection.ready(deadline.signal);
    return true;
  } catch (error) {
    const { remote } = connection;
    if (error instanceof DeniedPeerError) {
      ledger.denied(remote, error.message, "identitiesDenied");
      return false;
    }
    // What we end has not failed.
    if (shutdown) return false;
    const why = errorText(deadline.signal.aborted ? deadline.signal.reason : error);
    ledger.failed(remote, `handshake: ${why}`, "handshakesFailed");
    return false;
  } finally {
    clearTimeout(timer);
    ledger.sessions.delete(unfinished);
  }
}
