// Converts a request of node:http to a standard Request (Fetch standard).

import type { IncomingMessage } from "node:http";
import { rawRequest } from "./raw_request.ts";
import { requestMethod } from "./request_method.ts";

export interface IncomingRequest {
  readonly request: Request;
  /** Aborts the signal of the request, when its client has left. */
  abandon(): void;
}

/** @param origin such as `http://localhost:8080`, for a target that is a path alone
 * @throws {TypeError} when the target or the method is invalid */
export function incomingRequest(incoming: IncomingMessage, origin: string): IncomingRequest {
  const { method = "GET", url: target = "/" } = incoming;
  const leaving = new AbortController();
  const headers = new Headers();
  for (const [name, value] of headerListOf(incoming)) headers.append(name, value);
  const hasBody = method !== "GET" && method !== "HEAD";
  const request = rawRequest(urlOf(target, origin), {
    method: requestMethod(method),
    headers,
    signal: leaving.signal,
    ...(hasBody && { body: bodyOf(incoming) }),
  });
  return { request, abandon: () => leaving.abort() };
}

/** The fields in their order, written as they were. */
export function headerListOf({ rawHeaders }: IncomingMessage): [name: string, value: string][] {
  const list: [string, string][] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    list.push([rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""]);
  }
  return list;
}

/** A target may be a path, a whole URL, or `*` (RFC 9112 3.2).
 * @throws {TypeError} when it is none of them */
function urlOf(target: string, origin: string): string {
  const text = target.startsWith("/") ? origin + target : target === "*" ? origin : target;
  if (URL.canParse(text) && /^https?:/i.test(text)) return text;
  throw new TypeError(`"${target}" is no target of a request`);
}

/** Read on demand, with back-pressure. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array<ArrayBuffer>> {
  let over = false;
  return new ReadableStream({
    start(controller) {
      const fail = () => {
        if (over) return;
        over = true;
        controller.error(new Error("the peer left in the middle of the body"));
      };
      incoming.on("data", (chunk: Uint8Array) => {
        // The rest of an unread body is dropped; the connection limits the time for it.
        if (over) return;
        incoming.pause();
        controller.enqueue(new Uint8Array(chunk));
      });
      incoming.on("end", () => {
        if (over) return;
        over = true;
        controller.close();
      });
      incoming.on("error", fail);
      incoming.on("close", fail);
      incoming.pause();
    },
    pull() {
      incoming.resume();
    },
    cancel() {
      over = true;
      incoming.resume();
    },
  }, { highWaterMark: 0 });
}
