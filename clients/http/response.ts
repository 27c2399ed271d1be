// The response of an exchange: its head and its streamed body, which is checked for completeness.

import type { IncomingMessage } from "node:http";
import { errorText } from "../../core/event.ts";
import type { Deadline } from "../deadline.ts";
import type { HttpBody } from "./body.ts";
import { contentOf } from "./encoding.ts";
import type { FetchResponse, Field, OutgoingRequest } from "./message.ts";
import type { Stopwatch } from "./timing.ts";

export interface Reading {
  /** Limit of the bytes to read from the body. */
  readonly bytes: number | undefined;
  readonly compressed: boolean | undefined;
}

/** The connection and the request of a response. */
interface Answering {
  readonly request: OutgoingRequest;
  readonly body: HttpBody;
  readonly reading: Reading;
  readonly values: { readonly maxBodyBytes: number };
  readonly stopwatch: Stopwatch;
  readonly deadline: Deadline;
  close(): void;
}

/** The parts of a message's head that interim and final responses have in common. */
export type InterimMessage = Partial<
  Pick<IncomingMessage, "statusCode" | "statusMessage" | "httpVersion" | "rawHeaders">
>;

/** The head of a response, by node:http's names. */
export function headOf(message: InterimMessage) {
  const { statusCode = 0, statusMessage = "", rawHeaders = [] } = message;
  // Null on an old runtime, which does not tell the version.
  const httpVersion = message.httpVersion || "1.1";
  const headerList: Field[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headerList.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  }
  return { status: statusCode, statusText: statusMessage, httpVersion, headerList };
}

/** The response whose head is `message`. */
export function responseOf(message: IncomingMessage, answering: Answering): FetchResponse {
  const { request: { url: { href: url } }, values: { maxBodyBytes }, stopwatch } = answering;
  const head = headOf(message);
  const headers = new Headers(head.headerList.map((pair) => [...pair]));
  const end = () => {
    stopwatch.end();
    answering.close();
    answering.deadline[Symbol.dispose]();
  };
  const all = readBody(message, headers, answering, end);
  return {
    url,
    ...head,
    headers,
    body: all,
    get timing() {
      return stopwatch.timing;
    },
    async bytes() {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let total = 0;
      for await (const chunk of all) {
        total += chunk.length;
        if (total > maxBodyBytes) {
          throw new RangeError(`the body of ${url} is larger than ${maxBodyBytes} bytes`);
        }
        parts.push(chunk.slice());
      }
      return new Uint8Array(await new Blob(parts).arrayBuffer());
    },
    async text() {
      return new TextDecoder().decode(await this.bytes());
    },
    async json() {
      return JSON.parse(await this.text()) as unknown;
    },
    async [Symbol.asyncDispose]() {
      end();
      await all.return(undefined);
    },
  };
}

async function* readBody(
  message: IncomingMessage,
  headers: Headers,
  { request, body, reading, deadline }: Answering,
  end: () => void,
): AsyncGenerator<Uint8Array> {
  let left = reading.bytes ?? Infinity;
  try {
    if (left === 0) return;
    const whole = untilAnnounced(body, message, request.method);
    const parts = reading.compressed
      ? contentOf(whole, headers.get("content-encoding") ?? "")
      : whole;
    for await (const chunk of parts) {
      yield chunk.length > left ? chunk.subarray(0, left) : chunk;
      left -= chunk.length;
      if (left <= 0) return;
    }
  } catch (error) {
    const what = `Cannot fetch ${request.url.href}`;
    throw deadline.explain(what, new Error(`${what}: ${errorText(error)}`, { cause: error }));
  } finally {
    end();
  }
}

/** Yields the body, and throws when it is shorter than its Content-Length. */
async function* untilAnnounced(
  body: AsyncIterable<Uint8Array>,
  message: IncomingMessage,
  method: string,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  let cause: unknown;
  try {
    for await (const chunk of body) {
      received += chunk.length;
      yield chunk;
    }
  } catch (error) {
    // For a connection that ended, node:http reports only "aborted".
    if (!isEarlyEnd(error)) throw error;
    cause = error;
  }
  const status = message.statusCode ?? 0;
  const bodiless = method === "HEAD" || status === 204 || status === 304;
  const announced = Number(message.headers["content-length"] ?? NaN);
  if (!bodiless && received < announced) {
    throw new Error(`the response ended ${announced - received} bytes early`, { cause });
  }
  if (cause !== undefined) {
    throw new Error(`the response broke off after ${received} bytes`, { cause });
  }
}

function isEarlyEnd(error: unknown): boolean {
  return error instanceof Error && error.message === "aborted";
}
