// Prints the messages of a client's session: bytes with --verbose, JSON with --json, and all of
// them to the transcript.

import { formatAddress } from "../../core/addresses/address.ts";
import type { DialledSession } from "../../core/client_kind.ts";
import type { Emit } from "../../core/event.ts";
import { telling } from "../../core/event_stamp.ts";
import { WatchedSession } from "../../dock/watched_session.ts";
import type { Stdio } from "./stdio.ts";
import { eventJson, eventSink } from "./events.ts";
import { openTranscript } from "./transcript_file.ts";

/** Watches the sessions of one command. Disposing it closes the record. */
interface Traffic extends Disposable {
  /** Returns the session itself when nothing is printed or recorded. */
  watch(session: DialledSession): DialledSession;
}

export async function openTraffic(io: Stdio, path: string | undefined): Promise<Traffic> {
  const record = await openTranscript(path, (line) => io.warn(line));
  const sink = eventSink(io, record);
  const watching = io.verbose || io.json || record !== undefined;
  return {
    watch(session) {
      if (!watching) return session;
      if (io.verbose) io.note(`connected to ${formatAddress(session.peer)}`);
      const show: Emit = (event) => {
        // The messages are a client's data, so programs get all of them.
        if (io.json && !io.verbose) {
          record?.write(event);
          io.printJson(eventJson(event));
        } else {
          sink(event);
        }
      };
      return new WatchedSession(session, telling(show, session.serverUrl)!);
    },
    [Symbol.dispose]: () => record?.[Symbol.dispose](),
  };
}
