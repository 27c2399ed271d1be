// Deno's HTTP engine on connections that we accepted ourselves, so that permits, admission and
// deadlines apply. `Deno.serve` has none of them, and loses its listener when descriptors run out.
//
// `serveHttpOnConnection` is internal to Deno: only this file uses it, and servers/http/fallback.ts
// replaces it on a runtime that lacks it. Behaviour of Deno 2.9.6 that the callers rely on:
// - A request's head has at most 64 KiB and 128 fields, or the answer is 400. Two Hosts, two
//   different lengths, or a length beside a transfer encoding get 400; bare LF passes.
// - `shutdown` finishes the open requests and then closes; from then on the connection cannot be
//   cut off.
// - A `Connection: close` that a handler sets is sent but does not close.
// - An unread body is read to its end, however long, before the next request.
// - A peer that ends its half while an async handler works gets no answer.

import { bracket } from "../../core/addresses/address.ts";
import type { Connection } from "../../core/connection.ts";
import type { DenoConnection } from "../../core/streams/deno_connection.ts";
import type { QuickAnswer, QuickRequest, RequestInfo } from "../../core/http/app.ts";

export interface EngineInfo {
  /** Resolves when the answer was sent, rejects when its client is gone. */
  readonly completed: Promise<void>;
}

/** From an engine that knows more of the request. */
export interface DetailedEngineInfo extends EngineInfo {
  readonly details: RequestDetails;
}

/** Properties of a request that only some engines know. */
export type RequestDetails = Pick<RequestInfo, "httpVersion" | "headerList">;

export interface EngineUpgrade {
  readonly request: Request;
  readonly details: RequestDetails;
  readonly connection: Connection;
  /** Bytes that were read after the head. */
  readonly rest: Uint8Array;
}

/** Answers one request. Must have two parameters, because Deno's engine checks their number. */
type EngineHandler<Info = EngineInfo> = (
  request: Request,
  info: Info,
) => Response | Promise<Response>;

/** Callbacks that answer requests without an engine. */
export interface QuickHandlers {
  /** Returns the answer, or null when the request is not quick. */
  readonly find: (request: QuickRequest) => QuickAnswer | null | Promise<QuickAnswer | null>;
  /** Counts a request that was answered in this way. */
  readonly count: () => void;
  /** Records that the client has read a part of an answer. */
  readonly touch: () => void;
}

export interface EngineHandlers {
  readonly handle: EngineHandler;
  readonly quick: QuickHandlers;
  /** Called instead of `handle` by an engine that knows more of the request. */
  readonly handleDetailed: EngineHandler<DetailedEngineInfo>;
  /** The response for a handler that threw. */
  readonly recover: (error: unknown) => Response;
  /** Called by an engine that supports upgrades. Owns the connection, and closes it. */
  readonly upgrade: (upgrade: EngineUpgrade) => Promise<void>;
  /** Time for which a client may read nothing of a response, for engines that can measure it. */
  readonly writeTimeoutMs: number;
}

export interface EngineConnection {
  /** Resolves when the connection is closed; rejects when it was reset or its bytes were no HTTP. */
  readonly finished: Promise<void>;
  /** Closes as soon as all requests are answered. `close` has no effect after it. */
  drain(): void;
  /** Closes now, unless it is draining. */
  close(): void;
}

/** Serves HTTP/1.1 or, where the first bytes or ALPN ask for it, HTTP/2. */
export interface HttpEngine<C extends Connection> {
  /** The engine's placeholder in the URL of a request without an authority, such as HTTP/1.1
   * without a Host; null where every request has one, as on HTTP/2 by ALPN. */
  madeUpAuthority(connection: C): string | null | Promise<string | null>;
  /** Takes ownership of the connection. */
  serve(connection: C, handlers: EngineHandlers): EngineConnection;
}

/** The part of an AbortSignal that the engine uses. A real one would end the process: cancelling
 * throws when the connection has just closed, and an error thrown in a listener is uncaught. */
interface EngineSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", cancel: () => void): void;
}

type ServeHttpOnConnection = (
  conn: Deno.Conn,
  signal: EngineSignal,
  handler: EngineHandler,
  onError: (error: unknown) => Response,
  onListen: () => void,
) => { readonly finished: Promise<void>; shutdown(): Promise<void> };

/** Returns Deno's engine, or null on a runtime without one for accepted connections. */
export function findHttpEngine(): HttpEngine<DenoConnection> | null {
  const serve = internals()?.serveHttpOnConnection;
  if (typeof serve !== "function") return null;
  return {
    async madeUpAuthority({ conn }) {
      // A connection without TLS may turn out to be HTTP/1.1 or HTTP/2.
      if (!isTls(conn)) return madeUpAuthority(conn);
      const { alpnProtocol } = await conn.handshake();
      return alpnProtocol === "h2" ? null : madeUpAuthority(conn, 443);
    },
    serve({ conn }, { handle, recover }) {
      let cancel: (() => void) | undefined;
      const signal: EngineSignal = {
        aborted: false,
        addEventListener: (_type, listener) => {
          cancel = listener;
        },
      };
      const served = serve(conn, signal, handle, recover, () => {});
      return {
        // Deno does not release the resources of a connection that failed.
        finished: served.finished.catch(async (error) => {
          await served.shutdown();
          throw error;
        }),
        drain() {
          served.shutdown().catch(() => {});
        },
        close() {
          try {
            cancel?.();
          } catch (error) {
            if (!(error instanceof Deno.errors.BadResource)) throw error;
          }
        },
      };
    },
  };
}

/** The authority that the engine makes up for HTTP/1.1. The scheme's default port is omitted. */
export function madeUpAuthority(
  { localAddr }: Pick<Deno.Conn, "localAddr">,
  usualPort = 80,
): string {
  const { hostname, port } = localAddr as Deno.NetAddr;
  const isOurs = /^127\.|^::1$|^0\.0\.0\.0$|^::$/.test(hostname);
  const host = isOurs ? "localhost" : bracket(hostname);
  return port === usualPort ? host : `${host}:${port}`;
}

function isTls(conn: Deno.Conn): conn is Deno.TlsConn {
  return "handshake" in conn;
}

function internals(): { readonly serveHttpOnConnection?: ServeHttpOnConnection } | undefined {
  const deno = Deno as unknown as {
    readonly internal?: symbol;
    readonly [name: symbol]: { readonly serveHttpOnConnection?: ServeHttpOnConnection } | undefined;
  };
  return deno.internal === undefined ? undefined : deno[deno.internal];
}
