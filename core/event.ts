// The events of a server, such as a session opened or a request answered. Library code tells them;
// only commands print them. What tells one says what happened; when, on which server and in which
// session is added in one place (event_stamp.ts). docs/events.md describes each for users.
// Past 300 lines because it is one table: a type for each kind of event.

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
  /** Number of the session, unique in this process. */
  readonly session: number;
}

/** A server listens. */
export interface ListeningEvent extends Stamp {
  /** The kind of this event. */
  readonly event: "listening";
  /** The protocol or application that it serves. */
  readonly protocol: string;
  /** SHA-256 of the certificate in use, where there is one. */
  readonly fingerprint?: string;
}

/** A session, or an HTTP connection, has begun. */
export interface OpenedEvent extends SessionStamp {
  /** The kind of this event. */
  readonly event: "opened";
  /** The identity that the peer proved, where authentication is required. */
  readonly identity?: Identity;
  /** Present for an HTTP connection, which carries requests instead of messages. */
  readonly carries?: "requests";
}

/** A session, or an HTTP connection, has ended. */
export interface ClosedEvent extends SessionStamp {
  /** The kind of this event. */
  readonly event: "closed";
  /** Present for an HTTP connection, which carries requests instead of messages. */
  readonly carries?: "requests";
  /** Why. */
  readonly reason: string;
  /** Time for which it was open. */
  readonly durationMs: number;
  /** Bytes of messages, or of HTTP, that the peer sent. */
  readonly bytesReceived: number;
  /** Bytes of messages, or of HTTP, that were sent to it. */
  readonly bytesSent: number;
}

/** A protocol has opened a session of its own for the one it serves, as a relay does. */
export interface DialledEvent extends SessionStamp {
  /** The kind of this event. */
  readonly event: "dialled";
  /** The URL that was dialled. */
  readonly upstream: string;
  /** Number of the session that was opened. */
  readonly upstreamSession: number;
}

/** The peer of a session has another address: it changed its network, or what stands between renewed
 * its port. */
export interface MovedEvent extends SessionStamp {
  /** The kind of this event. */
  readonly event: "moved";
  /** The address that it had, as people read and write it. */
  readonly from: string;
  /** The address that it has, which is its `peer` from here on. */
  readonly to: string;
}

/** A peer was denied before any of its bytes were used. */
export interface DeniedEvent extends PeerStamp {
  /** The kind of this event. */
  readonly event: "denied";
  /** Why. */
  readonly reason: string;
}

/** A handshake, an HTTP connection or the client session of a relay ended in an error. Where there
 * was a session, that is the reason of its `closed`. */
export interface FailedEvent extends PeerStamp {
  /** The kind of this event. */
  readonly event: "failed";
  /** What went wrong, in words. */
  readonly error: string;
  /** The URL that a relay dialled, where its upstream is at fault. */
  readonly upstream?: string;
}

/** The listener could not take a connection or datagram; it goes on. */
export interface AcceptFailedEvent extends Stamp {
  /** The kind of this event. */
  readonly event: "accept-failed";
  /** What went wrong, in words. */
  readonly error: string;
}

/** An event of a chat room, for its operator. */
export interface RoomEvent extends Stamp {
  /** The kind of this event. */
  readonly event: "chat";
  /** The session of the member, unless it is at another server or this terminal. */
  readonly session?: number;
  /** The peer's address, as people read and write it. */
  readonly peer?: string;
  /** The room in which it happened. */
  readonly room: string;
  /** A message, an action (`/me`), or a member that joined, left or was renamed. */
  readonly kind: "say" | "me" | "came" | "went" | "renamed";
  /** The name of the member. */
  readonly name: string;
  /** Whether the member proved to own its name. */
  readonly standing: "plain" | "verified";
  /** The message, the reason that the member left, or the new name. */
  readonly text?: string;
  /** The id of the message. */
  readonly id?: string;
}

/** A message that a protocol prints. */
export interface ShownEvent extends SessionStamp {
  /** The kind of this event. */
  readonly event: "message";
  /** The message, whole. */
  readonly message: Message;
}

/** A message in either direction, when they are watched. */
export interface TrafficEvent extends SessionStamp {
  /** The kind of this event. */
  readonly event: "received" | "sent";
  /** The message, whole. */
  readonly message: Message;
}

