// Sessions that this process opens to its own servers when the control is asked for it, as the
// application sees them.

import type { Message } from "../../core/session.ts";

/** A message to a server, of which the first answer is wanted. */
export interface AskRequest {
  readonly message: Message;
  /** Time for connecting, and then for the answer. */
  readonly timeoutMs: number;
  /** Options of the client, by the names of their flags or their keys. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What came of it. */
export interface AskResult {
  /** The first message that came; null when none did. */
  readonly answer: Message | null;
  /** `late`: none came in time. `ended`: the server ended the session without one. */
  readonly outcome: "answered" | "late" | "ended";
  /** From sending until the answer, or until there could be none any more. */
  readonly durationMs: number;
  /** What connecting took, handshakes among it. */
  readonly connectMs: number;
}

export interface OwnDials {
  /** Opens a session, sends a message, takes the first answer and closes the session.
   * @throws {Problem} when there is no such server, it cannot be reached, or too many are open
   * @throws {UsageError} when an option is wrong or missing */
  ask(server: number, request: AskRequest): Promise<AskResult>;
}
