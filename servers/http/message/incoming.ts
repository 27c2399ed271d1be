// A request as its head tells it: for whom it is, how its body is framed, and what becomes of the
// connection (RFC 9112 3, 6 and 9). Clients send the same few heads again and again, so small ones
// without secrets are remembered.

import type { QuickRequest } from "../../../core/http/app.ts";
import { HttpHeadError, parseRequestHead, type RequestHead } from "../../../core/http/head.ts";
import { asksForWebSocket } from "../../../core/websocket/handshake.ts";
import type { HostGuard, Refusal } from "../../access/host_guard.ts";
import type { Framing } from "./framed_body.ts";

export interface Incoming {
  readonly head: RequestHead;
  /** As the client sent it, with the scheme and the authority. */
  readonly url: string;
  /** The path and query of the URL. */
  readonly path: string;
  /** Zero where there is no body. */
  readonly framing: Framing;
  readonly keepAlive: boolean;
  readonly expectsContinue: boolean;
  /** Whether it asks for a WebSocket, where the application has any. */
  readonly upgrade: boolean;
  /** The refusal by the rules for hosts and origins. */
  readonly refusal: Refusal | null;
  /** What may be answered by what lies ready; null where more than that is asked. */
  readonly quick: QuickRequest | null;
}

interface ReaderOptions {
  readonly scheme: "http" | "https";
  readonly guard: HostGuard;
  /** Whether the application has WebSockets. */
  readonly upgrades: boolean;
}

const MAX_REMEMBERED = 512;
/** Limit of a remembered head. */
const MAX_LENGTH = 1024;

const SECRET = /\r\n(?:authorization|cookie|proxy-authorization):/i;

/** A path of characters that have one spelling only. */
const PLAIN_PATH = /^\/(?:[A-Za-z0-9!$&'()*+,:;=@_~/.-]|%[0-9A-Fa-f]{2})*$/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/** Reads the heads of one server. */
export class HeadReader {
  readonly #options: ReaderOptions;
  readonly #remembered = new Map<string, Incoming>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** @param local the authority for a request of HTTP/1.0 that names none
   * @throws {HttpHeadError} with the status to answer */
  read(text: string, local: () => string): Incoming {
    const known = this.#remembered.get(text);
    if (known !== undefined) return known;
    const incoming = readIncoming(parseRequestHead(text), local, this.#options);
    const { head, framing } = incoming;
    if (
      text.length <= MAX_LENGTH && framing === 0 && head.version === "1.1" && !SECRET.test(text)
    ) {
      if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear();
      this.#remembered.set(text, incoming);
    }
    return incoming;
  }
}

function readIncoming(
  head: RequestHead,
  local: () => string,
  { scheme, guard, upgrades }: ReaderOptions,
): Incoming {
  const { method, version, fields } = head;
  const framing = framingOf(head);
  const host = fields.only("host");
  const target = targetOf(head);
  const connection = fields.list("connection").map((word) => word.toLowerCase());
  const upgrade = upgrades && asksForWebSocket(head);
  const asked = { method, upgrade, httpVersion: version, origin: fields.get("origin") };
  // A target with a whole URL is for the host in it (RFC 9112 3.2.2).
  const refusal = guard({ ...asked, host }) ??
    (target.authority === null ? null : guard({ ...asked, host: target.authority }));
  const keepAlive = !connection.includes("close") &&
    (version === "1.1" || connection.includes("keep-alive"));
  const expectation = version === "1.0" ? null : fields.get("expect");
  if (expectation !== null && expectation.toLowerCase() !== "100-continue") {
    throw new HttpHeadError(417, "nothing but 100-continue can be expected here");
  }
  const { path, query } = target;
  const isQuick = (method === "GET" || method === "HEAD") && framing === 0 &&
    expectation === null && !upgrade && refusal === null &&
    target.authority === null && asked.origin === null && PLAIN_PATH.test(path) &&
    !DOT_SEGMENT.test(path);
  return {
    head,
    url: `${scheme}://${target.authority ?? host ?? local()}${path}${query}`,
    path: path + query,
    framing,
    keepAlive,
    expectsContinue: expectation !== null,
    upgrade,
    refusal,
    quick: isQuick ? { method, path, query, header: (name) => fields.get(name) } : null,
  };
}

/** How the body is framed (RFC 9112 6.3). Whatever two readers could understand in two ways is
 * refused. */
function framingOf({ version, fields }: RequestHead): Framing {
  const codings = fields.all("transfer-encoding");
  const length = fields.only("content-length");
  if (codings.length === 0) {
    if (length === null) return 0;
    if (/^\d{1,15}$/.test(length)) return Number(length);
    throw new HttpHeadError(400, "the Content-Length is no number of bytes");
  }
  if (length !== null) {
    throw new HttpHeadError(400, "there is a Content-Length beside a Transfer-Encoding");
  }
  if (version === "1.0") throw new HttpHeadError(400, "HTTP/1.0 has no Transfer-Encoding");
  const coding = codings.join(", ");
  if (coding.toLowerCase() === "chunked") return "chunked";
  const names = coding.toLowerCase().split(",").map((name) => name.trim());
  // Without chunked at its end, and only there, nobody could tell where the body ends.
  if (names.indexOf("chunked") !== names.length - 1) {
    throw new HttpHeadError(400, "the Transfer-Encoding does not end in chunked");
  }
  throw new HttpHeadError(501, unknownCoding(coding));
}

export function unknownCoding(coding: string): string {
  const shown = JSON.stringify(coding.slice(0, 100));
  return `The transfer coding ${shown} is not undone here; send the body chunked.`;
}

interface Target {
  /** The authority of a target with a whole URL. */
  readonly authority: string | null;
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

/** The forms of a target (RFC 9112 3.2). */
function targetOf({ method, target }: RequestHead): Target {
  if (method === "CONNECT") throw new HttpHeadError(501, "CONNECT is not served here");
  if (target === "*" && method === "OPTIONS") return { authority: null, path: "/*", query: "" };
  const absolute = target.startsWith("/")
    ? null
    : /^(?:http|ws)s?:\/\/([^/?#]+)(.*)$/i.exec(target);
  const rest = absolute === null ? target : absolute[2]!.replace(/^(?!\/)/, "/");
  // A fragment is never sent.
  if (!rest.startsWith("/") || rest.includes("#")) {
    throw new HttpHeadError(400, "the target of the request is malformed");
  }
  const mark = rest.indexOf("?");
  return {
    authority: absolute?.[1] ?? null,
    path: mark < 0 ? rest : rest.slice(0, mark),
    query: mark < 0 ? "" : rest.slice(mark),
  };
}
