// The opening handshake of a WebSocket (RFC 6455 4): the HTTP request to upgrade, and the answer.
// For client and server, without any connection.

import { HttpHeadError, isField, type RequestHead, type ResponseHead } from "../http/head.ts";
import { bytesOf } from "../session.ts";
import { UsageError } from "../usage_error.ts";
import {
  acceptDeflate,
  checkDeflate,
  DEFLATE_OFFER,
  type MessageDeflate,
  openDeflate,
} from "./deflate.ts";
import { parseExtensions } from "./extensions.ts";

export interface Agreement {
  readonly subprotocol: string | undefined;
  /** The compressor of one session's messages, if compression was negotiated. */
  readonly deflate: MessageDeflate | undefined;
}

const VERSION = "13";

/** @throws {UsageError} when a name is invalid in a header */
export function checkSubprotocols(names: readonly string[]): void {
  for (const name of names) {
    if (isField(name, "")) continue;
    throw new UsageError(
      `--subprotocol: expected a word such as chat or v1.example, got "${name}"`,
    );
  }
}

/** A request that opens no WebSocket, with the status and header fields of the refusal. */
export class UpgradeError extends HttpHeadError {
  readonly fields: Readonly<Record<string, string>>;
  constructor(status: number, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(status, message);
    this.fields = fields;
  }
}

/** Whether a request asks for a WebSocket. An HTTP/1.0 request cannot (RFC 9110 7.8). */
export function asksForWebSocket({ version, fields }: RequestHead): boolean {
  return version === "1.1" && fields.includes("connection", "upgrade") &&
    fields.includes("upgrade", "websocket");
}

/** Checks a request as RFC 6455 4.2.1 asks, and returns its key.
 * @throws {HttpHeadError} with the status to answer */
function checkUpgrade(request: RequestHead): string {
  const { method, fields } = request;
  if (method !== "GET" && method !== "HEAD") {
    throw new UpgradeError(405, "a WebSocket is opened by GET", { "Allow": "GET" });
  }
  if (method === "HEAD" || !asksForWebSocket(request)) {
    throw new UpgradeError(426, "only WebSockets are served here", { "Upgrade": "websocket" });
  }
  const version = fields.only("sec-websocket-version");
  if (version !== VERSION) {
    throw new UpgradeError(426, `the version of a WebSocket is ${VERSION}`, {
      "Upgrade": "websocket",
      "Sec-WebSocket-Version": VERSION,
    });
  }
  const key = fields.only("sec-websocket-key") ?? "";
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    throw new UpgradeError(400, "there is no Sec-WebSocket-Key of 16 bytes");
  }
  // Frames follow the head directly, so the request cannot have a body.
  if (fields.list("transfer-encoding").length > 0 || Number(fields.only("content-length")) !== 0) {
    throw new UpgradeError(400, "a request for a WebSocket has no body");
  }
  return key;
}

/** Protocols and extensions that a server supports. */
export interface ServerTerms {
  /** In order of preference. A client that offers none of them is served without one. */
  readonly subprotocol: readonly string[];
  readonly deflate: boolean;
}

/** An accepted upgrade: the fields of the answer, and the parameters that the session needs. */
interface AcceptedUpgrade extends Agreement {
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Checks a request as `checkUpgrade` does and negotiates the answer.
 * @throws {HttpHeadError} with the status to answer */
export async function acceptUpgrade(
  request: RequestHead,
  terms: ServerTerms,
): Promise<AcceptedUpgrade> {
  const key = checkUpgrade(request);
  const offered = request.fields.list("sec-websocket-protocol");
  const subprotocol = terms.subprotocol.find((name) => offered.includes(name));
  const extensions = parseExtensions(request.fields);
  const deflate = terms.deflate ? acceptDeflate(extensions) : undefined;
  return {
    subprotocol,
    deflate: deflate && await openDeflate(deflate.terms),
    fields: [
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Accept", await acceptFor(key)],
      ...(subprotocol === undefined ? [] : [["Sec-WebSocket-Protocol", subprotocol] as const]),
      ...(deflate === undefined ? [] : [["Sec-WebSocket-Extensions", deflate.answer] as const]),
    ],
  };
}

export function upgradeAnswer({ fields }: AcceptedUpgrade): Uint8Array {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return bytesOf(`HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`);
}

/** A key for one attempt to open a WebSocket. */
export function newKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

export interface UpgradeRequest {
  /** The path and query. */
  readonly target: string;
  /** The server's name and port. */
  readonly host: string;
  readonly key: string;
  readonly origin: string | undefined;
  readonly subprotocols: readonly string[];
  readonly deflate: boolean;
  /** Further header fields, sent after ours. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export function upgradeRequest(request: UpgradeRequest): Uint8Array {
  const { origin, subprotocols } = request;
  const ownHost = request.fields.some(([name]) => name.toLowerCase() === "host");
  const fields: (readonly [string, string])[] = [
    ...(ownHost ? [] : [["Host", request.host] as const]),
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", request.key],
    ["Sec-WebSocket-Version", VERSION],
    ...(origin === undefined ? [] : [["Origin", origin] as const]),
    ...(subprotocols.length === 0
      ? []
      : [["Sec-WebSocket-Protocol", subprotocols.join(", ")] as const]),
    ...(request.deflate ? [["Sec-WebSocket-Extensions", DEFLATE_OFFER] as const] : []),
    ...request.fields,
  ];
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
  return bytesOf(`GET ${request.target} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

/** Checks an answer with status 101 (RFC 6455 4.1); resolves to the negotiated parameters.
 * @throws {Error} saying what is wrong with the answer */
export async function checkAnswer(
  { fields }: ResponseHead,
  { key, subprotocols, deflate }: UpgradeRequest,
): Promise<Agreement> {
  if (!fields.includes("upgrade", "websocket") || !fields.includes("connection", "upgrade")) {
    throw new Error("the server changed to some other protocol");
  }
  if (fields.only("sec-websocket-accept") !== await acceptFor(key)) {
    throw new Error("the server's answer has a wrong Sec-WebSocket-Accept; is it a WebSocket?");
  }
  const extensions = parseExtensions(fields);
  if (!deflate && extensions.length > 0) {
    throw new Error(
      `the server turned on the extension "${extensions[0]!.name}", which was not offered`,
    );
  }
  const terms = checkDeflate(extensions);
  const subprotocol = fields.only("sec-websocket-protocol") ?? undefined;
  if (subprotocol !== undefined && !subprotocols.includes(subprotocol)) {
    throw new Error(`the server chose the subprotocol "${subprotocol}", which was not offered`);
  }
  return { subprotocol, deflate: terms && await openDeflate(terms) };
}

/** The proof that a server understood the key (RFC 6455 4.2.2). */
async function acceptFor(key: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`),
  );
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
