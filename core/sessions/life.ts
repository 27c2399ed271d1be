// The life cycle of a session on any transport: opened, served, closed and counted, by one rule.
// Only this file makes the events of peers that connect, leave, fail or are denied.

import { type Address, formatAddress } from "../addresses/address.ts";
import { type Counters, createCounters } from "../counters.ts";
import { Durations } from "../durations.ts";
import { errorText, type Tell } from "../event.ts";
import type { OpenSession } from "../running_server.ts";
import type { EventOrigin, Identity, Session, SessionOrigin } from "../session.ts";
import type { Traffic } from "../traffic.ts";

/** A session, connection or task that a shutdown has to end. */
export interface Drainable {
  /** Ends at the next safe point. */
  drain(): void;
  /** Ends at once. */
  close(reason?: string): void;
}

export interface ServedSession extends Session, Drainable {
  /** Set by the ledger that serves it. */
  serverUrl: string;
  /** Where its messages are shown; set by the ledger too. */
  traffic?: Traffic | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Our reason for ending it; empty if we closed it without one, undefined if we did not end it. A
   * shutdown becomes the reason once the protocol is told of the end of input, or has returned: an
   * error that breaks the session before that is a failure, also during a shutdown. */
  readonly reason: string | undefined;
  /** The error that broke the session apart from the protocol, such as a reset. */
  readonly failure: Error | undefined;
  /** The peer's close code, on a transport on which a peer that has closed receives no more. */
  readonly peerClose?: { readonly code: number } | undefined;
  /** The reason that the peer gave for closing; undefined after an ordinary close. */
  readonly farewell?: string | undefined;
  /** Ends the sending side after the protocol, and resolves when everything was sent; the session
   * may be closed by then. Rejects when a layer finds that the peer will never receive everything.
   * @param failed the error of the protocol, if it threw; then `finish` never rejects */
  finish(failed?: Error): Promise<void>;
}

/** What the ledger tells of a session or a connection. */
interface Counted extends SessionOrigin {
  readonly identity?: Identity | undefined;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

function isCounted(session: Drainable): session is Drainable & Counted {
  return "sessionId" in session && "bytesSent" in session;
}

/** The open sessions of a server, and other tasks that have to end before it does. */
class OpenSessions implements Drainable {
  /** When each was opened. */
  readonly #open = new Map<Drainable, number>();
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
    this.#open.set(session, performance.now());
    if (this.#draining) session.drain();
  }

  delete(session: Drainable): void {
    if (this.#open.delete(session) && this.#open.size === 0) this.#idle.resolve();
  }

  drain(): void {
    this.#draining = true;
    for (const session of this.#open.keys()) session.drain();
  }

  close(reason?: string): void {
    for (const session of this.#open.keys()) session.close(reason);
  }

  /** The sessions and connections among them, without other tasks. */
  *[Symbol.iterator](): Generator<OpenSession> {
    for (const [session, openedMs] of this.#open) {
      if (isCounted(session)) yield { session, openedMs };
    }
  }

  /** Resolves when no session is open. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }
}

/** A server's record of its peers: open sessions, counters, and the receiver of events. */
export class Ledger {
  readonly sessions = new OpenSessions();
  readonly counters: Counters = createCounters();
  readonly sessionDurations = new Durations();
  /** Those of HTTP requests, where somebody wants to know. */
  requestDurations: Durations | undefined;

  /** @param url the URL of the server */
  constructor(
    readonly url: string,
    readonly emit: Tell | undefined,
    /** Where messages are shown while they are watched. */
    readonly traffic?: Traffic | undefined,
  ) {}

  denied(
    peer: Address | EventOrigin,
    reason: string,
    counter: "denied" | "identitiesDenied" | "forbidden" | "unauthenticated" = "denied",
  ): void {
    this.counters[counter]++;
    this.emit?.({ event: "denied", reason }, this.#originOf(peer));
  }

  /** Records the failure of a handshake or a connection. */
  failed(
    peer: Address | EventOrigin,
    error: string,
    counter: "failed" | "handshakesFailed" = "failed",
  ): void {
    this.counters[counter]++;
    this.emit?.({ event: "failed", error }, this.#originOf(peer));
  }

  acceptFailed(error: unknown): void {
    this.counters.acceptFailures++;
    this.emit?.({ event: "accept-failed", error: errorText(error) }, { serverUrl: this.url });
  }

  /** Ends an idle session or connection.
   * @param end ends it in another way than by `close("idle")` */
  closeIdle(idle: Drainable, end: () => void = () => idle.close("idle")): void {
    this.counters.idle++;
    end();
  }

  /** Serves a session to its end. Opens it before it returns, and never rejects.
   *
   * A session that the server ends for a reason has not failed, even if that makes the protocol
   * throw. Any other session has failed if an error such as a reset broke it, even if the protocol
   * ignores that; or if the protocol threw, unless it threw because the session was closed.
   *
   * @param over called right after the event `closed`, before anything else can happen */
  async live<S extends ServedSession>(
    session: S,
    serve: (session: S) => Promise<void>,
    over?: (session: S) => void,
  ): Promise<void> {
    const { counters, sessions } = this;
    session.serverUrl = this.url;
    session.traffic = this.traffic;
    counters.opened++;
    sessions.add(session);
    const openedMs = this.begin(session);
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
    this.end(session, openedMs, reason);
    over?.(session);
  }

  /** Tells that a session, or a connection that carries requests, has begun.
   * @returns the time, for `end` */
  begin(session: Counted, carries?: "requests"): number {
    const { identity } = session;
    this.emit?.(
      { event: "opened", ...(carries && { carries }), ...(identity && { identity }) },
      session,
    );
    return performance.now();
  }

  /** Tells that the peer of a session has another address, which the session has by now. */
  moved(session: SessionOrigin, from: Address): void {
    this.counters.peersMoved++;
    const to = formatAddress(session.peer);
    this.emit?.({ event: "moved", from: formatAddress(from), to }, session);
  }

  /** Tells that it has ended. */
  end(session: Counted, openedMs: number, reason: string, carries?: "requests"): void {
    const durationMs = performance.now() - openedMs;
    this.sessionDurations.add(durationMs);
    const { bytesReceived, bytesSent } = session;
    this.emit?.({
      event: "closed",
      ...(carries && { carries }),
      reason,
      durationMs: Math.round(durationMs * 1000) / 1000,
      bytesReceived,
      bytesSent,
    }, session);
  }

  #originOf(peer: Address | EventOrigin): EventOrigin {
    return "serverUrl" in peer ? peer : { peer, serverUrl: this.url };
  }
}
