// The OpenAPI 3.1 document of the control, made of its routes.

import type { Route } from "./route.ts";
import type { Schema } from "./schema.ts";

const OPEN_API_PATH = "/api/openapi.json";

/** Statuses of problems that any request can get. */
const COMMON_PROBLEMS = [400, 401, 403, 422] as const;

const PROBLEM_TEXTS: Readonly<Record<number, string>> = {
  400: "The request cannot be read.",
  401: "The bearer token is missing or wrong.",
  403: "A page of another origin asked.",
  404: "There is no such thing, or none came in time.",
  409: "It cannot be done in this state.",
  422: "A parameter or the body does not fit; the detail says which and why.",
  429: "Too many listen or wait already.",
  502: "The server could not be reached, or broke off.",
  504: "The peer took nothing, or the server gave no answer, in time.",
};

/** The route of the document itself. */
export function openApiRoute(routes: readonly Route[], version: string): Route {
  const route: Route = {
    method: "GET",
    path: OPEN_API_PATH,
    operation: "showOpenApi",
    summary: "This document.",
    answer: { status: 200, description: "OpenAPI 3.1.", schema: { type: "object" } },
    isOpen: true,
    handle: () => openApi([...routes, route], version),
  };
  return route;
}

function openApi(routes: readonly Route[], version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "sockdock control",
      version,
      description: "Sees and drives the servers of one process.",
      license: { name: "MIT", identifier: "MIT" },
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: SCHEMAS,
    },
  };
}

function operationOf(route: Route) {
  const { answer, parameters = [], body, problems = [] } = route;
  const statuses = [...COMMON_PROBLEMS, ...problems].sort((one, other) => one - other);
  return {
    operationId: route.operation,
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    ...(route.isOpen && { security: [] }),
    ...(parameters.length > 0 && {
      parameters: parameters.map(({ name, in: place, description, schema }) => ({
        name,
        in: place,
        description,
        required: place === "path",
        schema,
      })),
    }),
    ...(body !== undefined && {
      requestBody: {
        required: body.required !== undefined,
        content: { "application/json": { schema: body } },
      },
    }),
    responses: {
      [answer.status]: {
        description: answer.description,
        ...(answer.schema !== undefined && {
          content: { [answer.mediaType ?? "application/json"]: { schema: answer.schema } },
        }),
      },
      ...Object.fromEntries(statuses.map((status) => [status, {
        description: PROBLEM_TEXTS[status],
        content: {
          "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
        },
      }])),
    },
  };
}

const counts: Schema = { type: "object", additionalProperties: { type: "integer" } };
const texts: Schema = { type: "array", items: { type: "string" } };

const CERTIFICATE_FIELDS: Readonly<Record<string, Schema>> = {
  fingerprint: { type: "string", description: "SHA-256, in hexadecimal." },
  names: texts,
  issuer: { type: "string" },
  notBefore: { type: "string" },
  notAfter: { type: "string" },
  pem: { type: "string" },
};

