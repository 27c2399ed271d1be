// The type of an endpoint of the inspector. The one list of them (endpoints/index.ts) is read by
// the router, the index page, the reference and the tests.

import type { Context } from "../../core/protocol.ts";
import type { Delays } from "./delays.ts";
import type { ParsedRequest } from "./parsed_request.ts";

/** A parameter that the client fills in. */
export interface Parameter {
  readonly name: string;
  /** `path` fills a `:name` or `*name` of the path, `header` names a header field, `body` is the
   * body and its name the content type. */
  readonly in: "path" | "query" | "header" | "body";
  /** Whether it takes digits only: a path with anything else there does not exist. */
  readonly whole?: boolean;
  /** Whether the name is an example too, and the client may send any names and values. */
  readonly free?: boolean;
  /** A value to begin with; a query, header or body may be left empty. */
  readonly example: string;
  readonly help: string;
}

/** The sections of the index page, in its order. */
export const groups = [
  "What you sent",
  "Status and redirects",
  "Cookies",
  "Authentication",
  "Made to order",
  "Streams",
  "Formats",
  "Images",
  "Caching",
] as const;

/** The methods of an endpoint; `any` stands for all. */
export type Methods = readonly string[] | "any";

/** Services for handlers besides the request. */
export interface Tools {
  readonly context: Context;
  readonly delays: Delays;
}

export interface InspectEndpoint {
  readonly group: (typeof groups)[number];
  /** `/bytes/:n`; a last `*path` takes the rest, slashes included. */
  readonly path: string;
  /** HEAD is added where GET is, and OPTIONS everywhere. */
  readonly methods: Methods;
  /** One line for lists, starting with a capital, without a full stop. */
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  /** The status of an answer to its examples. Default: 200. */
  readonly status?: number;
  /** The method to try it with, where it is not the first. */
  readonly tryMethod?: string;
  handle(request: ParsedRequest, tools: Tools): Response | Promise<Response>;
}

export const GET: Methods = ["GET"];

/** The methods of endpoints that httpbin serves with more than GET. A Request cannot have TRACE. */
export const COMMON: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
