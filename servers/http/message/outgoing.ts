// The head of a response in HTTP/1.1 (RFC 9112 4 and 6), and what is known of its body.

import { Buffer } from "node:buffer";
import { STATUS_TEXT } from "@std/http/status";

/** A body that is known as a whole, a stream, or none. */
type Body = Uint8Array | string | ReadableStream<Uint8Array<ArrayBuffer>> | null;

export interface Outgoing {
  readonly head: string;
  readonly body: Body;
  /** Length of the body; undefined where it ends when its stream does. */
  readonly length: number | undefined;
  readonly chunked: boolean;
  /** Whether the connection closes after it. */
  readonly close: boolean;
  readonly isEventStream: boolean;
}

interface Asked {
  readonly method: string;
  readonly version: "1.0" | "1.1";
  /** Whether the connection can be used again. */
  readonly keepAlive: boolean;
  readonly nowMs: number;
}

/** Decides how a response is sent.
 * @throws {TypeError} when it cannot be */
export function outgoing(
  response: Response,
  { method, version, keepAlive, nowMs }: Asked,
): Outgoing {
  const { status, statusText } = response;
  if (status < 200) throw new TypeError(`the handler returned a response of status ${status}`);
  let fields = "";
  let announced: number | undefined;
  let hasDate = false;
  let close = !keepAlive;
  let upgrade = false;
  let isEventStream = false;
  const { list, body: whole } = partsOf(response);
  for (const [written, value] of list) {
    const name = written.toLowerCase();
    if (name === "content-length") {
      if (/^\d{1,15}$/.test(value)) announced = Number(value);
      continue;
    }
    if (name === "connection") {
      if (/\bclose\b/i.test(value)) close = true;
      continue;
    }
    if (name === "transfer-encoding" || name === "keep-alive") continue;
    if (name === "date") hasDate = true;
    else if (name === "upgrade") upgrade = true;
    else if (name === "content-type") isEventStream = value.startsWith("text/event-stream");
    fields += `${name}: ${value}\r\n`;
  }

  const bodiless = method === "HEAD" || status === 204 || status === 304;
  let body = whole;
  let length = announced;
  if (body === null || !(body instanceof ReadableStream)) {
    const bytes = body === null ? 0 : Buffer.byteLength(body);
    // A HEAD without a body says nothing of the one that a GET would have.
    if (body !== null || !bodiless) length ??= bytes;
    if (!bodiless && length! > bytes) {
      throw new TypeError(`the body is ${length! - bytes} bytes shorter than was announced`);
    }
    if (!bodiless && length! < bytes) body = Buffer.from(body!).subarray(0, length);
  }
  if (bodiless) {
    if (body instanceof ReadableStream) body.cancel("a HEAD needs no body").catch(() => {});
    body = null;
    if (status === 204) length = undefined;
  }
  const endless = !bodiless && length === undefined;
  const chunked = endless && version === "1.1";
  if (endless && !chunked) close = true;
  if (length !== undefined) fields += `content-length: ${length}\r\n`;
  if (chunked) fields += "transfer-encoding: chunked\r\n";
  if (!hasDate) fields += dateLine(nowMs);
  if (close || upgrade) {
    fields += `connection: ${
      close && upgrade ? "close, upgrade" : close ? "close" : "upgrade"
    }\r\n`;
  } else if (version === "1.0") fields += "connection: keep-alive\r\n";
  const reason = statusText || (STATUS_TEXT[status] ?? "");
  const head = `HTTP/1.1 ${status} ${reason}\r\n${fields}\r\n`;
  return { head, body, length, chunked, close, isEventStream };
}

let dateSecond = -1;
let date = "";

function dateLine(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    date = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return date;
}

/** The property with a body from which Deno has made nothing yet; undefined where there is none. */
const LAZY = (() => {
  const sample = new Response("sample") as unknown as Record<symbol, unknown>;
  return Object.getOwnPropertySymbols(sample).find((symbol) => sample[symbol] === "sample");
})();

/** Whether a response needs no stream, found out without touching it: then Deno sends it faster. */
export function isWhole(response: Response): boolean {
  const kept = response as unknown as Record<symbol, Partial<InnerResponse> | null | undefined>;
  if (LAZY !== undefined && kept[LAZY] !== undefined && kept[LAZY] !== null) return true;
  const body = INNER === undefined ? undefined : kept[INNER]?.body;
  if (body === undefined) return response.body === null;
  return body === null || "body" in body.streamOrStatic;
}

/** Length of the body of a response that needs no stream; undefined of one that does. */
export function knownLength(response: Response): number | undefined {
  const kept = innerOf(response)?.body;
  if (kept === null) return 0;
  if (kept === undefined) return response.body === null ? 0 : undefined;
  return "body" in kept.streamOrStatic ? Buffer.byteLength(kept.streamOrStatic.body) : undefined;
}

/** The body of a response that needs no stream, which stays to be sent; null where there is none. */
export function wholeBody(response: Response): Uint8Array | string | null {
  const kept = innerOf(response)?.body?.streamOrStatic;
  return kept !== undefined && "body" in kept ? kept.body : null;
}

interface Parts {
  readonly list: Iterable<readonly [name: string, value: string]>;
  readonly body: Body;
}

/** What Deno keeps of a response: its fields, and a body that needs no stream, which costs several
 * times what it takes to send one. */
interface InnerResponse {
  readonly headerList: readonly (readonly [name: string, value: string])[];
  readonly body: {
    readonly streamOrStatic: ReadableStream | {
      readonly body: Uint8Array | string;
      consumed: boolean;
    };
  } | null;
}

/** The property that holds it, read off a sample; undefined on a runtime that keeps it otherwise,
 * where every body is read as a stream. */
const INNER = (() => {
  const sample = new Response("sample", { headers: { "x-sample": "sample" } });
  return Object.getOwnPropertySymbols(sample).find((symbol) => {
    const inner = (sample as unknown as Record<symbol, Partial<InnerResponse> | null>)[symbol];
    const kept = inner?.body?.streamOrStatic;
    return kept !== undefined && "body" in kept && kept.body === "sample" &&
      Array.isArray(inner?.headerList) && inner.headerList.some(([name]) => name === "x-sample");
  });
})();

function innerOf(response: Response): InnerResponse | undefined {
  // Deno completes what it keeps when the fields are read.
  if (INNER === undefined || response.headers === undefined) return undefined;
  const inner = (response as unknown as Record<symbol, Partial<InnerResponse> | undefined>)[INNER];
  return inner?.body !== undefined && Array.isArray(inner.headerList)
    ? inner as InnerResponse
    : undefined;
}

function partsOf(response: Response): Parts {
  const inner = innerOf(response);
  if (inner === undefined) {
    if (response.bodyUsed) throw new TypeError("the body of the response was used already");
    return { list: response.headers, body: response.body };
  }
  const list = inner.headerList;
  if (inner.body === null) return { list, body: null };
  const kept = inner.body.streamOrStatic;
  if (kept instanceof ReadableStream) {
    if (response.bodyUsed || kept.locked) {
      throw new TypeError("the body of the response was used already");
    }
    return { list, body: kept };
  }
  if (kept.consumed) throw new TypeError("the body of the response was used already");
  kept.consumed = true;
  return { list, body: kept.body };
}
