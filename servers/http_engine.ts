// Deno's HTTP engine on connections that we accepted ourselves, so that permits, admission and
// deadlines apply. `Deno.serve` has none of them, and loses its listener when descriptors run out.
//
// `serveHttpOnConnection` is internal to Deno: this file alone touches it, and servers/http_fallback.ts
// stands in where it is missing. What Deno 2.9.6 does, which the code above it relies on:
// - A request's head has at most 64 KiB and 128 fields, or the answer is 400. Two Hosts, two
//   different lengths, or a length beside a transfer encoding get 400; bare LF passes.
// - `shutdown` finishes what is being answered and then closes; from then on nothing can cut the
//   connection short.
// - A `Connection: close` that a handler sets is sent but does not close.
// - A body that nobody read is read to its end, however long, before anything else happens.
// - A peer that ends its half while an async handler works gets no answer.

import { bracket } from "../core/address.ts";

/** Answers one request of a connection. */
export type EngineHandler = (
  request: Request,
  info: Deno.ServeHandlerInfo,
) => Response | Promise<Response>;

/** One connection in the hands of the engine. */
export interface EngineConnection {
  /** Resolves when the connection is closed; rejects when it was reset or made no sense. */
  readonly finished: Promise<void>;
  /** Closes as soon as everything was answered and sent. Cannot be hurried afterwards. */
  drain(): void;
  /** Closes now, unless it is draining. */
  close(): void;
}

/** Serves HTTP/1.1 or, where the first bytes or ALPN ask for it, HTTP/2. Takes the connection over.
 * `onError` answers for a handler that threw. */
export type HttpEngine = (
  conn: Deno.Conn,
  handler: EngineHandler,
  onError: (error: unknown) => Response,
) => EngineConnection;

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

/** The engine, or null where this runtime has none that takes a connection. */
export function findHttpEngine(): HttpEngine | null {
  const serve = internals()?.serveHttpOnConnection;
  if (typeof serve !== "function") return null;
  return (conn, handler, onError) => {
    let cancel: (() => void) | undefined;
    const signal: EngineSignal = {
      aborted: false,
      addEventListener: (_type, listener) => {
        cancel = listener;
      },
    };
    const served = serve(conn, signal, handler, onError, () => {});
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
  };
}

/** The authority in the URL of a request that named none, as HTTP/1.1 without a Host; null where
 * every request names one, as on HTTP/2 by ALPN. Without TLS nobody knows which it is. */
export async function authorityMadeUpOn(conn: Deno.Conn): Promise<string | null> {
  if (!isTls(conn)) return madeUpAuthority(conn);
  const { alpnProtocol } = await conn.handshake();
  return alpnProtocol === "h2" ? null : madeUpAuthority(conn, 443);
}

/** The same, where only HTTP/1.1 is thought of. The scheme's usual port is left out. */
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
