// What an endpoint of the control is: data, of which the router, the checks of requests and the OpenAPI
// document are made.

import type { ControlledDocks } from "./controlled_docks.ts";
import type { OwnDials } from "./dials.ts";
import type { EventLog } from "./event_log.ts";
import type { OwnRequests } from "./requests.ts";
import type { Schema } from "./schema.ts";

/** What endpoints work with. */
export interface ControlWork {
  readonly docks: ControlledDocks;
  readonly log: EventLog;
  readonly dials: OwnDials;
  readonly requests: OwnRequests;
}

/** A request that fits its route. */
export interface Asked extends ControlWork {
  /** Parameters of the path and the query, parsed. */
  readonly given: Readonly<Record<string, string | number | boolean | undefined>>;
  /** The body, which fits the schema of the route; undefined where the route has none. */
  readonly body: unknown;
  readonly request: Request;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly description: string;
  readonly schema: Schema;
}

interface Answer {
  readonly description: string;
  /** Absent where there is no body. */
  readonly schema?: Schema;
  /** @default `application/json` */
  readonly mediaType?: string;
}

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** With parameters in braces, as OpenAPI writes them: `/api/servers/{server}`. */
  readonly path: string;
  /** Unique; what generated clients call it. */
  readonly operation: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: Schema;
  readonly answer: Answer & { readonly status: 200 | 201 | 202 | 204 };
  /** The statuses of problems that are its own; 401, 403 and 422 may always come. */
  readonly problems?: readonly number[];
  /** Whether it answers without a token. */
  readonly isOpen?: true;
  /** Answers with what becomes JSON, or with a response. */
  handle(asked: Asked): unknown;
}

/** The number of a server in a path. */
export const serverInPath: Parameter = {
  name: "server",
  in: "path",
  description: "Number of the server, as `GET /api/servers` has it.",
  schema: { type: "integer", minimum: 1 },
};

/** The number of a session in a path. */
export const sessionInPath: Parameter = {
  name: "session",
  in: "path",
  description: "Number of the session, as `GET /api/sessions` and its events have it.",
  schema: { type: "integer", minimum: 1 },
};
