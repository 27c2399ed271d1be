// Events of the log as a capture.

import { concat } from "@std/bytes/concat";
import { Capture } from "../../core/pcapng/capture.ts";
import type { LoggedEvent } from "./event_log.ts";
import type { StreamWriter } from "./event_stream.ts";

/** Events that are written at a time. */
const AT_A_TIME = 200;

/** Writes a capture as events come. */
export function captureWriter(): StreamWriter {
  const capture = new Capture();
  return {
    start: () => capture.start(),
    write: (told) =>
      concat(told.map((one) => {
        if ("event" in one) return capture.packets(one.event, one.messageBytes);
        // What was left out and what was missed are alike not there.
        capture.missed("missed" in one ? one.missed : one.leftOut);
        return new Uint8Array();
      })),
  };
}

/** A capture of events that have passed. */
export function captureOf(events: Iterable<LoggedEvent>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = [...events];
  const writer = captureWriter();
  return new ReadableStream({
    start: (controller) => controller.enqueue(writer.start()),
    pull(controller) {
      while (left.length > 0) {
        const bytes = writer.write(left.splice(0, AT_A_TIME));
        // No bytes would be taken for the end.
        if (bytes.length > 0) return controller.enqueue(bytes);
      }
      controller.close();
    },
  });
}
