// Sessions that this process opens to its own servers when the control is asked for it, as the
// application sees them.

import type { Identity, Message } from "../../core/session.ts";
import type { EventFilter, EventLog } from "./event_log.ts";

/** Options of a client, by the names of their flags or their keys. */
export type AskedOptions = Readonly<Record<string, unknown>>;

/** A message to a server, of which the first answer is wanted. */
export interface AskRequest {
  readonly message: Message;
  /** Time for connecting, and then for the answer. */
  readonly timeoutMs: number;
  readonly options: AskedOptions;
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

/** A session to open. */
export interface DialRequest {
  readonly server: number;
  readonly options: AskedOptions;
  /** Who holds it: all sessions of one holder can be listened to at once. */
  readonly holder: string | null;
  /** To be a member of a chat there; without, what is sent and received is as it is. */
  readonly chat?: ChatEntry;
}

/** How to enter a chat. */
export interface ChatEntry {
  readonly name?: string;
  readonly room?: string;
  /** So many of the last messages to begin with. */
  readonly last?: number;
  /** What was said after this place in the room's order, in place of them. */
  readonly after?: number;
}

/** A session that was opened. */
export interface DialState {
  /** Its number among those that were opened. */
  readonly id: number;
  readonly server: number;
  readonly url: string;
  readonly holder: string | null;
  readonly kind: "session" | "chat";
  /** Number of the session, as its events have it; that of a chat has another after each loss. */
  readonly session: number | null;
  /** Whether a message is kept as one, or a stream of bytes. */
  readonly boundary: "messages" | "bytes";
  /** Whom the server proved to be. */
  readonly identity: Identity | null;
  readonly openedAt: string;
  readonly isOpen: boolean;
  /** Why it has ended; null as long as it is open. */
  readonly reason: string | null;
}

/** What a member can ask of a chat; docs/chat.md has its messages. */
export type ChatRequest =
  | {
    readonly type: "say";
    readonly text: string;
    readonly kind?: "say" | "me";
    readonly id?: string;
  }
  | { readonly type: "join"; readonly room: string }
  | { readonly type: "name"; readonly name: string }
  | { readonly type: "who" | "rooms" }
  | { readonly type: "history"; readonly count?: number; readonly before?: number }
  | { readonly type: "search"; readonly words: string; readonly count?: number }
  | { readonly type: "msg"; readonly to: string; readonly text: string }
  | { readonly type: "kick" | "ban"; readonly name: string; readonly reason?: string };

/** Whose events are wanted: those of one session, or of all of a holder. */
export type DialChoice = { readonly dial: number } | { readonly holder: string };

export interface OwnDials {
  /** What was sent and received, and how sessions ended. */
  readonly log: EventLog;
  /** Opens a session, sends a message, takes the first answer and closes the session.
   * @throws {Problem} when there is no such server, it cannot be reached, or too many are open
   * @throws {UsageError} when an option is wrong or missing */
  ask(server: number, request: AskRequest): Promise<AskResult>;
  /** Those that are open, and those that ended not long ago. */
  list(): readonly DialState[];
  /** Opens a session that stays open, as long as somebody listens or sends.
   * @throws as `ask` */
  open(request: DialRequest): Promise<DialState>;
  /** Sends a message; resolves once it was handed to the system.
   * @throws {Problem} when there is no such session, or it takes none */
  send(dial: number, message: Message): Promise<void>;
  /** Ends our half; the server may still send.
   * @throws {Problem} as `send` */
  end(dial: number): Promise<void>;
  /** Asks a chat.
   * @throws {Problem} when there is no such chat, or it refuses */
  askChat(dial: number, request: ChatRequest): Promise<unknown>;
  /** Closes a session and forgets it; false when there is none. */
  close(dial: number): boolean;
  /** Closes all sessions of a holder. */
  closeAll(holder: string): void;
  /** The events of sessions; they stay open until the listener is disposed of, and a while longer.
   * @throws {Problem} when there is no such session */
  hear(choice: DialChoice): { readonly filter: EventFilter } & Disposable;
  /** Counters. */
  stats(): DialStats;
}

export interface DialStats {
  /** Those that are open. */
  readonly open: number;
  /** Those that were opened, and those that were not because too many were open. */
  readonly opened: number;
  readonly refused: number;
  /** Those that were closed because nobody listened or sent any more. */
  readonly idled: number;
  /** Messages that were forgotten because there were too many. */
  readonly forgotten: number;
}
