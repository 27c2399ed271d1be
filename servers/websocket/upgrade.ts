// The server's handshake (RFC 6455 4.2): from an accepted connection to an open WebSocket, or to an
// HTTP response that refuses it. All within the accept loop's deadline.

import { STATUS_TEXT } from "@std/http/status";
import type { Connection } from "../../core/connection.ts";
import { HttpHeadError } from "../../core/http/head.ts";
import {
  acceptUpgrade,
  type Agreement,
  type ServerTerms,
  upgradeAnswer,
  UpgradeError,
} from "../../core/websocket/handshake.ts";
import { WrappedConnection } from "../../core/streams/wrapped_connection.ts";
import type { Authenticator } from "../access/authentication.ts";
import type { HostGuard } from "../access/host_guard.ts";
import { HeadReader } from "../http/message/incoming.ts";
import { Input } from "../http/message/input.ts";
import { asksForPage, PAGE_FIELDS, webSocketPage } from "./page.ts";
import { linger, refusalBytes } from "../http/message/refusal.ts";

/** Time for which a refused client may go on sending. */
const LINGER_MS = 1000;

export interface UpgradeRules {
  readonly guard: HostGuard;
  readonly authenticate: Authenticator | null;
  /** The only path there is; null when any will do. */
  readonly path: string | null;
  readonly scheme: "ws" | "wss";
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
  const input = new Input(connection);
  const heads = new HeadReader({ scheme: "http", guard: rules.guard, upgrades: true });
  let method: string | undefined;
  const refuse = (status: number, message: string, fields?: Readonly<Record<string, string>>) =>
    sendLast(
      connection,
      input,
      refusalBytes({
        status,
        message,
        nowMs: Date.now(),
        ...(method !== undefined && { method }),
        ...(fields && { fields }),
      }),
    );
  try {
    const text = await input.head();
    if (text === null) throw new Error("the peer left without a request");
    const { head, refusal, path } = heads.read(text, () => "localhost");
    method = head.method;
    if (refusal !== null) {
      await refuse(refusal.status, refusal.message);
      return { connection: null, refusal: refusal.reason, counter: "forbidden" };
    }
    // Before the password, which would be asked for in vain.
    if (asksForPage(head)) {
      const url = `${rules.scheme}://${head.fields.only("host") ?? "localhost"}${
        rules.path ?? "/"
      }`;
      const fields = { upgrade: "websocket", ...PAGE_FIELDS };
      await refuse(426, webSocketPage(url), fields);
      throw new Error(
        "426 Upgrade Required: a browser asked for a page, and was told what this is",
      );
    }
    const authorization = head.fields.only("authorization");
    const verdict = await rules.authenticate?.check(authorization, connection.remote);
    if (verdict?.admitted === false) {
      await refuse(verdict.status, verdict.message, verdict.headers);
      const reason = `credentials (${verdict.status})`;
      return { connection: null, refusal: reason, counter: "unauthenticated" };
    }
    if (rules.path !== null && new URL(path, "http://localhost").pathname !== rules.path) {
      throw new UpgradeError(404, `the WebSocket is at ${rules.path}`);
    }
    const agreement = await acceptUpgrade(head, rules.terms);
    await connection.write(upgradeAnswer(agreement));
    return { ...input.handOver(), agreement };
  } catch (error) {
    if (!(error instanceof HttpHeadError)) throw error;
    const { status, message } = error;
    await refuse(status, message, error instanceof UpgradeError ? error.fields : undefined);
    throw new Error(`${status} ${STATUS_TEXT[status] ?? ""}: ${message}`, { cause: error });
  }
}

/** Answers, and takes in what the peer still sends for a moment. */
async function sendLast(connection: Connection, input: Input, bytes: Uint8Array): Promise<void> {
  const deadline = setTimeout(() => connection[Symbol.dispose](), LINGER_MS);
  try {
    await connection.write(bytes);
    await linger(connection, input);
  } catch {
    // The peer is gone, or took too long.
  } finally {
    clearTimeout(deadline);
  }
}
