// What a server tells the world. Library code emits these; only commands print them.

import type { Stats } from "./counters.ts";
import type { Identity, Message } from "./session.ts";

/** One HTTP request, whole but for a long body. */
export interface InspectedEvent {
  readonly event: "inspected";
  /** When it came, as ISO 8601. */
  readonly time: string;
  readonly peer: string;
  readonly method: string;
  /** What was asked for. */
  readonly url: string;
  /** Where it is known. */
  readonly httpVersion?: string;
  /** As they were sent and in their order, where that is known. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** How long the body was, of which `message` may be the beginning. */
  readonly bodyBytes: number;
  readonly message: Message;
}

/** What a chat shows to its operator. */
export interface RoomEvent {
  readonly event: "chat";
  /** When, as ISO 8601. */
  readonly time: string;
  readonly room: string;
  /** Something said or done, or a member that came, went or has another name now. */
  readonly kind: "say" | "me" | "came" | "went" | "renamed";
  readonly name: string;
  readonly standing: "plain" | "verified";
  /** What was said, why the member went, or what the new name is. */
  readonly text?: string;
  readonly id?: string;
}

/** Something that happened, as data. `peer` and `url` are in the form people read and write. */
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
    /** Who the peer proved to be, where it had to. */
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
  /** A peer was turned away before any of its bytes were used. */
  | {
    readonly event: "denied";
    readonly url: string;
    readonly peer: string;
    readonly reason: string;
  }
  /** A handshake, an HTTP connection or what a relay dials ended in an error. Where there was a
   * session, that is the reason of its `closed`. */
  | {
    readonly event: "failed";
    readonly url: string;
    readonly peer: string;
    readonly error: string;
  }
  /** The listener could not take a connection or datagram; it goes on. */
  | { readonly event: "accept-failed"; readonly url: string; readonly error: string }
  /** Something happened in a room of a chat. */
  | RoomEvent
  /** A protocol shows a message. */
  | { readonly event: "message"; readonly peer: string; readonly message: Message }
  | {
    readonly event: "request";
    readonly url: string;
    readonly peer: string;
    readonly method: string;
    readonly path: string;
    readonly status: number;
    /** Who the peer proved to be, where it had to. */
    readonly identity?: Identity;
  }
  /** A file that was sent is in its place, or was there already. */
  | {
    readonly event: "stored";
    readonly peer: string;
    /** Its path below the folder that it was sent to. */
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly already?: true;
  }
  /** A file that was offered, or its sender, was turned away. */
  | {
    readonly event: "refused";
    readonly peer: string;
    readonly file?: string;
    readonly reason: string;
  }
  /** What a client sent, when the inspector logs it. */
  | InspectedEvent
  /** Bytes that passed, when they are watched. */
  | { readonly event: "received" | "sent"; readonly peer: string; readonly message: Message }
  | { readonly event: "notice"; readonly url?: string; readonly text: string }
  | { readonly event: "stopped"; readonly url: string; readonly stats: Stats };

/** Where events go. Must not throw. */
export type Emit = (event: ServerEvent) => void;

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
