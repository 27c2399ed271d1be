// Telling the messages of sessions while somebody watches them. The sessions of a dock share one of
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
}
