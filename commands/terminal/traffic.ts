// Shows what passes over the session of a client: as text and hex with --verbose, as JSON with --json,
// and writes it to the record of --record.

import { formatAddress } from "../../core/addresses/address.ts";
import type { DialledSession } from "../../core/client_kind.ts";
import { WatchedSession } from "../../core/watched_service.ts";
import type { StandardStreams } from "./standard_streams.ts";
import { eventJson, eventSink, TranscriptFile } from "./events.ts";

/** Watches the sessions of one command. Disposing it closes the record. */
export interface Traffic extends Disposable {
  /** Returns the session itself when nothing is to be shown or recorded. */
  watch(session: DialledSession): DialledSession;
}

/** Opens the record, if there is one. */
export function openTraffic(io: StandardStreams, path: string | undefined): Traffic {
  const record = path === undefined ? undefined : new TranscriptFile(path, (line) => io.warn(line));
  const sink = eventSink(io, record);
  const watching = io.verbose || io.json || record !== undefined;
  return {
    watch(session) {
      if (!watching) return session;
      const watched = new WatchedSession(session, (event) => {
        // The messages are the data of a client, so with --json stdout has all of them.
        if (io.json && !io.verbose) {
          record?.write(event);
          io.printJson(eventJson(event));
        } else {
          sink(event);
        }
      });
      if (io.verbose) io.note(`connected to ${formatAddress(session.peer)}`);
      return Object.defineProperty(
        Object.assign(watched, { [Symbol.dispose]: () => session[Symbol.dispose]() }),
        "delivery",
        { get: () => session.delivery },
      );
    },
    [Symbol.dispose]: () => record?.[Symbol.dispose](),
  };
}
