// The events of a server, such as a session opened or a request answered. Library code emits them;
// only commands print them.

import type { Stats } from "./counters.ts";
import type { Identity, Message } from "./session.ts";

/** One HTTP request as the inspector logs it, whole but for a long body. */
export interface InspectedEvent {
  /** The kind of this event. */
  readonly event: "inspected";
  /** Time of arrival, in ISO 8601. */
  readonly time: string;
  /** The address of the client. */
  readonly peer: string;
  /** The method of the request. */
  readonly method: string;
  /** The request's URL. */
  readonly url: string;
  /** Absent where the version is not known. */
  readonly httpVersion?: string;
  /** Header fields as the client sent them and in their order, where the transport knows it. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Length of the whole body; `message` may be only its beginning. */
  readonly bodyBytes: number;
  /** The body, or its beginning. */
  readonly message: Message;
}

/** An event of a chat room, for its operator. */
export interface RoomEvent {
  /** The kind of this event. */
  readonly event: "chat";
  /** Time, in ISO 8601. */
  readonly time: string;
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

/** An event, as data. `peer` and `url` are in the form people read and write. */
export type ServerEvent =
  | {
    readonly event: "listening";
    readonly url: string;
    readonly protocol: string;
    /** SHA-256 of the certificate in use, where there is one. */
    readonly fingerprint?: string;
  }
  | {
    readonly event: "opened";
    readonly url: string;
    readonly peer: string;
    /** The identity that the peer proved, where authentication is required. */
    readonly identity?: Identity;
  }
  | {
    readonly event: "closed";
    readonly url: string;
    readonly peer: string;
    readonly reason: string;
    readonly bytesReceived: number;
    readonly bytesSent: number;
  }
  /** A peer was denied before any of its bytes were used. */
  | {
    readonly event: "denied";
    readonly url: string;
    readonly peer: string;
    readonly reason: string;
  }
  /** A handshake, an HTTP connection or the client session of a relay ended in an error. Where
   * there was a session, that is the reason of its `closed`. */
  | {
    readonly event: "failed";
    readonly url: string;
    readonly peer: string;
    readonly error: string;
  }
  /** The listener could not take a connection or datagram; it goes on. */
  | { readonly event: "accept-failed"; readonly url: string; readonly error: string }
  /** An event of a chat room. */
  | RoomEvent
  /** A message that a protocol prints. */
  | { readonly event: "message"; readonly peer: string; readonly message: Message }
  | {
    readonly event: "request";
    /** When its head was read, in ISO 8601. */
    readonly time: string;
    readonly url: string;
    readonly peer: string;
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
  /** A received file is in its place, or was there already. */
  | {
    readonly event: "stored";
    readonly peer: string;
    /** Path of the file below the receiving folder. */
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly already?: true;
  }
  /** An offered file, or its sender, was refused. */
  | {
    readonly event: "refused";
    readonly peer: string;
    readonly file?: string;
    readonly reason: string;
  }
  /** A client's request, logged by the inspector. */
  | InspectedEvent
  /** Bytes in either direction, when they are watched. */
  | { readonly event: "received" | "sent"; readonly peer: string; readonly message: Message }
  | { readonly event: "notice"; readonly url?: string; readonly text: string }
  | { readonly event: "stopped"; readonly url: string; readonly stats: Stats };

/** Receives events. Must not throw. */
export type Emit = (event: ServerEvent) => void;

/** The message of a thrown value. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
