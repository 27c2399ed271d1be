// The interface of an HTTP application: a request in, a response out. HTTP is the one transport
// that has no sessions.

import type { Address } from "../addresses/address.ts";
import type { Counters } from "../counters.ts";
import type { OptionTable, OptionValues } from "../options/option.ts";
import type { Context } from "../protocol.ts";
import type { Identity, Session } from "../session.ts";

/** Properties of a request that the standard's Request does not have. */
export interface RequestInfo {
  readonly peer: Address;
  readonly identity?: Identity;
  /** The user, where the server asked for a name and password. */
  readonly user?: string;
  /** `1.0`, `1.1` or `2`, where that is known: Deno's engine does not tell. */
  readonly httpVersion?: string;
  /** The header fields as they were written and in their order, where that is known. */
  readonly headerList?: readonly (readonly [name: string, value: string])[];
}

/** Answers one request. A body that is still being made when the response is returned must come
 * from an async handler: the engine watches only those to the end. */
export type HttpHandler = (request: Request, info: RequestInfo) => Response | Promise<Response>;

/** The application's answer to an accepted WebSocket request. */
export interface WebSocketAnswer {
  /** The subprotocols that are spoken, the preferred one first. Default: none. */
  readonly subprotocols?: readonly string[];
  /** Speaks with the peer. The WebSocket is closed when it resolves. */
  serve(session: Session): Promise<void>;
}

/** A GET or HEAD in HTTP/1.1 that asks for nothing out of the ordinary: no conditions, no range, no
 * query, no origin, no credentials. */
export interface QuickRequest {
  readonly method: "GET" | "HEAD";
  /** The path as the client sent it, percent-encoded, without `..` and without a query. */
  readonly path: string;
  /** The Accept-Encoding header; null when there is none. */
  readonly acceptEncoding: string | null;
}

/** An answer that lies ready: its head in HTTP/1.1, with Content-Length and Date, and its body. */
export interface QuickAnswer {
  /** The head, and the body unless that comes from a file. */
  readonly bytes: Uint8Array;
  readonly file?: QuickFile;
}

/** An opened file, to be sent from where it stands. Its sender closes it. */
export interface QuickFile {
  readonly handle: Deno.FsFile;
  readonly length: number;
}

/** An opened application, shared by its endpoints and disposed after the last of them. */
export interface HttpService extends AsyncDisposable {
  handle: HttpHandler;
  /** The largest body that it wants, unless the user says otherwise. Default: 10 MiB. */
  readonly maxBodyBytes?: number;
  /** Counters of the application itself; they appear in the server's stats. */
  readonly counters?: Readonly<Partial<Counters>>;
  /** Answers what it can without an engine, for applications that have answers ready; null leaves a
   * request to `handle`, which must answer all others, and this one in the same way. */
  quick?(request: QuickRequest): QuickAnswer | null | Promise<QuickAnswer | null>;
  /** Decides about a request to open a WebSocket, for applications that have any. Their endpoints
   * run on node:http, because Deno's engine changes to no other protocol: slower, and with the
   * header fields as they were sent. A response refuses. */
  upgrade?(
    request: Request,
    info: RequestInfo,
  ): WebSocketAnswer | Response | Promise<WebSocketAnswer | Response>;
}

/** An HTTP application and its option table. */
export interface HttpApp<Options extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line for lists, starting with a capital, without a full stop. */
  readonly summary: string;
  readonly options: Options;
  /** The key of the option that a word which is no URL stands for, as the folder in
   * `serve files http://:8080 public`. */
  readonly operand?: string;
  /** @throws {UsageError} when the options cannot work, such as a folder that is not there */
  open(options: OptionValues<Options>, context: Context): HttpService | Promise<HttpService>;
}
