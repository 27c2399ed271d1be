// The types of requests and responses between the parts of the HTTP client.

import type { FetchTiming } from "./timing.ts";

/** A header field: its name as it was written, and its value. */
export type Field = readonly [name: string, value: string];

export interface OutgoingBody {
  /** Undefined when the length is not known: the body is then sent in chunks. */
  readonly lengthBytes: number | undefined;
  /** Whether the body can be sent more than once: a stream cannot. */
  readonly repeatable: boolean;
  /** Whether the body can be sent now. */
  readonly available: boolean;
  /** Opens the body at its beginning. */
  open(): Uint8Array | AsyncIterable<Uint8Array>;
}

export interface OutgoingRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly Field[];
  readonly body: OutgoingBody | undefined;
}

/** The head of a response. */
export interface ResponseHead {
  /** The URL of the last request, after redirects. */
  readonly url: string;
  /** The status code. */
  readonly status: number;
  /** The reason phrase; may be empty. */
  readonly statusText: string;
  /** `1.1` or `1.0`. */
  readonly httpVersion: string;
  /** The header fields as received, in their order. */
  readonly headerList: readonly Field[];
  /** The header fields by name. */
  readonly headers: Headers;
}

/** A response. Read its body once, or dispose it: either closes the connection. */
export interface FetchResponse extends ResponseHead, AsyncDisposable {
  /** The body, in parts as they arrive.
   * @throws {Error} when the connection breaks before the body's end */
  readonly body: AsyncIterable<Uint8Array>;
  /** Duration of each step. The total grows until the body has been read. */
  readonly timing: FetchTiming;
  /** The whole body.
   * @throws {RangeError} when it is larger than `maxBodyBytes` */
  bytes(): Promise<Uint8Array>;
  /** The whole body as text in UTF-8. Throws as `bytes` does. */
  text(): Promise<string>;
  /** The whole body, parsed as JSON. Throws as `bytes` does, and {SyntaxError} when it is no
   * JSON. */
  json(): Promise<unknown>;
}

/** A response, with a function that abandons it for a further request. */
export interface Answer {
  readonly response: FetchResponse;
  /** Closes the connection; the deadline continues. */
  close(): void;
}

/** Sends one request. Each part of the client wraps an Exchange in another one. */
export type Exchange = (request: OutgoingRequest) => Promise<Answer>;

/** Whether a field is present. Names are compared in lower case. */
export function hasField(headers: readonly Field[], name: string): boolean {
  return headers.some(([one]) => one.toLowerCase() === name);
}

/** The values of a field that may be repeated. */
export function valuesOf(headers: readonly Field[], name: string): string[] {
  return headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}
