// The events of a server, such as a session opened or a request answered. Library code tells them;
// only commands print them. What tells one says what happened; when, on which server and in which
// session is added in one place (event_stamp.ts). docs/events.md describes each for users.

import type { Stats } from "./counters.ts";
import type { EventOrigin, Identity, Message, SessionOrigin } from "./session.ts";

/** What every event carries. */
export interface Stamp {
  /** When it happened, in ISO 8601, in UTC and with milliseconds. */
  readonly time: string;
  /** URL of the server. */
  readonly url: string;
}

/** What an event about a peer carries besides. */
export interface PeerStamp extends Stamp {
  /** Number of the session, unique in this process, where there is one. For HTTP a connection is a
   * session. */
  readonly session?: number;
  /** The peer's address, as people read and write it. */
  readonly peer: string;
}

/** What an event of a session carries besides. */
export interface SessionStamp extends PeerStamp {
  readonly session: number;
}

/** A server listens. */
export interface ListeningEvent extends Stamp {
  readonly event: "listening";
  readonly protocol: string;
  /** SHA-256 of the certificate in use, where there is one. */
  readonly fingerprint?: string;
}

/** A session, or an HTTP connection, has begun. */
export interface OpenedEvent extends SessionStamp {
  readonly event: "opened";
  /** The identity that the peer proved, where authentication is required. */
  readonly identity?: Identity;
  /** Present for an HTTP connection, which carries requests instead of messages. */
  readonly carries?: "requests";
}

/** A session, or an HTTP connection, has ended. */
export interface ClosedEvent extends SessionStamp {
  readonly event: "closed";
  readonly carries?: "requests";
  readonly reason: string;
  /** Time for which it was open. */
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** A protocol has opened a session of its own for the one it serves, as a relay does. */
export interface DialledEvent extends SessionStamp {
  readonly event: "dialled";
  /** The URL that was dialled. */
  readonly upstream: string;
  /** Number of the session that was opened. */
  readonly upstreamSession: number;
}

/** A peer was denied before any of its bytes were used. */
export interface DeniedEvent extends PeerStamp {
  readonly event: "denied";
  readonly reason: string;
}

/** A handshake, an HTTP connection or the client session of a relay ended in an error. Where there
 * was a session, that is the reason of its `closed`. */
export interface FailedEvent extends PeerStamp {
  readonly event: "failed";
  readonly error: string;
  /** The URL that a relay dialled, where its upstream is at fault. */
  readonly upstream?: string;
}

/** The listener could not take a connection or datagram; it goes on. */
export interface AcceptFailedEvent extends Stamp {
  readonly event: "accept-failed";
  readonly error: string;
}

/** An event of a chat room, for its operator. */
export interface RoomEvent extends Stamp {
  readonly event: "chat";
  /** The session of the member, unless it is at another server or this terminal. */
  readonly session?: number;
  readonly peer?: string;
  readonly room: string;
  /** A message, an action (`/me`), or a member that joined, left or was renamed. */
  readonly kind: "say" | "me" | "came" | "went" | "renamed";
  readonly name: string;
  readonly standing: "plain" | "verified";
  /** The message, the reason that the member left, or the new name. */
  readonly text?: string;
  readonly id?: string;
}

/** A message that a protocol prints. */
export interface ShownEvent extends SessionStamp {
  readonly event: "message";
  readonly message: Message;
}

/** A message in either direction, when they are watched. */
export interface TrafficEvent extends SessionStamp {
  readonly event: "received" | "sent";
  readonly message: Message;
}

/** An HTTP request was answered; its time is that of its head. */
export interface RequestEvent extends PeerStamp {
  readonly event: "request";
  readonly method: string;
  readonly path: string;
  /** `1.0`, `1.1` or `2`, where that is known. */
  readonly httpVersion?: string;
  readonly status: number;
  /** Length of the body that was sent. */
  readonly bytes: number;
  /** Time from the head of the request to the end of the answer. */
  readonly durationMs: number;
  /** The user, where the server asked for a name and password. */
  readonly user?: string;
  /** The identity that the peer proved, where authentication is required. */
  readonly identity?: Identity;
}

/** One HTTP request as the inspector logs it, whole but for a long body; its time is that of its
 * arrival. */
export interface InspectedEvent extends PeerStamp {
  readonly event: "inspected";
  readonly method: string;
  /** The URL that was asked for. */
  readonly target: string;
  /** Absent where the version is not known. */
  readonly httpVersion?: string;
  /** Header fields as the client sent them and in their order, where the transport knows it. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Length of the whole body; `message` may be only its beginning. */
  readonly bodyBytes: number;
  readonly message: Message;
}

/** A received file is in its place, or was there already. */
export interface StoredEvent extends SessionStamp {
  readonly event: "stored";
  /** The identity that the sender proved, where it proved one. */
  readonly identity?: Identity;
  /** Path of the file below the receiving folder. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly already?: true;
}

/** An offered file, or its sender, was refused. */
export interface RefusedEvent extends SessionStamp {
  readonly event: "refused";
  readonly identity?: Identity;
  readonly file?: string;
  readonly reason: string;
}

/** Something that the operator should know. */
export interface NoticeEvent extends Stamp {
  readonly event: "notice";
  readonly text: string;
}

/** A server, with all its endpoints, has stopped. */
export interface StoppedEvent extends Stamp {
  readonly event: "stopped";
  /** URLs of all its endpoints, where there are several; `url` is the first. */
  readonly urls?: readonly string[];
  readonly stats: Stats;
}

type SessionEvent =
  | OpenedEvent
  | ClosedEvent
  | DialledEvent
  | ShownEvent
  | TrafficEvent
  | StoredEvent
  | RefusedEvent;

type PeerEvent = DeniedEvent | FailedEvent | RequestEvent | InspectedEvent;

/** Events of a server, which may stand in no connection with a peer. */
type PlainEvent = ListeningEvent | AcceptFailedEvent | RoomEvent | NoticeEvent | StoppedEvent;

/** An event, as data. */
export type ServerEvent = SessionEvent | PeerEvent | PlainEvent;

/** Receives events. Must not throw. */
export type Emit = (event: ServerEvent) => void;

/** An event as it is told: what happened, without its stamp. */
export type EventBody<Event extends ServerEvent = ServerEvent> = Event extends unknown
  ? Omit<Event, "time" | "url" | "session" | "peer"> & { readonly peer?: string }
  : never;

/** Tells an event, which gets its stamp then. An event of a session can only be told with its
 * session, and one about a peer with its peer.
 *
 * Where nobody listens there is no such function, so that `tell?.(...)` makes nothing then.
 *
 * @param timeMs when it happened, if that is not now */
export interface Tell {
  (body: EventBody<SessionEvent>, of: SessionOrigin, timeMs?: number): void;
  (body: EventBody<PeerEvent>, of: EventOrigin, timeMs?: number): void;
  (body: EventBody<PlainEvent>, of?: Partial<EventOrigin>, timeMs?: number): void;
}

/** The message of a thrown value. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
