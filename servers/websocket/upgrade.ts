// The server's handshake (RFC 6455 4.2): from an accepted connection to an open WebSocket, or to an
// HTTP response that refuses it. All within the accept loop's deadline.

import { STATUS_TEXT } from "@std/http/status";
import type { Connection } from "../../core/connection.ts";
import {
  HttpHeadError,
  parseRequestHead,
  readHead,
  type RequestHead,
} from "../../core/http/head.ts";
import { bytesOf } from "../../core/session.ts";
import {
  acceptUpgrade,
  type Agreement,
  asksForWebSocket,
  type ServerTerms,
  upgradeAnswer,
  UpgradeError,
} from "../../core/websocket/handshake.ts";
import { WrappedConnection } from "../../core/streams/wrapped_connection.ts";
import type { Authenticator } from "../http/authentication.ts";
import type { HostGuard } from "../http/host_guard.ts";

/** Limits of the time and the bytes for which a refused client may go on sending: closing with
 * unread input would reset the connection before the client has read the response. */
const LINGER_MS = 1000;
const LINGER_BYTES = 64 * 1024;

export interface UpgradeRules {
  readonly guard: HostGuard;
  readonly authenticate: Authenticator | null;
  /** The only path there is; null when any will do. */
  readonly path: string | null;
  readonly terms: ServerTerms;
}

type UpgradeOutcome =
  | {
    readonly connection: Connection;
    /** Bytes that were read beyond the request. */
    readonly head: Uint8Array;
    readonly agreement: Agreement;
  }
  /** Refused for this reason: by the guard, or for want of credentials. */
  | {
    readonly connection: null;
    readonly refusal: string;
    readonly counter: "forbidden" | "unauthenticated";
  };

/** A connection whose handshake is that of a WebSocket, after those of TLS and of the layers below.
 * Once `ready`, it is a WebSocket or was refused by the guard: see `outcome`. */
export class UpgradingConnection extends WrappedConnection {
  readonly #rules: UpgradeRules;
  readonly #wrap: (connection: Connection) => Connection;
  #outcome: UpgradeOutcome | undefined;

  /** @param wrap puts the layers around it */
  constructor(wire: Connection, rules: UpgradeRules, wrap: (connection: Connection) => Connection) {
    super(wire);
    this.#rules = rules;
    this.#wrap = wrap;
  }

  get outcome(): UpgradeOutcome {
    if (this.#outcome === undefined) throw new TypeError("the handshake is not done");
    return this.#outcome;
  }

  async ready(signal: AbortSignal): Promise<void> {
    await this.inner.ready?.(signal);
    signal.throwIfAborted();
    const connection = this.#wrap(this.inner);
    const giveUp = () => connection[Symbol.dispose]();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      this.#outcome = await upgrade(connection, this.#rules);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }
}

/** @throws {Error} when the request was refused or never came */
async function upgrade(connection: Connection, rules: UpgradeRules): Promise<UpgradeOutcome> {
  let request: RequestHead | undefined;
  try {
    const read = await readHead(connection);
    if (read === null) throw new Error("the peer left without a request");
    request = parseRequestHead(read.head);
    const target = parseTarget(request.target);
    const refusal = rules.guard({
      method: request.method,
      upgrade: asksForWebSocket(request),
      httpVersion: request.version,
      host: target.authority ?? request.fields.only("host"),
      origin: request.fields.only("origin"),
    });
    if (refusal !== null) {
      await refuse(connection, new UpgradeError(refusal.status, refusal.message), request.method);
      return { connection: null, refusal: refusal.reason, counter: "forbidden" };
    }
    const { fields, method } = request;
    const verdict = await rules.authenticate?.check(
      fields.only("authorization"),
      connection.remote,
    );
    if (verdict?.admitted === false) {
      const { status, message, headers } = verdict;
      await refuse(connection, new UpgradeError(status, message, headers), method);
      const reason = `credentials (${status})`;
      return { connection: null, refusal: reason, counter: "unauthenticated" };
    }
    if (rules.path !== null && target.pathname !== rules.path) {
      throw new UpgradeError(404, `the WebSocket is at ${rules.path}`);
    }
    const accepted = await acceptUpgrade(request, rules.terms);
    await connection.write(upgradeAnswer(accepted));
    return { connection, head: read.rest, agreement: accepted };
  } catch (error) {
    if (!(error instanceof HttpHeadError)) throw error;
    await refuse(connection, error, request?.method ?? "GET");
    throw new Error(`${statusLine(error.status)}: ${error.message}`, { cause: error });
  }
}

/** The path of a request, and the name and port it was sent to where the target has them, which then
 * stand above the Host header (RFC 9112 3.2). */
function parseTarget(target: string): { readonly pathname: string; readonly authority?: string } {
  const absolute = /^(?:https?|wss?):\/\/([^/?#]+)/i.exec(target);
  const text = absolute === null ? `http://localhost${target}` : target;
  if ((absolute === null && !target.startsWith("/")) || !URL.canParse(text)) {
    throw new HttpHeadError(400, "the request line is malformed");
  }
  const { pathname } = new URL(text);
  return absolute === null ? { pathname } : { pathname, authority: absolute[1] ?? "" };
}

/** Answers, and takes in what the peer still sends for a moment. */
async function refuse(connection: Connection, error: HttpHeadError, method: string): Promise<void> {
  const body = bytesOf(`${error.message}\n`);
  const fields: Record<string, string> = {
    "Date": new Date().toUTCString(),
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(body.length),
    // The message may quote the request.
    "X-Content-Type-Options": "nosniff",
    ...(error instanceof UpgradeError ? error.fields : {}),
  };
  fields["Connection"] = "Upgrade" in fields ? "close, upgrade" : "close";
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = bytesOf(`HTTP/1.1 ${statusLine(error.status)}\r\n${lines.join("")}\r\n`);
  const deadline = setTimeout(() => connection[Symbol.dispose](), LINGER_MS);
  try {
    await connection.write(method === "HEAD" ? head : new Uint8Array([...head, ...body]));
    await connection.closeWrite();
    const buffer = new Uint8Array(4096);
    for (let left = LINGER_BYTES; left > 0;) {
      left -= (await connection.read(buffer)) ?? LINGER_BYTES;
    }
  } catch {
    // The peer is gone, or took too long.
  } finally {
    clearTimeout(deadline);
  }
}

function statusLine(status: number): string {
  return `${status} ${STATUS_TEXT[status] ?? ""}`;
}
