// The accept loop of stream transports and HTTP: it takes a permit, accepts, checks admission,
// starts a task for each connection, and decides for each error of accept whether to go on.

import type { Admission } from "../addresses/admission.ts";
import { type Acceptor, type Connection, DeniedPeerError } from "../connection.ts";
import { errorText } from "../event.ts";
import type { Listener, RunningServer } from "../running_server.ts";
import { runningServer } from "../sessions/server.ts";
import type { Drainable, Ledger } from "../sessions/life.ts";
import { Semaphore } from "./semaphore.ts";

/** Delay when the system cannot give us a connection. Out of descriptors, `accept` fails at once,
 * again and again; a connection that ends meanwhile frees one. */
const BACK_OFF_MS = 75;

export interface AcceptOptions<C extends Connection> {
  readonly admits: Admission;
  readonly limits: {
    readonly maxConnections: number;
    /** Timeout of the handshake, where there is one. Default 10,000 ms. */
    readonly handshakeTimeoutMs?: number;
  };
  readonly ledger: Ledger;
  /** Serves one connection, its handshake complete, to its end; a rejection is only counted. */
  serve(connection: C): Promise<void>;
  /** Releases the remaining resources, once all connections are closed. */
  release(): void;
}

/** Accepts and serves until shut down. Takes ownership of the acceptor. */
export function acceptingServer<C extends Connection>(
  listener: Listener<C>,
  options: AcceptOptions<C>,
): RunningServer {
  return runningServer({
    listening: listener,
    address: listener.acceptor.address,
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

/** Whether the error concerns one connection, such as a reset while it waited; others may last. */
function isPassing(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.NotConnected;
}

/** Serves one connection, releases its permit, and never rejects. */
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

/** Runs the handshake, if there is one; false when it failed or timed out. */
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
    // A handshake that our own shutdown ends is no failure.
    if (shutdown) return false;
    const why = errorText(deadline.signal.aborted ? deadline.signal.reason : error);
    ledger.failed(remote, `handshake: ${why}`, "handshakesFailed");
    return false;
  } finally {
    clearTimeout(timer);
    ledger.sessions.delete(unfinished);
  }
}
