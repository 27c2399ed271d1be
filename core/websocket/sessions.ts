// The WebSockets of one server: counted, shown as events, watched for silence, and closed with the
// right code.

import { formatAddress } from "../addresses/address.ts";
import type { Connection } from "../connection.ts";
import type { Counters } from "../counters.ts";
import { type Emit, errorText } from "../event.ts";
import { IdleSweep } from "../idle_sweep.ts";
import type { OpenSessions } from "../running_server.ts";
import type { Session } from "../session.ts";
import { CLOSE_CODE } from "./frame.ts";
import type { Agreement } from "./handshake.ts";
import { Keepalive, type KeepaliveLimits } from "./keepalive.ts";
import { WebSocketSession } from "./websocket_session.ts";

/** What WebSockets are held to. */
export interface WebSocketLimits extends KeepaliveLimits {
  readonly idleTimeoutMs: number;
  readonly maxMessageBytes: number;
}

/** What they share with the rest of their server. */
export interface WebSocketSharing {
  readonly url: string;
  readonly limits: WebSocketLimits;
  readonly counters: Counters;
  readonly sessions: OpenSessions;
  readonly emit: Emit;
}

/** Serves WebSockets until it is disposed, which is when none is open any more. */
export class WebSocketSessions implements Disposable {
  readonly #shared: WebSocketSharing;
  readonly #idle: IdleSweep<WebSocketSession>;
  readonly #keepalive: Keepalive<WebSocketSession>;

  constructor(shared: WebSocketSharing) {
    const { counters, limits } = shared;
    this.#shared = shared;
    this.#idle = new IdleSweep<WebSocketSession>(limits.idleTimeoutMs, (session) => {
      counters.idle++;
      session.close("idle");
    });
    this.#keepalive = new Keepalive<WebSocketSession>(limits, (session) => {
      counters.idle++;
      session.lost();
    });
  }

  /** Speaks on a connection whose opening handshake is done. Resolves when it is closed; never
   * rejects.
   * @param head what was read beyond the handshake */
  async serve(
    connection: Connection,
    { head, deflate }: { readonly head: Uint8Array; readonly deflate: Agreement["deflate"] },
    speak: (session: Session) => Promise<void>,
  ): Promise<void> {
    const { url, counters, sessions, emit, limits } = this.#shared;
    const peer = formatAddress(connection.remote);
    counters.opened++;
    const { identity } = connection;
    emit({ event: "opened", url, peer, ...(identity && { identity }) });
    const session = new WebSocketSession(connection, {
      role: "server",
      maxMessageBytes: limits.maxMessageBytes,
      counters,
      head,
      deflate,
    });
    sessions.add(session);
    this.#idle.add(session);
    this.#keepalive.add(session);
    let thrown: unknown;
    try {
      await speak(session);
      await session.finish();
    } catch (error) {
      // That it could not go on because the peer has closed is no failure.
      if (session.peerClose === undefined) thrown = error;
      await session.finish(CLOSE_CODE.internalError);
    } finally {
      this.#keepalive.delete(session);
      this.#idle.delete(session);
      sessions.delete(session);
    }
    const failure = failureOf(session, thrown);
    if (failure !== undefined) counters.failed++;
    emit({
      event: "closed",
      url,
      peer,
      reason: session.reason ?? failure ?? session.farewell ?? "done",
      bytesReceived: session.bytesReceived,
      bytesSent: session.bytesSent,
    });
  }

  [Symbol.dispose](): void {
    this.#idle[Symbol.dispose]();
    this.#keepalive[Symbol.dispose]();
  }
}

/** What went wrong with a session, if anything did. That it could not go on because we closed it is
 * no failure. */
function failureOf(session: WebSocketSession, thrown: unknown): string | undefined {
  if (session.reason !== undefined) return undefined;
  if (session.failure !== undefined) return session.failure.message;
  return thrown === undefined ? undefined : errorText(thrown);
}
