// The life of a session, whatever carries it: opened, served, closed and counted, by one rule. The
// events of peers that come, go, fail or are turned away are made here alone.

import { type Address, formatAddress } from "../addresses/address.ts";
import { type Counters, createCounters } from "../counters.ts";
import { type Emit, errorText } from "../event.ts";
import type { Session } from "../session.ts";

/** Something open that a shutdown has to end. */
export interface Drainable {
  /** End at the next safe point. */
  drain(): void;
  /** End now. */
  close(reason?: string): void;
}

/** A session as its server sees it. */
export interface ServedSession extends Session, Drainable {
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Why we ended it; empty if we closed it without saying why, undefined if we did not. A shutdown is
   * the reason from when the protocol is told that no more will come, or is done: what breaks the
   * session before that is a failure, during a shutdown, too. */
  readonly reason: string | undefined;
  /** What broke it besides the protocol, such as a reset. */
  readonly failure: Error | undefined;
  /** How the peer closed it, on a transport on which a peer that has closed hears no more. */
  readonly peerClose?: { readonly code: number } | undefined;
  /** What the peer said when it closed it, if that was out of the ordinary. */
  readonly farewell?: string | undefined;
  /** Says our last once the protocol is done, and resolves when that has left; it may have closed the
   * session by then. Rejects where a layer finds that the peer will never have it all.
   * @param failed what the protocol threw, if it did; then it never rejects */
  finish(failed?: Error): Promise<void>;
}

/** The sessions that are open on a server, and whatever else has to end before it does. */
class OpenSessions implements Drainable {
  readonly #open = new Set<Drainable>();
  #draining = false;
  #idle = Promise.withResolvers<void>();

  constructor() {
    this.#idle.resolve();
  }

  get size(): number {
    return this.#open.size;
  }

  add(session: Drainable): void {
    if (this.#open.size === 0) this.#idle = Promise.withResolvers();
    this.#open.add(session);
    if (this.#draining) session.drain();
  }

  delete(session: Drainable): void {
    if (this.#open.delete(session) && this.#open.size === 0) this.#idle.resolve();
  }

  drain(): void {
    this.#draining = true;
    for (const session of this.#open) session.drain();
  }

  close(reason?: string): void {
    for (const session of this.#open) session.close(reason);
  }

  /** Resolves when none is open. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }
}

/** What one server keeps of its peers: the sessions that are open, the counters, and where events go. */
export class Ledger {
  readonly sessions = new OpenSessions();
  readonly counters: Counters = createCounters();

  /** @param url where the server listens */
  constructor(readonly url: string, readonly emit: Emit) {}

  /** A peer was turned away. */
  denied(
    peer: Address,
    reason: string,
    counter: "denied" | "identitiesDenied" | "forbidden" | "unauthenticated" = "denied",
  ): void {
    this.counters[counter]++;
    this.emit({ event: "denied", url: this.url, peer: formatAddress(peer), reason });
  }

  /** A connection failed that is no session. */
  failed(peer: Address, error: string, counter: "failed" | "handshakesFailed" = "failed"): void {
    this.counters[counter]++;
    this.emit({ event: "failed", url: this.url, peer: formatAddress(peer), error });
  }

  /** The listener could not take a connection or datagram. */
  acceptFailed(error: unknown): void {
    this.counters.acceptFailures++;
    this.emit({ event: "accept-failed", url: this.url, error: errorText(error) });
  }

  /** Ends what did not move for too long, a session or a connection.
   * @param end how, unless as idle */
  closeIdle(idle: Drainable, end: () => void = () => idle.close("idle")): void {
    this.counters.idle++;
    end();
  }

  /** Serves a session to its end. Opens it before it returns, and never rejects.
   *
   * A session that we end for a reason has not failed, whatever is thrown because of that. Any other
   * has failed if something broke it, such as a reset, whatever the protocol makes of that; or if the
   * protocol threw, unless that is because it found the session closed.
   *
   * @param over called right after the event `closed`, before anything else can happen */
  async live<S extends ServedSession>(
    session: S,
    serve: (session: S) => Promise<void>,
    over?: (session: S) => void,
  ): Promise<void> {
    const { url, counters, sessions, emit } = this;
    const peer = formatAddress(session.peer);
    const { identity } = session;
    counters.opened++;
    sessions.add(session);
    emit({ event: "opened", url, peer, ...(identity && { identity }) });
    let thrown: Error | undefined;
    try {
      await serve(session);
      await session.finish();
    } catch (error) {
      const failed = error instanceof Error ? error : new Error(String(error));
      const foundClosed = session.reason !== undefined ||
        (session.peerClose !== undefined && error instanceof Deno.errors.BrokenPipe);
      if (!foundClosed) thrown = failed;
      await session.finish(failed);
    }
    const failure = session.reason ? undefined : session.failure ?? thrown;
    if (failure !== undefined) counters.failed++;
    const reason = session.reason || (failure?.message ?? session.farewell ?? "done");
    session.close();
    sessions.delete(session);
    const { bytesReceived, bytesSent } = session;
    emit({ event: "closed", url, peer, reason, bytesReceived, bytesSent });
    over?.(session);
  }
}
