// What an HTTP application is. HTTP is the one exception to sessions: request in, response out.

import type { Address } from "./address.ts";
import type { OptionTable, OptionValues } from "./option.ts";
import type { Context } from "./protocol.ts";
import type { Identity } from "./session.ts";

/** What is known of a request besides the request. */
export interface RequestInfo {
  readonly peer: Address;
  readonly identity?: Identity;
}

/** Answers one request. A body that is still being made when the response is returned must come
 * from an async handler: the engine watches only those to the end. */
export type HttpHandler = (request: Request, info: RequestInfo) => Response | Promise<Response>;

/** One opened application, shared by its endpoints, disposed after the last of them. */
export interface HttpService extends AsyncDisposable {
  handle: HttpHandler;
}

/** An HTTP application and its option table. */
export interface HttpApp<Options extends OptionTable = OptionTable> {
  readonly name: string;
  /** One line for lists, starting with a capital, without a full stop. */
  readonly summary: string;
  readonly options: Options;
  open(options: OptionValues<Options>, context: Context): HttpService;
}
