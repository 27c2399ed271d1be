// Deno's HTTP engine on connections that we accepted ourselves, so that permits, admission and
// deadlines apply. `Deno.serve` has none of them, and loses its listener when descriptors run out.
//
// `serveHttpOnConnection` is internal to Deno: this file alone touches it, and servers/http/fallback.ts
// stands in where it is missing. What Deno 2.9.6 does, which the code above it relies on:
// - A request's head has at most 64 KiB and 128 fields, or the answer is 400. Two Hosts, two
//   different lengths, or a length beside a transfer encoding get 400; bare LF passes.
// - `shutdown` finishes what is being answered and then closes; from then on nothing can cut the
//   connection short.
// - A `Connection: close` that a handler sets is sent but does not close.
// - A body that nobody read is read to its end, however long, before anything else happens.
// - A peer that ends its half while an async handler works gets no answer.

import { bracket } from "../../core/addresses/address.ts";
import type { Connection } from "../../core/connection.ts";
import type { DenoConnection } from "../../core/streams/deno_connection.ts";
import type { QuickAnswer, QuickRequest, RequestInfo } from "../../core/http/app.ts";

/** What is known of a request besides itself. */
export interface EngineInfo {
  /** Resolves when the answer was sent, rejects when its peer is gone. */
  readonly completed: Promise<void>;
}

/** The same from an engine that tells more of the request. */
export interface DetailedEngineInfo extends EngineInfo {
  readonly details: RequestDetails;
}

/** What only some engines tell of a request. */
export type RequestDetails = Pick<RequestInfo, "httpVersion" | "headerList">;

/** A request to change the protocol, and the connection that it came on. */
export interface EngineUpgrade {
  readonly request: Request;
  readonly details: RequestDetails;
  readonly connection: Connection;
  /** What followed the head. */
  readonly rest: Uint8Array;
}

/** Answers one request of a connection. It must have two parameters: Deno's engine looks at how
 * many there are. */
type EngineHandler<Info = EngineInfo> = (
  request: Request,
  info: Info,
) => Response | Promise<Response>;

/** What answers without an engine. */
export interface QuickHandlers {
  /** The answer, or null when there is none that is quick. */
  readonly find: (request: QuickRequest) => QuickAnswer | null | Promise<QuickAnswer | null>;
  /** A request was answered so. */
  readonly count: () => void;
  /** A part of an answer was taken by the peer. */
  readonly touch: () => void;
}

/** What answers the requests of a connection. */
export interface EngineHandlers {
  readonly handle: EngineHandler;
  readonly quick: QuickHandlers;
  /** Used instead by an engine that tells more. */
  readonly handleDetailed: EngineHandler<DetailedEngineInfo>;
  /** Answers for a handler that threw. */
  readonly recover: (error: unknown) => Response;
  /** Used by an engine that can change the protocol. Takes the connection over, and closes it in the
   * end. */
  readonly upgrade: (upgrade: EngineUpgrade) => Promise<void>;
  /** How long a peer may take nothing of what is sent, where an engine can tell. */
  readonly writeTimeoutMs: number;
}

/** One connection in the hands of an engine. */
export interface EngineConnection {
  /** Resolves when the connection is closed; rejects when it was reset or made no sense. */
  readonly finished: Promise<void>;
  /** Closes as soon as everything was answered and sent. Cannot be hurried afterwards. */
  drain(): void;
  /** Closes now, unless it is draining. */
  close(): void;
}

/** Serves HTTP/1.1 or, where the first bytes or ALPN ask for it, HTTP/2. */
export interface HttpEngine<C extends Connection> {
  /** The authority in the URL of a request that named none, as HTTP/1.1 without a Host; null where
   * every request names one, as on HTTP/2 by ALPN. */
  madeUpAuthority(connection: C): string | null | Promise<string | null>;
  /** Takes the connection over. */
  serve(connection: C, handlers: EngineHandlers): EngineConnection;
}

/** The part of an AbortSignal that the engine uses. A real one would end the process: cancelling
 * throws when the connection has just gone, and what a listener throws nobody can catch. */
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

/** Deno's engine, or null where this runtime has none that takes a connection. */
export function findHttpEngine(): HttpEngine<DenoConnection> | null {
  const serve = internals()?.serveHttpOnConnection;
  if (typeof serve !== "function") return null;
  return {
    async madeUpAuthority({ conn }) {
      // Without TLS nobody knows which version it is.
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
        // Deno forgets to release what belongs to a connection that failed.
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

/** The authority that the engine makes up for HTTP/1.1. The scheme's usual port is left out. */
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
