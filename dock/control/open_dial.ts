// What the registry of dials holds of each of them, whatever is said over it.

import type { EventBody, FailedEvent, TrafficEvent } from "../../core/event.ts";
import type { Identity, SessionOrigin } from "../../core/session.ts";

/** What a dial tells of itself. A chat tells what happened in it, as `sockdock chat --json` does. */
export type DialBody =
  | EventBody<TrafficEvent>
  | EventBody<FailedEvent>
  | { readonly event: "closed"; readonly reason: string }
  | { readonly event: "received"; readonly chat: Readonly<Record<string, unknown>> };

/** Tells what happened; a chat has no one session that it would be of. */
export type TellDial = (body: DialBody, of?: SessionOrigin) => void;

/** A dial that is open, or was. */
export interface OpenDial {
  readonly kind: "session" | "chat";
  /** The session; a chat has one after the other. */
  readonly session?: SessionOrigin & {
    readonly boundary: "messages" | "bytes";
    readonly identity?: Identity | undefined;
  };
  /** Resolves to why it has ended. Never rejects. */
  readonly ended: Promise<string>;
  /** Ends it now. */
  close(reason: string): void;
}
