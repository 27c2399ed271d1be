// A prebuilt HTTP/1.1 response, sent as it is. Only its date changes, so it is rebuilt at most once
// a second.

import type { QuickAnswer } from "./app.ts";

interface ReadyParts {
  /** Header fields in ASCII, without Content-Length and Date. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null where the caller sends the body. */
  readonly body: string | Uint8Array | null;
  /** Length of the body, in bytes. */
  readonly length: number;
}

const encoder = new TextEncoder();

/** A response of status 200. */
export class ReadyAnswer {
  readonly #parts: ReadyParts;
  #second = -1;
  #head: QuickAnswer = { status: 200, bytes: new Uint8Array(0) };
  #whole: QuickAnswer | null = null;

  /** @throws {RangeError} when a field has characters outside ASCII */
  constructor(parts: ReadyParts) {
    for (const [name, value] of Object.entries(parts.headers)) {
      if (/^[\t\x20-\x7e]*$/.test(name + value)) continue;
      throw new RangeError(`Cannot make an answer ready: ${name} is not of ASCII alone`);
    }
    this.#parts = parts;
  }

  /** The head alone, for HEAD and for a body that the caller sends. */
  head(nowMs: number): QuickAnswer {
    this.#make(nowMs);
    return this.#head;
  }

  /** The head and the body; null where the caller sends the body. */
  whole(nowMs: number): QuickAnswer | null {
    this.#make(nowMs);
    return this.#whole;
  }

  #make(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second === this.#second) return;
    this.#second = second;
    const { headers, body, length } = this.#parts;
    const date = new Date(second * 1000).toUTCString();
    const fields = { ...headers, "content-length": String(length), date };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = encoder.encode(`HTTP/1.1 200 OK\r\n${lines.join("")}\r\n`);
    this.#head = { status: 200, bytes: head };
    if (body === null) return;
    const bytes = new Uint8Array(head.length + length);
    bytes.set(head);
    if (typeof body === "string") encoder.encodeInto(body, bytes.subarray(head.length));
    else bytes.set(body, head.length);
    this.#whole = { status: 200, bytes };
  }
}
