// The endpoints whose bodies come in pieces, over time, or as a range.

import type { WebSocketAnswer } from "../../../core/http/app.ts";
import { contentRange, parseRange } from "../../request/range.ts";
import type { ParsedRequest } from "../parsed_request.ts";
import { GET, type InspectEndpoint, type Parameter, type Tools } from "../endpoint.ts";
import { milliseconds, wholeNumber } from "../numbers.ts";
import { MAX_BYTES } from "./dynamic_data.ts";
import { randomByteSource } from "./random_bytes.ts";
import { echoGet } from "./echo.ts";
import { MAX_DELAY_MS, statusCode } from "./status.ts";
import { pacedBody, type Piece } from "../waiting.ts";

const MAX_LINES = 100;
const MAX_EVENTS = 100;
const MAX_DRIP_BYTES = 10 * 1024 * 1024;
/** The longest time that a body takes, not counting the delay before it. */
const MAX_DURATION_MS = 60_000;
/** The largest piece of a drip. */
const DRIP_PIECE_BYTES = 64 * 1024;
/** The time between two pieces of a drip, unless they would be empty or too large. */
const DRIP_TICK_MS = 10;
const USUAL_CHUNK_BYTES = 10 * 1024;

const BINARY = "application/octet-stream";
const encoder = new TextEncoder();

async function lines(request: ParsedRequest, { context }: Tools): Promise<Response> {
  const count = wholeNumber(request.param("n"), "n", { max: MAX_LINES });
  const said = await echoGet(request);
  function* pieces(): Generator<Piece> {
    for (let id = 0; id < count; id++) {
      yield { bytes: encoder.encode(`${JSON.stringify({ ...said, id })}\n`), thenMs: 0 };
    }
  }
  return new Response(pacedBody(pieces(), context.signal), {
    headers: { "content-type": "application/json" },
  });
}

function chunkBytes(request: ParsedRequest): number {
  const given = request.queryValue("chunk_size");
  if (given === undefined) return USUAL_CHUNK_BYTES;
  const min = -Number.MAX_SAFE_INTEGER;
  return Math.max(1, wholeNumber(given, "chunk_size", { min, max: MAX_BYTES }));
}

function streamBytes(request: ParsedRequest, { context }: Tools): Response {
  const count = wholeNumber(request.param("n"), "n", { max: MAX_BYTES });
  const chunk = chunkBytes(request);
  const next = randomByteSource(request, context.random);
  function* pieces(): Generator<Piece> {
    for (let sent = 0; sent < count; sent += chunk) {
      yield { bytes: next(Math.min(chunk, count - sent)), thenMs: 0 };
    }
  }
  return new Response(pacedBody(pieces(), context.signal), {
    headers: { "content-type": BINARY },
  });
}

async function drip(request: ParsedRequest, { context, delays }: Tools): Promise<Response> {
  const durationMs = milliseconds(
    request.queryValue("duration") ?? "2",
    "duration",
    MAX_DURATION_MS,
  );
  const delayMs = milliseconds(request.queryValue("delay") ?? "0", "delay", MAX_DELAY_MS);
  const status = statusCode(request.queryValue("code") ?? "200");
  const bytes = wholeNumber(request.queryValue("numbytes") ?? "10", "numbytes", {
    min: 1,
    max: MAX_DRIP_BYTES,
  });
  await delays.wait(delayMs, request);
  if ([204, 205, 304].includes(status)) return new Response(null, { status });

  const ticks = Math.min(
    bytes,
    Math.max(1, Math.ceil(durationMs / DRIP_TICK_MS), Math.ceil(bytes / DRIP_PIECE_BYTES)),
  );
  function* pieces(): Generator<Piece> {
    for (let tick = 0; tick < ticks; tick++) {
      const start = Math.floor((bytes * tick) / ticks);
      const end = Math.floor((bytes * (tick + 1)) / ticks);
      yield { bytes: new Uint8Array(end - start).fill(0x2a), thenMs: durationMs / ticks };
    }
  }
  return new Response(pacedBody(pieces(), context.signal), {
    status,
    headers: { "content-type": BINARY, "content-length": String(bytes) },
  });
}

