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

/** A certificate with what its clients need to trust its server. */
export interface CertificateDetails extends CertificateState {
  readonly subject: string;
  /** Kind of key, such as `ECDSA P-256`. */
  readonly key: string;
  readonly state: "valid" | "expired" | "not yet valid";
  /** Whole days until it ends; negative when it has ended. */
  readonly daysLeft: number;
  /** The certificate that vouches for it, which may be itself; null when the server does not show it. */
  readonly trusted: {
    readonly subject: string;
    readonly isAuthority: boolean;
    readonly fingerprint: string;
    readonly notAfter: string;
    readonly pem: string;
  } | null;
  /** How programs and systems are made to trust it, once it is in a file. */
  readonly recipes: readonly { readonly system: string; readonly how: readonly string[] }[];
}

/** Where a server passes its sessions on to. */
export interface UpstreamState {
  readonly url: string;
  /** The number of the server of this process that listens there; null when none does. */
  readonly server: number | null;
}

/** An option with which a server can be started. */
export interface OptionState {
  /** Its flag without dashes, which is its name in a request. */
  readonly name: string;
  readonly summary: string;
  /** What it is about, or whose it is: a topic, or the name of a protocol, transport or layer. */
  readonly group: string;
  readonly kind: "flag" | "value";
  /** The placeholder of its value, such as `duration`; empty for a flag. */
  readonly value: string;
  readonly choices: readonly string[];
  /** Words that a value may be or begin with. */
  readonly suggestions: readonly string[];
  /** The default as text with its unit; null when there is none. */
  readonly default: string | null;
  readonly many: boolean;
  readonly required: boolean;
  readonly secret: boolean;
  /** Whether it names something in the file system. */
  readonly file: boolean;
  /** Whether the text of that file will do in its place. */
  readonly text: boolean;
  /** Options of which it needs one beside it. */
  readonly needs: readonly string[];
}

/** The options that fit a protocol at a URL. */
export interface OptionsRequest {
  readonly protocol: string;
  readonly url: string;
  /** Where a relay passes on to; without, the options of every upstream fit. */
  readonly to?: string | undefined;
}

/** An endpoint that stops, or has stopped. */
interface StoppedServer {
  readonly id: number;
  readonly url: string;
}

/** Servers that stop together, because they were started together. */
export interface Stopping {
  readonly servers: readonly StoppedServer[];
  /** Resolves when they have stopped. */
  readonly finished: Promise<void>;
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
  /** Where a relay passes its sessions on to; null for others. */
  readonly upstream: UpstreamState | null;
  /** Whether it takes no more clients, and lets what is being answered finish. */
  readonly draining: boolean;
  /** Whether it was started over the control, and ends with it. */
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
  /** The options that have an effect there, and the folders inside which their files may be.
   * @throws {UsageError} when there is no such protocol, or it cannot be served there */
  options(request: OptionsRequest): {
    readonly options: readonly OptionState[];
    readonly folders: readonly string[];
  };
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
  /** Stops a server and those that were started together with it; null when there is no such server.
   * @param graceMs how long what is being answered may take to finish */
  stop(server: number, graceMs: number): Stopping | null;
  /** The certificate of a server with how it is trusted; null when it shows none.
   * @param file where the certificate to trust is kept, for the commands */
  certificateOf(server: number, file: string): Promise<CertificateDetails | null>;
  /** Takes all faults away, and stops what was started over the control. */
  reset(): Promise<void>;
  /** Hears the events of all servers, those that are started later too. */
  listen(hearer: EventHearer): { changed(): void; stop(): void };
}
