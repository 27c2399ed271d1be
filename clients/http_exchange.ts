// One HTTP/1.1 exchange: a request on a connection of our own, by the parser of node:http.

import type { IncomingMessage } from "node:http";
import { errorText } from "../core/event.ts";
import type { Deadline } from "./deadline.ts";
import type { FetchResponse } from "./fetch.ts";
import { HttpBody } from "./http_body.ts";
import { routeTo, type RouteValues } from "./http_route.ts";

type Values = RouteValues;

/** One request, ready to send. */
export interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
}

/** How to read the response. */
export interface Reading {
  /** No more than this of the body. */
  readonly bytes: number | undefined;
  readonly compressed: boolean | undefined;
}

/** One request and the head of its response. `close` closes the connection and leaves the deadline
 * to the requests that follow. */
export async function ask(
  asked: Asked,
  reading: Reading,
  values: Values,
  deadline: Deadline,
): Promise<{ response: FetchResponse; close(): void }> {
  const body = new HttpBody();
  const route = await routeTo(asked.url, values, body, deadline.signal);
  let close = () => route.close();
  try {
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      route.closed?.then(() => reject(new Error("the server closed without an answer")));
      const outgoing = route.request({
        method: asked.method,
        path: asked.url.pathname + asked.url.search,
        setHost: false,
      });
      const giveUp = () => {
        reject(deadline.signal.reason);
        outgoing.destroy();
        route.close();
      };
      deadline.signal.addEventListener("abort", giveUp, { once: true });
      close = () => {
        deadline.signal.removeEventListener("abort", giveUp);
        outgoing.destroy();
        route.close();
      };
      outgoing.on("error", reject);
      outgoing.once("response", (message: IncomingMessage) => {
        body.receive(message);
        resolve(message);
      });
      for (const [name, value] of withOwnFields(asked)) outgoing.appendHeader(name, value);
      outgoing.end(asked.body);
    });
    const answering = { body, reading, values, deadline, close };
    return { response: responseOf(asked, message, answering), close };
  } catch (error) {
    close();
    throw new Error(`Cannot fetch ${asked.url}: ${errorText(error)}`, { cause: error });
  }
}

/** The fields that say where the request goes and how long it is. */
function withOwnFields({ url, method, headers, body }: Asked): (readonly [string, string])[] {
  const has = (name: string) => headers.some(([one]) => one.toLowerCase() === name);
  const hasLength = body !== undefined || ["POST", "PUT", "PATCH"].includes(method);
  return [
    ...(has("host") ? [] : [["host", url.host] as const]),
    ...headers,
    ...(has("connection") ? [] : [["connection", "close"] as const]),
    ...(hasLength && !has("content-length")
      ? [["content-length", String(body?.length ?? 0)] as const]
      : []),
  ];
}

interface Answering {
  readonly body: HttpBody;
  readonly reading: Reading;
  readonly values: Values;
  readonly deadline: Deadline;
  close(): void;
}

function responseOf(
  { url: { href: url }, method }: Asked,
  message: IncomingMessage,
  { body: received, reading, values: { maxBodyBytes }, deadline, close }: Answering,
): FetchResponse {
  const headerList: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    headerList.push([message.rawHeaders[at] ?? "", message.rawHeaders[at + 1] ?? ""]);
  }
  const headers = new Headers(headerList.map((pair) => [...pair]));
  const end = () => {
    close();
    deadline[Symbol.dispose]();
  };

  async function* body(): AsyncGenerator<Uint8Array> {
    let left = reading.bytes ?? Infinity;
    try {
      if (left === 0) return;
      const whole = untilAnnounced(received, message, method);
      const parts = reading.compressed
        ? decompressed(whole, headers.get("content-encoding"))
        : whole;
      for await (const chunk of parts) {
        yield chunk.length > left ? chunk.subarray(0, left) : chunk;
        left -= chunk.length;
        if (left <= 0) return;
      }
    } catch (error) {
      const what = `Cannot fetch ${url}`;
      throw deadline.explain(what, new Error(`${what}: ${errorText(error)}`, { cause: error }));
    } finally {
      end();
    }
  }

  const all = body();
  const response: FetchResponse = {
    url,
    status: message.statusCode ?? 0,
    statusText: message.statusMessage ?? "",
    // An old runtime does not tell.
    httpVersion: message.httpVersion ?? "1.1",
    headerList,
    headers,
    body: all,
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
  return response;
}

/** The body as it comes, and an error when less comes than was announced. */
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
    // Of a connection that ended, node:http says no more than "aborted".
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

async function* decompressed(
  parts: AsyncIterable<Uint8Array>,
  encoding: string | null,
): AsyncGenerator<Uint8Array> {
  const { createBrotliDecompress, createGunzip, createInflate } = await import("node:zlib");
  const decoders = {
    gzip: createGunzip,
    "x-gzip": createGunzip,
    deflate: createInflate,
    br: createBrotliDecompress,
  };
  const name = encoding?.trim().toLowerCase() ?? "";
  if (!Object.hasOwn(decoders, name)) {
    yield* parts;
    return;
  }
  const { pipeline, Readable } = await import("node:stream");
  const decoder = decoders[name as keyof typeof decoders]();
  pipeline(Readable.from(parts), decoder, () => {
    // What went wrong is thrown where the decoder is read.
  });
  yield* decoder as AsyncIterable<Uint8Array>;
}
