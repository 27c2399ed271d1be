// The interface of a session protocol, such as `echo`: written once, it runs on every transport.

import type { DialledSession } from "./client_kind.ts";
import type { Counters } from "./counters.ts";
import type { Tell } from "./event.ts";
import type { Needs } from "./options/needs.ts";
import type { OptionTable, OptionValues } from "./options/option.ts";
import type { Session } from "./session.ts";
import type { Traffic } from "./traffic.ts";

/** The services that a protocol is given besides its sessions. */
export interface Context {
  /** Aborted when the server begins to shut down. */
  readonly signal: AbortSignal;
  /** Tells the events of the protocol; undefined where nobody listens. */
  readonly emit: Tell | undefined;
  /** Messages of sessions, while they are watched. Undefined where they never are. */
  readonly traffic?: Traffic | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
  /** Opens a session to another endpoint, where the server allows its protocol to dial. */
  dial(url: string): Promise<DialledSession>;
  /** Checks the URL and the options of `dial` without dialling.
   * @throws {UsageError} when it can never work */
  checkDial(url: string): Promise<void>;
  /** Asks the whole server to stop, as Ctrl-C does. */
  stop(reason: string): void;
  /** Lines typed at the server's terminal, for a protocol whose `console` is true; absent where
   * there is no terminal. */
  readonly lines?: AsyncIterable<string>;
}

/** Framing of a byte stream into messages: none (as read), by lines (LF or CRLF, which the message
 * does not include), or by a 32-bit big-endian length. Transports that keep boundaries ignore
 * it. */
export type Framing = "none" | "line" | "length";

/** The size of a protocol's replies to a datagram whose source address may be spoofed: no reply,
 * never larger than the datagram, or possibly larger (which could amplify an attack). */
export type DatagramReply = "none" | "bounded" | "larger";

/** An opened protocol. `serve` is called once for each session, possibly many at a time. */
export interface Service extends AsyncDisposable {
  /** Resolves when the protocol is done with the session; the transport then closes it. */
  serve(session: Session): Promise<void>;
  /** Replaces the framing of the protocol, where an option decides it. */
  readonly framing?: Framing;
  /** Counters of the protocol itself; they appear in the server's stats. */
  readonly counters?: Readonly<Partial<Counters>>;
}

/** A protocol and its option table. */
export interface Protocol<Options extends OptionTable = OptionTable> {
  /** Its name on the command line and in the catalogue. */
  readonly name: string;
  /** One line for lists, starting with a capital, without a full stop. */
  readonly summary: string;
  /** How its messages are found in a byte stream. */
  readonly framing: Framing;
  /** How large its replies to a datagram can be. */
  readonly datagramReply: DatagramReply;
  /** Whether the protocol needs all messages, once and in order: on datagrams it then runs only
   * over a layer that guarantees this. */
  readonly needsOrder?: boolean;
  /** Whether the protocol opens client sessions, and so takes the options of clients, as
   * `upstream...`. */
  readonly dials?: boolean;
  /** Whether the protocol reads the lines typed at the server's terminal (`Context.lines`). */
  readonly console?: boolean;
  /** Defaults of the protocol for options of transports, such as `peerTimeoutMs`, by key. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  /** The table of its options; their values come to `open`. */
  readonly options: Options;
  /** The options that have no effect without another one, which may be the transport's. */
  readonly needs?: Needs;
  /** The option for the word after the protocol's name on the command line, such as a folder. */
  readonly operand?: string;
  /** Opened once for all endpoints that share it, disposed after the last of them. */
  open(options: OptionValues<Options>, context: Context): Service | Promise<Service>;
}

/** The option table of a protocol without options. */
export type NoOptions = Readonly<Record<never, never>>;

/** A protocol without options or state: one function over a session. */
export function statelessProtocol(
  protocol: Omit<Protocol, "options" | "open"> & {
    serve(session: Session, context: Context): Promise<void>;
  },
): Protocol<NoOptions> {
  const { serve, ...rest } = protocol;
  return {
    ...rest,
    options: {},
    open: (_options, context) => ({
      serve: (session) => serve(session, context),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
}
