// The interface of an HTTP application: a request in, a response out. HTTP is the one transport
// that has no sessions.

import type { Counters } from "../counters.ts";
import type { Needs } from "../options/needs.ts";
import type { OptionTable, OptionValues } from "../options/option.ts";
import type { Context } from "../protocol.ts";
import type { EventOrigin, Identity, Session } from "../session.ts";

/** Properties of a request that the standard's Request does not have. */
export interface RequestInfo extends EventOrigin {
  /** The identity that the client proved by a certificate. */
  readonly identity?: Identity | undefined;
  /** The user, where the server asked for a name and password. */
  readonly user?: string;
  /** `1.0`, `1.1` or `2`; with `--listener deno` it is not known. */
  readonly httpVersion?: string;
  /** The header fields as they were written and in their order; with `--listener deno` they are not
   * known. */
  readonly headerList?: readonly (readonly [name: string, value: string])[];
}

/** Answers one request. Its signal is aborted when the client is gone before it has the answer. */
export type HttpHandler = (request: Request, info: RequestInfo) => Response | Promise<Response>;

/** The application's answer to an accepted WebSocket request. */
export interface WebSocketAnswer {
  /** The subprotocols that are spoken, the preferred one first. Default: none. */
  readonly subprotocols?: readonly string[];
  /** Speaks with the peer. The WebSocket is closed when it resolves. */
  serve(session: Session): Promise<void>;
}

/** A GET or HEAD in HTTP/1.1 without a body that has passed the rules for addresses, hosts, origins
 * and credentials. */
export interface QuickRequest {
  /** Its method. */
  readonly method: "GET" | "HEAD";
  /** The path as the client sent it, percent-encoded, without dot segments. */
  readonly path: string;
  /** The query with its `?`; empty when there is none. */
  readonly query: string;
  /** The value of a header field, its lines joined by `, `; null when there is none.
   * @param name in lower case */
  header(name: string): string | null;
}

/** An answer that lies ready, as it goes over the wire. */
export interface QuickAnswer {
  /** The status code, for events and counters. */
  readonly status: number;
  /** The head in HTTP/1.1, with its framing and Date, and the body unless that comes from a file. */
  readonly bytes: Uint8Array;
  /** Where the body comes from, unless it is in `bytes`. */
  readonly file?: QuickFile;
}

/** The body of an answer, from an opened file. */
export interface QuickFile {
  /** In bytes, as the head says. */
  readonly length: number;
  /** Reads the next bytes of the body; resolves to their number, or to null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Steps back by so many of the bytes that were read last, which are read again later. */
  rewind(bytes: number): void;
  /** Gives the file back. Called once, whatever happens, and never while a read is pending. */
  release(): void;
}

/** An opened application, shared by its endpoints and disposed after the last of them. */
export interface HttpService extends AsyncDisposable {
  /** Answers every request. */
  handle: HttpHandler;
  /** The largest body that it wants, unless the user says otherwise. Default: 10 MiB. */
  readonly maxBodyBytes?: number;
  /** Whether a client that has ended its half of the connection before it has the answer is taken to
   * have gone, so that what waits for it can end. Default: false, because it may still read. */
  readonly endedClientIsGone?: boolean;
  /** Counters of the application itself; they appear in the server's stats. */
  readonly counters?: Readonly<Partial<Counters>>;
  /** Answers what lies ready, without a Request and a Response; null leaves a request to `handle`,
   * which answers all others, and would answer this one in the same way. */
  quick?(request: QuickRequest): QuickAnswer | null | Promise<QuickAnswer | null>;
  /** Words what the server answers by itself, such as to a body that is too large or a foreign Host.
   * Default: one line of plain text. */
  refusal?(status: number, text: string): Response;
  /** Decides about a request to open a WebSocket, for applications that have any. A response
   * refuses. */
  upgrade?(
    request: Request,
    info: RequestInfo,
  ): WebSocketAnswer | Response | Promise<WebSocketAnswer | Response>;
}

/** An HTTP application and its option table. */
export interface HttpApp<Options extends OptionTable = OptionTable> {
  /** Its name on the command line and in the catalogue. */
  readonly name: string;
  /** One line for lists, starting with a capital, without a full stop. */
  readonly summary: string;
  /** The table of its options. */
  readonly options: Options;
  /** The options that have no effect without another one, which may be the transport's. */
  readonly needs?: Needs;
  /** The key of the option that a word which is no URL stands for, as the folder in
   * `serve files http://:8080 public`. */
  readonly operand?: string;
  /** Opens the application, once for all endpoints that share it.
   * @throws {UsageError} when the options cannot work, such as a folder that is not there */
  open(options: OptionValues<Options>, context: Context): HttpService | Promise<HttpService>;
}