const SCHEMAS: Readonly<Record<string, Schema>> = {
  Problem: {
    type: "object",
    description: "Problem details (RFC 9457).",
    required: ["type", "title", "status", "detail"],
    properties: {
      type: { type: "string" },
      title: { type: "string" },
      status: { type: "integer" },
      detail: { type: "string" },
      option: {
        type: "string",
        description: "The option that the detail is about, where it is about one.",
      },
    },
  },
  Counters: { ...counts, description: "Counters by their names." },
  Faults: {
    type: ["object", "null"],
    required: ["fault", "seed", "since", "did", "resets"],
    properties: {
      fault: { ...texts, description: "As `--fault` takes them." },
      seed: { type: "integer" },
      since: { type: "string", description: "When they were set, in ISO 8601." },
      did: {
        type: "object",
        description: "How often each did something since, to what comes in and to what goes out.",
        required: ["in", "out"],
        properties: { in: counts, out: counts },
      },
      resets: { type: "boolean", description: "Whether they may reset connections." },
      note: { type: "string", description: "What differs from what was asked for." },
    },
  },
  Certificate: {
    type: ["object", "null"],
    required: Object.keys(CERTIFICATE_FIELDS),
    properties: CERTIFICATE_FIELDS,
  },
  CertificateDetails: {
    type: "object",
    required: [
      ...Object.keys(CERTIFICATE_FIELDS),
      "subject",
      "key",
      "state",
      "daysLeft",
      "trusted",
      "recipes",
    ],
    properties: {
      ...CERTIFICATE_FIELDS,
      subject: { type: "string" },
      key: { type: "string", description: "Kind of key, such as `ECDSA P-256`." },
      state: { type: "string", enum: ["valid", "expired", "not yet valid"] },
      daysLeft: { type: "integer", description: "Negative when it has ended." },
      trusted: {
        type: ["object", "null"],
        description: "The certificate that clients are to trust; null when the server shows none.",
        required: ["subject", "isAuthority", "fingerprint", "notAfter", "pem"],
        properties: {
          subject: { type: "string" },
          isAuthority: { type: "boolean", description: "Whether it vouches for others." },
          fingerprint: { type: "string" },
          notAfter: { type: "string" },
          pem: { type: "string" },
        },
      },
      recipes: {
        type: "array",
        items: {
          type: "object",
          required: ["system", "how"],
          properties: { system: { type: "string" }, how: texts },
        },
      },
    },
  },
  Option: {
    type: "object",
    required: [
      "name",
      "summary",
      "group",
      "kind",
      "value",
      "choices",
      "suggestions",
      "default",
      "many",
      "required",
      "secret",
      "file",
      "text",
      "needs",
    ],
    properties: {
      name: { type: "string", description: "Its flag without dashes." },
      summary: { type: "string" },
      group: { type: "string", description: "What it is about, or whose it is." },
      kind: { type: "string", enum: ["flag", "value"] },
      value: { type: "string", description: "The placeholder of its value, such as `duration`." },
      choices: texts,
      suggestions: { ...texts, description: "Words that a value may be or begin with." },
      default: { type: ["string", "null"] },
      many: { type: "boolean", description: "Whether it takes a list." },
      required: { type: "boolean" },
      secret: { type: "boolean" },
      file: { type: "boolean", description: "Whether it names something in the file system." },
      text: { type: "boolean", description: "Whether the text of that file will do in its place." },
      needs: { ...texts, description: "Options of which it needs one beside it." },
    },
  },
  Server: {
    type: "object",
    required: [
      "id",
      "dock",
      "protocol",
      "summary",
      "url",
      "transport",
      "carries",
      "carrier",
      "layers",
      "options",
      "certificate",
      "commands",
      "counters",
      "faults",
      "upstream",
      "draining",
      "startedByControl",
    ],
    properties: {
      id: { type: "integer" },
      dock: {
        type: "integer",
        description: "Endpoints with the same number were started together and share their state.",
      },
      protocol: { type: "string" },
      summary: { type: "string" },
      url: { type: "string" },
      transport: { type: "string" },
      carries: { type: "string", enum: ["sessions", "requests"] },
      carrier: { type: "string", enum: ["stream", "datagram"] },
      layers: texts,
      options: { type: "object", description: "Those that were given; secrets are masked." },
      certificate: { $ref: "#/components/schemas/Certificate" },
      commands: {
        type: "array",
        description: "How to talk to it.",
        items: {
          type: "object",
          required: ["program", "command"],
          properties: { program: { type: "string" }, command: { type: "string" } },
        },
      },
      counters: { $ref: "#/components/schemas/Counters" },
      faults: { $ref: "#/components/schemas/Faults" },
      upstream: {
        type: ["object", "null"],
        description: "Where a relay passes its sessions on to.",
        required: ["url", "server"],
        properties: {
          url: { type: "string" },
          server: {
            type: ["integer", "null"],
            description: "The number of the server here that listens there.",
          },
        },
      },
      draining: {
        type: "boolean",
        description: "Whether it takes no more clients, and lets what is being answered finish.",
      },
      startedByControl: { type: "boolean" },
    },
  },
  Session: {
    type: "object",
    required: [
      "id",
      "server",
      "url",
      "peer",
      "identity",
      "carries",
      "durationMs",
      "bytesReceived",
      "bytesSent",
    ],
    properties: {
      id: { type: "integer" },
      server: { type: "integer" },
      url: { type: "string" },
      peer: { type: "string" },
      identity: { type: ["object", "null"] },
      carries: { type: "string", enum: ["messages", "requests"] },
      durationMs: { type: "number" },
      bytesReceived: { type: "integer" },
      bytesSent: { type: "integer" },
    },
  },
  Dial: {
    type: "object",
    required: [
      "id",
      "server",
      "url",
      "holder",
      "kind",
      "session",
      "boundary",
      "identity",
      "openedAt",
      "isOpen",
      "reason",
    ],
    properties: {
      id: { type: "integer" },
      server: { type: "integer" },
      url: { type: "string", description: "What was dialled." },
      holder: { type: ["string", "null"] },
      kind: { type: "string", enum: ["session", "chat"] },
      session: {
        type: ["integer", "null"],
        description: "Number of the client's session; a chat has one after the other.",
      },
      boundary: {
        type: "string",
        enum: ["messages", "bytes"],
        description: "Whether a message arrives as one, or as bytes of a stream.",
      },
      identity: { type: ["object", "null"], description: "Whom the server proved to be." },
      openedAt: { type: "string" },
      isOpen: { type: "boolean" },
      reason: { type: ["string", "null"], description: "Why it has ended." },
    },
  },
  Event: {
    type: "object",
    description: "An event as `--json` prints it, with its number.",
    required: ["id", "event", "time", "url"],
    properties: {
      id: { type: "integer" },
      event: { type: "string" },
      time: { type: "string" },
      url: { type: "string" },
      session: { type: "integer" },
      peer: { type: "string" },
      text: { type: "string", description: "A message that is UTF-8." },
      base64: { type: "string", description: "A message that is not." },
      messageBytes: {
        type: "integer",
        description: "Length of the whole message, where only its beginning is kept.",
      },
    },
  },
};