function range(request: ParsedRequest, { context }: Tools): Response {
  const length = wholeNumber(request.param("n"), "n");
  const headers = { "accept-ranges": "bytes", "etag": `"range${length}"` };
  if (length === 0 || length > MAX_BYTES) {
    return new Response(`The number of bytes must be from 1 to ${MAX_BYTES}.\n`, {
      status: 404,
      headers: { ...headers, "content-type": "text/plain; charset=utf-8" },
    });
  }
  const chunk = chunkBytes(request);
  const durationMs = milliseconds(
    request.queryValue("duration") ?? "0",
    "duration",
    MAX_DURATION_MS,
  );
  const ranges = parseRange(request.header("range") ?? "", length);
  if (ranges === "unsatisfiable") {
    return new Response(null, {
      status: 416,
      headers: { ...headers, "content-range": `bytes */${length}` },
    });
  }
  // A request for several ranges gets the whole, as in httpbin.
  const one = ranges?.length === 1 ? ranges[0] : undefined;
  const { first, last } = one ?? { first: 0, last: length - 1 };
  function* pieces(): Generator<Piece> {
    // The last piece may be shorter, and so is the pause after it.
    for (let at = first; at <= last; at += chunk) {
      const bytes = new Uint8Array(Math.min(chunk, last + 1 - at));
      for (let index = 0; index < bytes.length; index++) bytes[index] = 97 + (at + index) % 26;
      yield { bytes, thenMs: (durationMs * bytes.length) / length };
    }
  }
  return new Response(pacedBody(pieces(), context.signal), {
    status: first === 0 && last === length - 1 ? 200 : 206,
    headers: {
      ...headers,
      "content-type": BINARY,
      "content-length": String(last + 1 - first),
      "content-range": contentRange({ first, last }, length),
    },
  });
}

async function events(request: ParsedRequest, { context, delays }: Tools): Promise<Response> {
  const count = wholeNumber(request.queryValue("count") ?? "10", "count", {
    min: 1,
    max: MAX_EVENTS,
  });
  const delayMs = milliseconds(request.queryValue("delay") ?? "0", "delay", MAX_DELAY_MS);
  const durationMs = milliseconds(
    request.queryValue("duration") ?? "5",
    "duration",
    MAX_DURATION_MS,
  );
  await delays.wait(delayMs, request);
  function* pieces(): Generator<Piece> {
    for (let id = 0; id < count; id++) {
      const data = JSON.stringify({ id, timestamp: context.now() });
      const isLast = id === count - 1;
      yield {
        bytes: encoder.encode(`event: ping\nid: ${id}\ndata: ${data}\n\n`),
        thenMs: isLast ? 0 : durationMs / (count - 1),
      };
    }
  }
  return new Response(pacedBody(pieces(), context.signal, "end"), {
    headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
  });
}

export const echoingSocket: WebSocketAnswer = {
  async serve(session) {
    for await (const message of session) await session.send(message);
  },
};

const DURATION: Parameter = {
  name: "duration",
  in: "query",
  example: "1",
  help: "seconds that it takes, at most 60",
};
const CHUNK_SIZE: Parameter = {
  name: "chunk_size",
  in: "query",
  example: "",
  help: "bytes at a time; 10240 unless said",
};

export const streams: readonly InspectEndpoint[] = [
  {
    group: "Streams",
    path: "/stream/:n",
    methods: GET,
    summary: "That many lines of JSON",
    parameters: [{ name: "n", in: "path", whole: true, example: "3", help: "at most 100" }],
    handle: lines,
  },
  {
    group: "Streams",
    path: "/stream-bytes/:n",
    methods: GET,
    summary: "Bytes by chance, in chunks and without a length",
    parameters: [
      { name: "n", in: "path", whole: true, example: "64", help: "at most 102400" },
      { name: "seed", in: "query", example: "7", help: "a whole number: the same bytes each time" },
      CHUNK_SIZE,
    ],
    handle: streamBytes,
  },
  {
    group: "Streams",
    path: "/drip",
    methods: GET,
    summary: "Asterisks, a few at a time",
    parameters: [
      { name: "numbytes", in: "query", example: "10", help: "how many, at most 10 MiB" },
      DURATION,
      { name: "delay", in: "query", example: "", help: "seconds before the first, at most 10" },
      { name: "code", in: "query", example: "200", help: "the status" },
    ],
    handle: drip,
  },
  {
    group: "Streams",
    path: "/range/:n",
    methods: GET,
    summary: "The alphabet over and over, whole or a range of it",
    parameters: [
      { name: "n", in: "path", whole: true, example: "52", help: "1 to 102400" },
      { name: "Range", in: "header", example: "bytes=26-30", help: "which part" },
      { ...DURATION, example: "" },
      CHUNK_SIZE,
    ],
    status: 206,
    handle: range,
  },
  {
    group: "Streams",
    path: "/sse",
    methods: GET,
    summary: "A stream of server-sent events",
    parameters: [
      { name: "count", in: "query", example: "3", help: "how many, at most 100; 10 unless said" },
      { ...DURATION, help: "seconds from the first to the last, at most 60; 5 unless said" },
      { name: "delay", in: "query", example: "", help: "seconds before the first, at most 10" },
    ],
    handle: events,
  },
  {
    group: "Streams",
    path: "/ws",
    methods: GET,
    summary: "A WebSocket that says every message back",
    status: 426,
    handle: () =>
      new Response("This is a WebSocket: open it with ws:// or wss://.\n", {
        status: 426,
        headers: { "content-type": "text/plain; charset=utf-8", "upgrade": "websocket" },
      }),
  },
];
