// The log of requests: an event for each, and a file of JSON lines that is appended to up to a
// limit.

import {
  errorText,
  type EventBody,
  type InspectedEvent,
  type ServerEvent,
  type Tell,
} from "../../core/event.ts";
import { eventJson } from "../../core/event_json.ts";
import { formatSize } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { ParsedRequest } from "./parsed_request.ts";
import { HttpError } from "./http_error.ts";

/** The event that logs a request, with the first `maxBodyBytes` of its body. */
export async function inspectedEvent(
  request: ParsedRequest,
  maxBodyBytes: number,
): Promise<EventBody<InspectedEvent>> {
  const { info } = request;
  const body = await request.body().catch((error: unknown) => {
    // The body broke off; the rest of the request is logged all the same.
    if (error instanceof HttpError) return new Uint8Array();
    throw error;
  });
  return {
    event: "inspected",
    method: request.method,
    target: request.source.url,
    ...(info.httpVersion !== undefined && { httpVersion: info.httpVersion }),
    headers: request.headerFields,
    bodyBytes: body.length,
    message: beginningOf(body, maxBodyBytes),
  };
}

/** The first bytes, without a part of a UTF-8 sequence at their end. */
function beginningOf(bytes: Uint8Array, count: number): Uint8Array {
  if (bytes.length <= count) return bytes;
  let end = count;
  while (end > count - 3 && end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.slice(0, end);
}

export class RequestLogFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #emit: Tell | undefined;
  #bytes: number;
  #ended = false;

  /** Opens it for appending, readable by its owner alone: requests carry secrets.
   * @throws {UsageError} when it cannot be opened */
  constructor(path: string, maxBytes: number, emit: Tell | undefined) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#emit = emit;
    try {
      this.#file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
      this.#bytes = this.#file.statSync().size;
    } catch (error) {
      throw new UsageError(`--request-log: cannot open ${path}: ${errorText(error)}`);
    }
  }

  /** Appends a request. When it does not fit any more, or the disk is full, a notice says so once
   * and nothing more is written. */
  write(event: ServerEvent): void {
    if (this.#ended) return;
    const line = new TextEncoder().encode(`${JSON.stringify(eventJson(event))}\n`);
    if (this.#bytes + line.length > this.#maxBytes) {
      return this.#end(`has reached ${formatSize(this.#maxBytes)} (--request-log-limit)`);
    }
    try {
      for (let sent = 0; sent < line.length;) sent += this.#file.writeSync(line.subarray(sent));
      this.#bytes += line.length;
    } catch (error) {
      this.#end(`cannot be written: ${errorText(error)}`);
    }
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#file.close();
  }

  #end(why: string): void {
    this.#ended = true;
    this.#emit?.({ event: "notice", text: `the request log ${this.#path} ${why} and ends here` });
  }
}