/** An HTTP request was answered; its time is that of its head. */
export interface RequestEvent extends PeerStamp {
  /** The kind of this event. */
  readonly event: "request";
  /** The method of the request. */
  readonly method: string;
  /** The path that was asked for, with its query. */
  readonly path: string;
  /** `1.0`, `1.1` or `2`, where that is known. */
  readonly httpVersion?: string;
  /** The status of the response. */
  readonly status: number;
  /** Length of the body that was sent. */
  readonly bytes: number;
  /** Time from the head of the request to the end of the answer. */
  readonly durationMs: number;
  /** The user, where the server asked for a name and password. */
  readonly user?: string;
  /** The identity that the peer proved, where authentication is required. */
  readonly identity?: Identity;
  /** What was asked and answered, for listeners that want bodies. */
  readonly content?: HttpContent;
}

/** The heads and the bodies of a request and its answer. */
export interface HttpContent {
  /** What the client sent. */
  readonly request: HttpPart;
  /** What it got; without a head where the answer was none of HTTP any more. */
  readonly response: HttpPart;
  /** Time from the head of the request to the first byte of the answer. */
  readonly firstByteMs?: number;
}

/** The head and the body of a request or of an answer. */
export interface HttpPart {
  /** Header fields in their order, secrets masked. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Length of the whole body, as far as it was read or sent. */
  readonly bytes: number;
  /** Present where `message` is only the beginning of the body. */
  readonly cut?: true;
  /** The body; in a text, the secrets of the header fields are masked too. */
  readonly message: Message;
}

/** One HTTP request as the inspector logs it, whole but for a long body; its time is that of its
 * arrival. */
export interface InspectedEvent extends PeerStamp {
  /** The kind of this event. */
  readonly event: "inspected";
  /** The method of the request. */
  readonly method: string;
  /** The URL that was asked for. */
  readonly target: string;
  /** Absent where the version is not known. */
  readonly httpVersion?: string;
  /** Header fields as the client sent them and in their order, where the transport knows it. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Length of the whole body; `message` may be only its beginning. */
  readonly bodyBytes: number;
  /** The message, whole. */
  readonly message: Message;
}

/** A received file is in its place, or was there already. */
export interface StoredEvent extends SessionStamp {
  /** The kind of this event. */
  readonly event: "stored";
  /** The identity that the sender proved, where it proved one. */
  readonly identity?: Identity;
  /** Path of the file below the receiving folder. */
  readonly file: string;
  /** Length in bytes. */
  readonly bytes: number;
  /** SHA-256 of its content, in hexadecimal. */
  readonly sha256: string;
  /** Present where the same file was there before. */
  readonly already?: true;
}

/** An offered file, or its sender, was refused. */
export interface RefusedEvent extends SessionStamp {
  /** The kind of this event. */
  readonly event: "refused";
  /** The identity that the sender proved, where it proved one. */
  readonly identity?: Identity;
  /** The path that was offered, where a file was. */
  readonly file?: string;
  /** Why. */
  readonly reason: string;
}

/** Something that the operator should know. */
export interface NoticeEvent extends Stamp {
  /** The kind of this event. */
  readonly event: "notice";
  /** What it is, in words. */
  readonly text: string;
}

/** A server, with all its endpoints, has stopped. */
export interface StoppedEvent extends Stamp {
  /** The kind of this event. */
  readonly event: "stopped";
  /** URLs of all its endpoints, where there are several; `url` is the first. */
  readonly urls?: readonly string[];
  /** The counters at its end. */
  readonly stats: Stats;
}

/** Events of a session. */
export type SessionEvent =
  | OpenedEvent
  | ClosedEvent
  | DialledEvent
  | MovedEvent
  | ShownEvent
  | TrafficEvent
  | StoredEvent
  | RefusedEvent;

/** Events about a peer, which may have no session. */
export type PeerEvent = DeniedEvent | FailedEvent | RequestEvent | InspectedEvent;

/** Events of a server, which may stand in no connection with a peer. */
export type PlainEvent =
  | ListeningEvent
  | AcceptFailedEvent
  | RoomEvent
  | NoticeEvent
  | StoppedEvent;

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
