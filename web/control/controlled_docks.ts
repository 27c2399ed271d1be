// The servers of this process as the control sees them. The application knows nothing of how servers
// are started: whoever opens it gives it this.

import type { Emit } from "../../core/event.ts";
import type { FaultsInForce } from "../../core/live_faults.ts";
import type { Stats } from "../../core/counters.ts";
import type { Identity, Message } from "../../core/session.ts";
import type { OfferMessage } from "../../core/traffic.ts";

/** A command with which a user can talk to a server. */
export interface TalkCommand {
  /** The program that it runs, such as `sockdock` or `nc`. */
  readonly program: string;
  readonly command: string;
}

/** The certificate of a server, without its key. */
export interface CertificateState {
  /** SHA-256, in lower-case hexadecimal. */
  readonly fingerprint: string;
  /** Subject alternative names. */
  readonly names: readonly string[];
  readonly issuer: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly pem: string;
}

/** One endpoint that listens. */
export interface ServerState {
  /** Its number in the control. */
  readonly id: number;
  /** The number of what was started by one call, whose endpoints share the protocol's state. */
  readonly dock: number;
  readonly protocol: string;
  readonly summary: string;
  readonly url: string;
  readonly transport: string;
  readonly carries: "sessions" | "requests";
  readonly carrier: "stream" | "datagram";
  /** The layers that the URL names. */
  readonly layers: readonly string[];
  /** The options that were given, secrets masked. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly certificate: CertificateState | null;
  readonly commands: readonly TalkCommand[];
  readonly counters: Stats;
  readonly faults: FaultsInForce | null;
  /** Whether it was started over the control, and can be stopped there. */
  readonly startedByControl: boolean;
}

/** A session or an HTTP connection that is open. */
export interface SessionState {
  readonly id: number;
  readonly server: number;
  readonly url: string;
  readonly peer: string;
  readonly identity: Identity | null;
  readonly carries: "messages" | "requests";
  readonly durationMs: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** What is asked for to start servers. */
export interface StartRequest {
  readonly protocol: string;
  readonly urls: readonly string[];
  /** By the names of their flags or their keys. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** What hears events. */
export interface EventHearer {
  readonly add: Emit;
  /** Messages are offered here, while they are wanted. */
  readonly offer: OfferMessage;
  /** Whether messages and requests are wanted; asked again whenever `changed` is called. */
  readonly wantsTraffic: () => boolean;
  /** The most of each HTTP body that is wanted, in bytes; undefined for none. */
  readonly wantedBodyBytes: () => number | undefined;
}

export interface ControlledDocks {
  servers(): Promise<readonly ServerState[]>;
  sessions(): readonly SessionState[];
  stats(): Stats;
  /** Bytes of HTTP bodies that are kept for listeners while their requests are answered. */
  heldBodyBytes(): number;
  catalogue(): unknown;
  /** Whether there is such a server. */
  has(server: number): boolean;
  urlOf(server: number): string | undefined;
  faultsOf(server: number): FaultsInForce | null;
  /** @throws {UsageError} when a fault cannot be had there */
  setFaults(server: number, fault: readonly string[] | null, seed?: number): void;
  /** False when there is no such session. */
  closeSession(session: number): boolean;
  /** Resolves to false when there is no such session, and to null when it takes no messages.
   * @throws {Problem} when it does not take this one, or not in time */
  sendTo(session: number, message: Message, timeoutMs: number): Promise<boolean | null>;
  /** Starts servers and returns them.
   * @throws {UsageError} when they must not or cannot be started */
  start(request: StartRequest): Promise<readonly ServerState[]>;
  /** Stops what one call of `start` has started; false when the control did not start it. */
  stop(server: number): Promise<boolean>;
  /** Takes all faults away, and stops what was started over the control. */
  reset(): Promise<void>;
  /** Hears the events of all servers, those that are started later too. */
  listen(hearer: EventHearer): { changed(): void; stop(): void };
}
