// Sending HTTP requests to the servers from this process.

import { messageJson } from "../../../core/event_json.ts";
import { MASK } from "../../../core/http/secrets.ts";
import { messageFields, messageIn } from "../message.ts";
import { Problem } from "../problem.ts";
import { type Route, serverInPath } from "../route.ts";

const USUAL_TIMEOUT_MS = 10_000;
const LONGEST_TIMEOUT_MS = 60_000;

const USUAL_BODY_BYTES = 64 * 1024;
const MOST_BODY_BYTES = 1024 * 1024;

/** Fields that the framing of the request decides. */
const OWN_FIELDS = ["connection", "content-length", "expect", "transfer-encoding", "upgrade"];

interface Body {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly text?: string;
  readonly base64?: string;
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
}

const milliseconds = (description: string) => ({ type: "number", description }) as const;

export const requestRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/api/servers/{server}/request",
    operation: "sendRequest",
    summary: "Sends an HTTP server of this process a request, and answers with what it answers.",
    description:
      "This process sends it over the server's own transport in HTTP/1.1, to the address on which the " +
      "server listens and to no other, and follows no redirect. The header fields are those that " +
      "are given, besides Host, Content-Length and Connection: no credentials are added. Secrets are " +
      "masked in the answer.",
    parameters: [serverInPath],
    body: {
      type: "object",
      additionalProperties: false,
      properties: {
        method: { type: "string", maxLength: 50, default: "GET" },
        target: {
          type: "string",
          description: "The path and the query.",
          maxLength: 8000,
          default: "/",
        },
        headers: {
          type: "array",
          description: "Header fields as pairs of name and value.",
          maxItems: 100,
          items: {
            type: "array",
            minItems: 2,
            maxItems: 2,
            items: { type: "string", maxLength: 8000 },
          },
        },
        ...messageFields,
        timeoutMs: {
          type: "integer",
          description: "Time until the end of the answer.",
          minimum: 1,
          maximum: LONGEST_TIMEOUT_MS,
          default: USUAL_TIMEOUT_MS,
        },
        maxBodyBytes: {
          type: "integer",
          description: "The most of the answer's body that is returned; the rest is counted.",
          minimum: 0,
          maximum: MOST_BODY_BYTES,
          default: USUAL_BODY_BYTES,
        },
      },
      examples: [{ method: "POST", target: "/post", headers: [["accept", "*/*"]], text: "ahoy" }],
    },
    answer: {
      status: 200,
      description: "What the server answered.",
      schema: {
        type: "object",
        required: ["status", "statusText", "httpVersion", "headers", "bytes", "timing"],
        properties: {
          status: { type: "integer" },
          statusText: { type: "string" },
          httpVersion: { type: "string" },
          headers: { type: "array", items: { type: "array", items: { type: "string" } } },
          bytes: { type: "integer", description: "Length of the body that came." },
          cut: { type: "boolean", description: "Whether only the beginning of it is here." },
          broke: { type: "string", description: "Why the body is not complete." },
          text: { type: "string", description: "The body, if it is UTF-8." },
          base64: { type: "string", description: "The body, if it is not." },
          missing: {
            type: "string",
            enum: ["credentials"],
            description: "What the server wants besides.",
          },
          timing: {
            type: "object",
            required: ["totalMs"],
            properties: {
              connectMs: milliseconds("Connecting."),
              tlsMs: milliseconds("The handshake of TLS."),
              firstByteMs: milliseconds("From sending to the head of the answer."),
              totalMs: milliseconds("All of it."),
            },
          },
        },
      },
    },
    problems: [404, 409, 429, 502, 504],
    async handle({ requests, given, body, request: { signal } }) {
      const asked = body as Body;
      const { method = "GET", target = "/", headers = [] } = asked;
      const { timeoutMs = USUAL_TIMEOUT_MS, maxBodyBytes = USUAL_BODY_BYTES } = asked;
      for (const [name, value] of headers) refuseField(name, value);
      const hasBody = asked.text !== undefined || asked.base64 !== undefined;
      const { message, ...answered } = await requests.send(Number(given.server), {
        ...{ method, target, headers, timeoutMs, maxBodyBytes, signal },
        body: hasBody ? messageIn(asked) : undefined,
      });
      return { ...answered, ...messageJson(message) };
    },
  },
];

/** @throws {Problem} when it is not the caller's to set, or stands for a secret that is not there */
function refuseField(name: string, value: string): void {
  if (OWN_FIELDS.includes(name.toLowerCase())) {
    throw new Problem(422, `headers: ${name} is set by the control itself; leave it away`);
  }
  if (value.includes(MASK)) {
    throw new Problem(
      422,
      `headers: ${name} has ${MASK} in place of a secret; give the secret, or leave ${name} away`,
    );
  }
}
