// A parser and cache of the heads of simple requests. Clients send the same few heads again and
// again, so parsed heads are remembered.

import type { QuickRequest } from "../../core/http/app.ts";
import { HttpHeadError, parseRequestHead } from "../../core/http/head.ts";
import type { HostGuard } from "./host_guard.ts";

const MAX_REMEMBERED = 512;
/** Limit of a remembered head. */
const MAX_LENGTH = 2048;

/** Fields that need another engine: conditions, bodies, upgrades, credentials and origins. */
const OUT_OF_THE_ORDINARY =
  /^(?:if-.*|range|content-length|transfer-encoding|te|trailer|upgrade|expect|origin|authorization)$/;

/** Paths without a query, of characters that have one spelling only. */
const PLAIN_PATH = /^\/(?:[A-Za-z0-9!$&'()*+,:;=@_~/-]|\.(?!\.)|%[0-9A-Fa-f]{2})*$/;

export class QuickHeads {
  readonly #guard: HostGuard;
  readonly #remembered = new Map<string, QuickRequest | null>();

  constructor(guard: HostGuard) {
    this.#guard = guard;
  }

  /** Parses a head, without its empty line; null when its request is not quick, or invalid. */
  read(head: string): QuickRequest | null {
    let request = this.#remembered.get(head);
    if (request === undefined) {
      request = this.#parse(head);
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
      if (head.length <= MAX_LENGTH) this.#remembered.set(head, request);
    }
    return request;
  }

  #parse(head: string): QuickRequest | null {
    // A character outside ASCII may stand for several bytes.
    // deno-lint-ignore no-control-regex
    if (/[^\x00-\x7f]/.test(head)) return null;
    try {
      const { method, target, version, fields } = parseRequestHead(head);
      if ((method !== "GET" && method !== "HEAD") || version !== "1.1") return null;
      if (!PLAIN_PATH.test(target)) return null;
      for (const name of fields.names()) if (OUT_OF_THE_ORDINARY.test(name)) return null;
      // A ready answer cannot announce that the connection will be closed.
      if (fields.list("connection").some((word) => word.toLowerCase() !== "keep-alive")) {
        return null;
      }
      const host = fields.only("host");
      const httpVersion = version;
      if (this.#guard({ method, upgrade: false, httpVersion, host, origin: null }) !== null) {
        return null;
      }
      const codings = fields.list("accept-encoding");
      const acceptEncoding = codings.length === 0 && fields.only("accept-encoding") === null
        ? null
        : codings.join(", ");
      return {
        method,
        path: target,
        query: "",
        header: (name) => name === "accept-encoding" ? acceptEncoding : null,
      };
    } catch (error) {
      if (error instanceof HttpHeadError) return null;
      throw error;
    }
  }
}
