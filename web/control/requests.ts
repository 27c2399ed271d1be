// HTTP requests that this process sends to its own servers when the control is asked for it, as the
// application sees them.

import type { HttpPart } from "../../core/event.ts";
import type { Message } from "../../core/session.ts";

/** A request to be sent. */
export interface RequestAsked {
  readonly method: string;
  /** The path and query. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Message | undefined;
  /** Time for all of it. */
  readonly timeoutMs: number;
  /** The most of the answer's body that is wanted. */
  readonly maxBodyBytes: number;
  /** Aborted when whoever asked has gone. */
  readonly signal: AbortSignal;
}

/** What came back. */
export interface RequestAnswered extends HttpPart {
  readonly status: number;
  readonly statusText: string;
  readonly httpVersion: string;
  /** Why the body is not complete, where it broke off. */
  readonly broke?: string;
  /** What the server wants besides, where it says so. */
  readonly missing?: "credentials";
  readonly timing: {
    readonly connectMs?: number;
    readonly tlsMs?: number;
    readonly firstByteMs?: number;
    readonly totalMs: number;
  };
}

export interface OwnRequests {
  /** Sends a request to a server of this process over its own transport, in HTTP/1.1.
   * @throws {Problem} when there is no such server, it answers no requests, wants what is not there,
   * does not answer in time, or too many are on their way */
  send(server: number, asked: RequestAsked): Promise<RequestAnswered>;
}
