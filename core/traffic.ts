// Telling the messages of sessions, and what HTTP requests carry, while somebody watches them. The sessions of a dock share one of
// these; where nobody watches, a message costs the look at a field.

import type { Message, SessionOrigin } from "./session.ts";

/** Shows a message that has come in or is sent. It may keep no view of its bytes. */
export type ShowMessage = (
  event: "received" | "sent",
  session: SessionOrigin,
  message: Message,
) => void;

/** Where the messages of sessions are shown while somebody watches. */
export interface Traffic {
  /** Undefined while nobody watches. */
  show: ShowMessage | undefined;
  /** The most of each HTTP body that somebody wants to see, in bytes; undefined while nobody wants any,
   * and no heads either. */
  bodyBytes: number | undefined;
}
