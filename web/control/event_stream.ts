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

/** The events that fit, those that are remembered after a number first. */
export function eventStream(
  log: EventLog,
  filter: EventFilter,
  { after, signal }: { readonly after: number; readonly signal: AbortSignal },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  const waiting: LoggedEvent[] = [];
  let waitingBytes = 0;
  let missed = 0;
  let flushTimer: ReturnType<typeof setTimeout> | undefined;
  let aliveTimer: ReturnType<typeof setInterval> | undefined;
  let stalledSinceMs: number | undefined;
  let stop = () => {};
  let end = () => {};

  function hear(event: LoggedEvent, isNew = true): void {
    if (isNew && (waiting.length >= MAX_WAITING || waitingBytes >= MAX_WAITING_BYTES)) {
      missed++;
      log.missed++;
    } else {
      waiting.push(event);
      waitingBytes += event.bytes;
    }
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      end = () => {
        stop();
        clearTimeout(flushTimer);
        clearInterval(aliveTimer);
        signal.removeEventListener("abort", end);
      };
      const flush = () => {
        flushTimer = undefined;
        if ((controller.desiredSize ?? 0) <= 0) {
          stalledSinceMs ??= performance.now();
          if (performance.now() - stalledSinceMs > LONGEST_STALL_MS) {
            log.dropped++;
            end();
            controller.error(new Error("the listener reads too slowly"));
            return;
          }
        } else if (waiting.length > 0 || missed > 0) {
          stalledSinceMs = undefined;
          const next = waiting.splice(0, MAX_WAITING);
          for (const { bytes } of next) waitingBytes -= bytes;
          controller.enqueue(encoder.encode(textOf(next, missed)));
          missed = 0;
        }
        if (waiting.length > 0) flushTimer = setTimeout(flush, FLUSH_MS);
      };
      const soon = () => {
        flushTimer ??= setTimeout(flush, FLUSH_MS);
      };
      stop = log.listen(filter, (event) => {
        hear(event);
        soon();
      });
      for (const event of log.after(after, filter)) hear(event, false);
      aliveTimer = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(":\n\n"));
        else soon();
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

function textOf(events: readonly LoggedEvent[], missed: number): string {
  let text = "";
  for (const { id, event, json } of events) {
    text += `id: ${id}\nevent: ${event.event}\ndata: ${json}\n\n`;
  }
  return missed === 0 ? text : `${text}event: missed\ndata: ${JSON.stringify({ missed })}\n\n`;
}
