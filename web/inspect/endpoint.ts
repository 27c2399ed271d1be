// What an endpoint of the inspector is. The one list of them (endpoints/index.ts) is read by the
// router, the index page, the reference and the tests.

import type { Context } from "../../core/protocol.ts";
import type { ParsedRequest } from "./parsed_request.ts";

/** A blank that whoever asks fills in. */
export interface Parameter {
  readonly name: string;
  /** `path` fills a `:name` or `*name` of the path, `header` names a header field, `body` is the
   * body and its name the content type. */
  readonly in: "path" | "query" | "header" | "body";
  /** Digits only: a path with anything else there does not exist. */
  readonly whole?: boolean;
  /** The name is but an example too: any names and values will do. */
  readonly free?: boolean;
  /** A value to begin with; a query, header or body may be left empty. */
  readonly example: string;
  readonly help: string;
}

/** The rooms of the index page, in its order. */
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

/** Which methods an endpoint has; `any` is every one there is. */
export type Methods = readonly string[] | "any";

/** What handlers may use besides the request. */
export interface Tools {
  readonly context: Context;
}

/** One endpoint. */
export interface Endpoint {
  readonly group: (typeof groups)[number];
  /** `/bytes/:n`; a last `*path` takes the rest, slashes included. */
  readonly path: string;
  /** Where GET is, HEAD is too; OPTIONS is everywhere. */
  readonly methods: Methods;
  /** What it does, starting with a capital, without a full stop. */
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  /** The status of an answer to its examples. Default: 200. */
  readonly status?: number;
  /** The method to try it with, where it is not the first. */
  readonly tryMethod?: string;
  handle(request: ParsedRequest, tools: Tools): Response | Promise<Response>;
}

/** The common case: answers GET. */
export const GET: Methods = ["GET"];

/** The methods that httpbin has where it has more than one; TRACE no Request can have. */
export const COMMON: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
