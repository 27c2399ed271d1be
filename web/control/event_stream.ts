// Events as a stream of server-sent events (WHATWG HTML 9.2). A listener that reads too slowly misses
// some and is told how many; one that reads nothing is dropped. Nothing is kept for it beyond that.

import type { EventFilter, EventLog, LoggedEvent } from "./event_log.ts";

/** Events are sent together, not more often than this. */
const FLUSH_MS = 40;

/** How many events, and bytes of them, may wait for a listener. */
const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 1024 * 1024;

/** A listener that takes nothing for this long is dropped. */
const LONGEST_STALL_MS = 10_000;

/** A comment is sent this often, so that a listener that has gone is noticed. */
const ALIVE_MS = 15_000;

/** The header fields of the answer. */
export const EVENT_STREAM = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
} as const;

/** In place of events for which there was no room. */
interface Gap {
  missed: number;
  readonly bytes: 0;
}

/** The events that fit, those that are remembered after a number first. */
export function eventStream(
  log: EventLog,
  filter: EventFilter,
  { after, signal, onEnd }: {
    readonly after: number;
    readonly signal: AbortSignal;
    /** Called once nobody reads any more; perhaps more than once. */
    readonly onEnd?: () => void;
  },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const waiting: (LoggedEvent | Gap)[] = [];
  let waitingBytes = 0;
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
  function take(): string {
    let count = 0;
    let bytes = 0;
    while (count < waiting.length && count < MAX_WAITING && bytes < MAX_WAITING_BYTES) {
      bytes += waiting[count++]!.bytes;
    }
    waitingBytes -= bytes;
    return waiting.splice(0, count).map(textOf).join("");
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
        if ((controller.desiredSize ?? 0) > 0) {
          stalledSinceMs = undefined;
          if (waiting.length > 0) controller.enqueue(encoder.encode(take()));
        } else {
          stalledSinceMs ??= performance.now();
          if (performance.now() - stalledSinceMs >= LONGEST_STALL_MS) {
            log.dropped++;
            end();
            controller.error(new Error("the listener reads too slowly"));
            return;
          }
        }
        if (waiting.length > 0) flushTimer = setTimeout(flush, FLUSH_MS);
      };
      const soon = () => {
        flushTimer ??= setTimeout(flush, FLUSH_MS);
      };
      stop = log.listen(filter, (event) => {
        if (waiting.length >= MAX_WAITING || waitingBytes >= MAX_WAITING_BYTES) miss();
        else hear(event);
        soon();
      });
      for (const event of log.after(after, filter)) hear(event);
      aliveTimer = setInterval(() => {
        if ((controller.desiredSize ?? 0) <= 0) return soon();
        stalledSinceMs = undefined;
        controller.enqueue(encoder.encode(":\n\n"));
      }, ALIVE_MS);
      signal.addEventListener("abort", end, { once: true });
      if (signal.aborted) end();
      // The head goes out with the first bytes.
      controller.enqueue(encoder.encode(":\n\n"));
      if (waiting.length > 0) soon();
    },
    cancel() {
      end();
    },
  }, { highWaterMark: 4 });
}

function textOf(event: LoggedEvent | Gap): string {
  return "missed" in event
    ? `event: missed\ndata: ${JSON.stringify({ missed: event.missed })}\n\n`
    : `id: ${event.id}\nevent: ${event.event.event}\ndata: ${event.json}\n\n`;
}
