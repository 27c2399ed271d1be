// The WebSocket sessions of one server: their keepalive, and their close codes on shutdown.

import type { Connection } from "../connection.ts";
import { IdleSweep } from "../sessions/idle_sweep.ts";
import type { Session } from "../session.ts";
import type { Ledger } from "../sessions/life.ts";
import type { Agreement } from "./handshake.ts";
import { Keepalive } from "./keepalive.ts";
import type { KeepaliveLimits } from "./options.ts";
import { WebSocketSession } from "./websocket_session.ts";

interface WebSocketLimits extends KeepaliveLimits {
  readonly idleTimeoutMs: number;
  readonly maxMessageBytes: number;
}

/** Serves WebSockets until it is disposed, which happens when all are closed. */
export class WebSocketSessions implements Disposable {
  readonly #ledger: Ledger;
  readonly #maxMessageBytes: number;
  readonly #idle: IdleSweep<WebSocketSession>;
  readonly #keepalive: Keepalive<WebSocketSession>;

  constructor(ledger: Ledger, limits: WebSocketLimits) {
    this.#ledger = ledger;
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#idle = new IdleSweep<WebSocketSession>(
      limits.idleTimeoutMs,
      (session) => ledger.closeIdle(session),
    );
    this.#keepalive = new Keepalive<WebSocketSession>(
      limits,
      (session) => ledger.closeIdle(session, () => session.lost()),
    );
  }

  /** Serves a connection whose opening handshake is complete, to its end; never rejects.
   * @param head bytes that were read beyond the handshake */
  serve(
    connection: Connection,
    { head, deflate }: { readonly head: Uint8Array; readonly deflate: Agreement["deflate"] },
    speak: (session: Session) => Promise<void>,
  ): Promise<void> {
    const session = new WebSocketSession(connection, {
      role: "server",
      maxMessageBytes: this.#maxMessageBytes,
      counters: this.#ledger.counters,
      head,
      deflate,
    });
    this.#idle.add(session);
    this.#keepalive.add(session);
    return this.#ledger.live(session, speak, this.#over);
  }

  readonly #over = (session: WebSocketSession): void => {
    this.#keepalive.delete(session);
    this.#idle.delete(session);
  };

  [Symbol.dispose](): void {
    this.#idle[Symbol.dispose]();
    this.#keepalive[Symbol.dispose]();
  }
}
