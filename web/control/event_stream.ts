// Events as a stream of bytes. A listener that reads too slowly misses some and is told how many; one
// that reads nothing is dropped; one that wants only so many a second gets these, and is told how many
// were left out. Nothing is kept for it beyond that, and no event is made that it would not get.

import type { EventFilter, EventLog, LoggedEvent } from "./event_log.ts";
import { Sampler } from "./sampler.ts";

/** Events are sent together, not more often than this. */
const FLUSH_MS = 40;

/** How many events, and bytes of them, may wait for a listener. */
const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 1024 * 1024;

/** A listener that takes nothing for this long is dropped. */
const LONGEST_STALL_MS = 10_000;

/** A sign of life is sent this often, so that a listener that has gone is noticed. */
const ALIVE_MS = 15_000;

const EVENT_STREAM = "text/event-stream";

/** What a route of server-sent events says of its answer. */
export const EVENT_STREAM_ANSWER = {
  status: 200,
  description: "The events.",
  mediaType: EVENT_STREAM,
  schema: { type: "string" },
} as const;

/** Answers with a stream, of which nothing is kept on the way. Default: server-sent events. */
export function streamed(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  headers: Readonly<Record<string, string>> = { "content-type": EVENT_STREAM },
): Response {
  return new Response(stream, {
    headers: { ...headers, "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
}

/** In place of events for which there was no room. */
interface Gap {
  missed: number;
  readonly bytes: 0;
}

/** What a listener is told: an event, or how many it does not get. */
export type Told = LoggedEvent | Gap | { readonly leftOut: number };

/** How a stream is written. */
export interface StreamWriter {
  /** What comes first, and makes the head of the answer go out. */
  start(): Uint8Array<ArrayBuffer>;
  write(told: readonly Told[]): Uint8Array<ArrayBuffer>;
  /** What says no more than that it goes on, where there is such a thing. */
  alive?(): Uint8Array<ArrayBuffer>;
}

interface StreamOptions {
  /** The number of an event: those that are remembered after it come first. */
  readonly after: number;
  /** How many messages and requests a second, and how many other events. Default: all. */
  readonly perSecond?: number | undefined;
  readonly signal: AbortSignal;
  /** Called once nobody reads any more; perhaps more than once. */
  readonly onEnd?: () => void;
}

/** The events that fit, those that are remembered after a number first. */
export function eventStream(
  log: EventLog,
  filter: EventFilter,
  writer: StreamWriter,
  { after, perSecond, signal, onEnd }: StreamOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const waiting: (LoggedEvent | Gap)[] = [];
  // The sessions that come and go among many messages are seen.
  const [messages, others] = perSecond === undefined
    ? []
    : [new Sampler(perSecond), new Sampler(perSecond)];
  let waitingBytes = 0;
  let turnedMs = performance.now();
  let flushTimer: ReturnType<typeof setTimeout> | undefined;
  let aliveTimer: ReturnType<typeof setInterval> | undefined;
  let stalledSinceMs: number | undefined;
  let stop = () => {};
  let end = () => {};

  function hear(event: LoggedEvent): void {
    waiting.push(event);
    waitingBytes += event.bytes;
  }

  function miss(): void {
    log.missed++;
    const last = waiting.at(-1);
    if (last !== undefined && "missed" in last) last.missed++;
    else waiting.push({ missed: 1, bytes: 0 });
  }

  /** As much of what waits as is sent at a time. */
  function take(): readonly Told[] {
    let count = 0;
    let bytes = 0;
    while (count < waiting.length && count < MAX_WAITING && bytes < MAX_WAITING_BYTES) {
      bytes += waiting[count++]!.bytes;
    }
    waitingBytes -= bytes;
    const taken = waiting.splice(0, count);
    const leftOut = (messages?.takeLeftOut() ?? 0) + (others?.takeLeftOut() ?? 0);
    return leftOut === 0 ? taken : [...taken, { leftOut }];
  }

  /** Whether events have come since the last time, of which some may have been left out. */
  function turn(): boolean {
    if (messages === undefined || others === undefined) return false;
    const nowMs = performance.now();
    const elapsedMs = Math.max(FLUSH_MS, nowMs - turnedMs);
    turnedMs = nowMs;
    return [messages, others].map((sampler) => sampler.turn(elapsedMs)).includes(true);
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      end = () => {
        stop();
        clearTimeout(flushTimer);
        clearInterval(aliveTimer);
        signal.removeEventListener("abort", end);
        onEnd?.();
      };
      const flush = () => {
        flushTimer = undefined;
        const isAwake = turn();
        if ((controller.desiredSize ?? 0) > 0) {
          stalledSinceMs = undefined;
          const told = take();
          const bytes = told.length === 0 ? undefined : writer.write(told);
          if (bytes !== undefined && bytes.length > 0) controller.enqueue(bytes);
        } else {
          stalledSinceMs ??= performance.now();
          if (performance.now() - stalledSinceMs >= LONGEST_STALL_MS) {
            log.dropped++;
            end();
            controller.error(new Error("the listener reads too slowly"));
            return;
          }
        }
        if (waiting.length > 0 || isAwake) flushTimer = setTimeout(flush, FLUSH_MS);
      };
      const soon = () => {
        flushTimer ??= setTimeout(flush, FLUSH_MS);
      };
      stop = log.listen({
        filter,
        takes(isTraffic) {
          soon();
          if ((isTraffic ? messages : others)?.takes() === false) return false;
          const hasRoom = waiting.length < MAX_WAITING && waitingBytes < MAX_WAITING_BYTES;
          if (!hasRoom) miss();
          return hasRoom;
        },
        hear,
      });
      for (const event of log.after(after, filter)) hear(event);
      aliveTimer = setInterval(() => {
        if ((controller.desiredSize ?? 0) <= 0) return soon();
        stalledSinceMs = undefined;
        if (writer.alive !== undefined) controller.enqueue(writer.alive());
      }, ALIVE_MS);
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) end();
      // The head goes out with the first bytes.
      controller.enqueue(writer.start());
      if (waiting.length > 0) soon();
    },
    cancel() {
      end();
    },
  }, { highWaterMark: 4 });
}
