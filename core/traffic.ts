// Telling the messages of sessions, and what HTTP requests carry, while somebody watches them. The
// sessions of a dock share one of these; where nobody watches, a message costs the look at a field.

import type { ServerEvent } from "./event.ts";
import type { Message, SessionOrigin } from "./session.ts";

/** Shows a message that has come in or is sent. It may keep no view of its bytes. */
export type ShowMessage = (
  event: "received" | "sent",
  session: SessionOrigin,
  message: Message,
) => void;

/** Offers a listener a message before an event is made of it. What it does not want is never copied.
 *
 * @param make makes the event, once for all listeners */
export type OfferMessage = (
  event: "received" | "sent",
  session: SessionOrigin,
  make: () => ServerEvent,
) => void;

/** Where the messages of sessions are shown while somebody watches. */
export interface Traffic {
  /** Undefined while nobody watches. */
  show: ShowMessage | undefined;
  /** The most of each HTTP body that somebody wants to see, in bytes; undefined while nobody wants any,
   * and no heads either. */
  bodyBytes: number | undefined;
}
