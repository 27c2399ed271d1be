// HTTP/1.1 responses as bytes: prebuilt ones, of which only the date changes, so that they are
// rebuilt at most once a second; and heads that are completed for each request.

import type { QuickAnswer } from "./app.ts";

/** The statuses of answers that lie ready (RFC 9110 15). */
const REASONS = {
  200: "OK",
  206: "Partial Content",
  301: "Moved Permanently",
  304: "Not Modified",
  404: "Not Found",
} as const;

export type ReadyStatus = keyof typeof REASONS;

interface ReadyParts {
  /** @default 200 */
  readonly status?: ReadyStatus;
  /** Header fields in ASCII, without Content-Length and Date. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null where the caller sends the body, or there is none. */
  readonly body: string | Uint8Array | null;
  /** Length of the body, in bytes; null with a status that has no body. */
  readonly length: number | null;
}

const encoder = new TextEncoder();

/** A head whose fields lie ready but for those of the single request. */
export class ReadyHead {
  readonly #status: ReadyStatus;
  readonly #start: string;

  /** @throws {RangeError} when a field has characters outside ASCII */
  constructor(status: ReadyStatus, headers: Readonly<Record<string, string>>) {
    this.#status = status;
    this.#start = `HTTP/1.1 ${status} ${REASONS[status]}\r\n`;
    for (const [name, value] of Object.entries(headers)) {
      if (!/^[\t\x20-\x7e]*$/.test(name + value)) {
        throw new RangeError(`Cannot make an answer ready: ${name} is not of ASCII alone`);
      }
      this.#start += `${name}: ${value}\r\n`;
    }
  }

  /** The head, without the empty line at its end. */
  text(length: number | null, nowMs: number): string {
    const framing = length === null ? "" : `content-length: ${length}\r\n`;
    return `${this.#start}${framing}date: ${dateOf(nowMs)}\r\n`;
  }

  /** An answer with further fields in ASCII.
   * @param body null where the caller sends it */
  answer(
    fields: string,
    body: string | Uint8Array | null,
    length: number | null,
    nowMs: number,
  ): QuickAnswer {
    const head = `${this.text(length, nowMs)}${fields}\r\n`;
    const bytes = new Uint8Array(head.length + (body === null ? 0 : length ?? 0));
    encoder.encodeInto(head, bytes);
    if (typeof body === "string") encoder.encodeInto(body, bytes.subarray(head.length));
    else if (body !== null) bytes.set(body, head.length);
    return { status: this.#status, bytes };
  }
}

/** A response that is the same for every request. */
export class ReadyAnswer {
  readonly #parts: ReadyParts;
  readonly #ready: ReadyHead;
  #second = -1;
  #head: QuickAnswer | undefined;
  #whole: QuickAnswer | undefined;

  /** @throws {RangeError} when a field has characters outside ASCII */
  constructor(parts: ReadyParts) {
    this.#parts = parts;
    this.#ready = new ReadyHead(parts.status ?? 200, parts.headers);
  }

  /** The head alone, for HEAD and for a body that the caller sends. */
  head(nowMs: number): QuickAnswer {
    this.#renew(nowMs);
    return this.#head ??= this.#ready.answer("", null, this.#parts.length, nowMs);
  }

  /** The head and the body; null where the caller sends the body. */
  whole(nowMs: number): QuickAnswer | null {
    const { body, length } = this.#parts;
    if (body === null) return null;
    this.#renew(nowMs);
    return this.#whole ??= this.#ready.answer("", body, length, nowMs);
  }

  /** The answer to a GET or HEAD, where the body lies ready too. */
  to(method: "GET" | "HEAD", nowMs: number): QuickAnswer {
    return (method === "GET" ? this.whole(nowMs) : null) ?? this.head(nowMs);
  }

  #renew(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#head = this.#whole = undefined;
  }
}

const latest = { second: -1, date: "" };

/** The value of Date, which is made once a second. */
function dateOf(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== latest.second) {
    latest.second = second;
    latest.date = new Date(second * 1000).toUTCString();
  }
  return latest.date;
}
