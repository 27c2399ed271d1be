// What is kept of a request and its answer while somebody wants to see them: their heads, and the
// beginnings of their bodies. All of it together is bounded, and given back once the event has it.

import type { HttpContent, HttpPart } from "../../core/event.ts";
import { maskedFields, secretsOf, withoutSecrets } from "../../core/http/secrets.ts";
import { bytesOf, type Message } from "../../core/session.ts";

/** The most of all bodies that is kept while their requests are answered. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;

/** How many requests a second are kept: copying every body would slow a busy server down. */
const MAX_KEPT_EACH_SECOND = 500;

const FIRST_BUFFER_BYTES = 1024;

let heldBytes = 0;
let second = 0;
let keptInSecond = 0;

/** Bytes that are taken for bodies now. */
export function heldBodyBytes(): number {
  return heldBytes;
}

/** Begins to keep a request; undefined when too many are kept in this second.
 * @param bodyBytes the most of each body */
export function capture(bodyBytes: number, nowMs: number): CapturedExchange | undefined {
  const now = Math.floor(nowMs / 1000);
  if (now !== second) {
    second = now;
    keptInSecond = 0;
  }
  return keptInSecond++ < MAX_KEPT_EACH_SECOND ? new CapturedExchange(bodyBytes) : undefined;
}

export class CapturedExchange {
  readonly request: CapturedPart;
  readonly response: CapturedPart;
  /** When the first bytes of the answer were sent. */
  firstByteAtMs: number | undefined;

  constructor(bodyBytes: number) {
    this.request = new CapturedPart(bodyBytes);
    this.response = new CapturedPart(bodyBytes);
  }

  /** What was kept, without secrets, and lets go of it. */
  take(startedMs: number): HttpContent {
    const secrets = secretsOf([...this.request.fields, ...this.response.fields]);
    const [request, response] = [this.request.told(secrets), this.response.told(secrets)];
    this.release();
    const { firstByteAtMs } = this;
    return {
      request,
      response,
      ...(firstByteAtMs !== undefined && { firstByteMs: Math.max(0, firstByteAtMs - startedMs) }),
    };
  }

  release(): void {
    this.request.release();
    this.response.release();
  }
}

/** The head and the beginning of the body of a request, or of an answer. */
export class CapturedPart {
  fields: Iterable<readonly [name: string, value: string]> = [];
  /** Length of the whole body. */
  bytes = 0;
  readonly #maxBytes: number;
  #buffer = new Uint8Array(0);
  #kept = 0;
  #isFull = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes the fields of a head as it goes over the wire, of which nothing can be malformed. */
  set head(text: string) {
    this.fields = text.trimEnd().split("\r\n").slice(1).map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    });
  }

  /** Adds a part of the body, on which nothing holds. */
  add(body: Uint8Array | string): void {
    const part = bytesOf(body);
    this.bytes += part.length;
    // What comes after a gap is no beginning.
    if (this.#isFull) return;
    this.#makeRoom(this.#kept + part.length);
    const fitting = part.subarray(0, this.#buffer.length - this.#kept);
    this.#buffer.set(fitting, this.#kept);
    this.#kept += fitting.length;
    this.#isFull = fitting.length < part.length;
  }

  told(secrets: readonly string[]): HttpPart {
    const cut = this.#kept < this.bytes;
    return {
      headers: maskedFields(this.fields),
      bytes: this.bytes,
      ...(cut && { cut: true as const }),
      message: this.#message(secrets, cut),
    };
  }

  release(): void {
    heldBytes -= this.#buffer.length;
    this.#buffer = new Uint8Array(0);
    this.#kept = 0;
    this.#isFull = true;
  }

  /** As text without secrets, where it is text. */
  #message(secrets: readonly string[], isCut: boolean): Message {
    const bytes = this.#buffer.slice(0, this.#kept);
    try {
      const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
      // A character that was cut is left away.
      return withoutSecrets(decoder.decode(bytes, { stream: isCut }), secrets, isCut);
    } catch {
      return bytes;
    }
  }

  /** Takes a larger buffer, as far as the limits allow. */
  #makeRoom(wanted: number): void {
    const before = this.#buffer;
    if (wanted <= before.length) return;
    const larger = Math.max(wanted, before.length * 2, FIRST_BUFFER_BYTES);
    const length = Math.min(larger, this.#maxBytes, before.length + MAX_HELD_BYTES - heldBytes);
    if (length <= before.length) return;
    heldBytes += length - before.length;
    this.#buffer = new Uint8Array(length);
    this.#buffer.set(before.subarray(0, this.#kept));
  }
}
