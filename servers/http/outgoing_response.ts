// Sends a standard Response (Fetch standard) on node:http.

import type { OutgoingHttpHeader, ServerResponse } from "node:http";
import { fieldLinesOf } from "../../core/http/field_lines.ts";

/** Sends a response. Resolves when all of it was handed to the system, or its client has left.
 * @throws the error of the body's stream; the response must then be aborted */
export async function sendResponse(
  response: Response,
  outgoing: ServerResponse,
  { bodiless }: { readonly bodiless: boolean },
): Promise<void> {
  const announced = Number(response.headers.get("content-length") ?? Infinity);
  const reader = response.body === null
    ? null
    : new AnnouncedReader(response.body, bodiless ? Infinity : announced);
  const gone = () => reader?.cancel();
  outgoing.once("close", gone);
  try {
    const first = await reader?.read();
    if (outgoing.destroyed) return;
    writeHead(response, outgoing);
    if (reader === null || first === undefined || first.done) {
      outgoing.end();
      return;
    }
    // A body that was in memory ends after one part, so its length is known.
    const next = reader.read();
    next.catch(() => {});
    const isWhole = await doneSoon(next);
    if (bodiless) {
      if (isWhole && !outgoing.hasHeader("content-length")) {
        outgoing.setHeader("content-length", first.value.length);
      }
      reader.cancel();
      outgoing.end();
    } else if (isWhole) {
      outgoing.end(first.value);
    } else {
      await write(first.value, outgoing);
      for (let part = await next; !part.done; part = await reader.read()) {
        await write(part.value, outgoing);
      }
      outgoing.end();
    }
  } finally {
    outgoing.off("close", gone);
    if (outgoing.destroyed) gone();
  }
}

/** Reads a body up to its Content-Length, and fails when the body is shorter: node:http would send
 * any number of bytes, and the client would wait for more or take the rest for the next
 * response. */
class AnnouncedReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #left: number;

  constructor(body: ReadableStream<Uint8Array>, announced: number) {
    this.#reader = body.getReader();
    this.#left = announced;
  }

  async read(): Promise<ReadableStreamReadResult<Uint8Array>> {
    if (this.#left === 0) {
      this.cancel();
      return { done: true };
    }
    const part = await this.#reader.read();
    if (part.done) {
      if (this.#left === Infinity) return part;
      throw new Error(`the body is ${this.#left} bytes shorter than was announced`);
    }
    const value = part.value.subarray(0, this.#left);
    this.#left -= value.length;
    return { done: false, value };
  }

  cancel(): void {
    this.#reader.cancel("the peer has all of it, or has left").catch(() => {});
  }
}

function writeHead(response: Response, outgoing: ServerResponse): void {
  const { status, statusText } = response;
  outgoing.statusCode = status;
  if (statusText !== "") outgoing.statusMessage = statusText;
  const fields = new Map<string, OutgoingHttpHeader>();
  for (const [name, value] of fieldLinesOf(response)) {
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : [before, value].flat().map(String));
  }
  // The timer of node:http for the date would outlive the server.
  outgoing.sendDate = false;
  outgoing.setHeader("date", new Date().toUTCString());
  for (const [name, value] of fields) outgoing.setHeader(name, value);
}

/** Writes a part, and resolves when there is room for more, or the client has left. */
async function write(part: Uint8Array, outgoing: ServerResponse): Promise<void> {
  if (outgoing.write(part) || outgoing.destroyed) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      outgoing.off("drain", done);
      outgoing.off("close", done);
      resolve();
    };
    outgoing.on("drain", done);
    outgoing.on("close", done);
  });
}

/** Whether a stream ends at once, within a timer of 0 ms. */
async function doneSoon(next: Promise<ReadableStreamReadResult<unknown>>): Promise<boolean> {
  const later = Promise.withResolvers<false>();
  const timer = setTimeout(() => later.resolve(false), 0);
  try {
    return await Promise.race([next.then(({ done }) => done, () => false), later.promise]);
  } finally {
    clearTimeout(timer);
  }
}
