// Talking to the servers from this process: one question, and sessions that stay open.

import { messageJson } from "../../../core/event_json.ts";
import { messageFields, messageIn } from "../message.ts";
import { type Route, serverInPath } from "../route.ts";
import type { Schema } from "../schema.ts";

const LONGEST_ASK_MS = 60_000;
const USUAL_ASK_MS = 5000;

const clientOptions: Schema = {
  description:
    "Options of the client, such as `tls-cert`, by the names of their flags. What both " +
    "sides have in common is taken from the server.",
  type: "object",
  maxProperties: 100,
  additionalProperties: {
    type: ["string", "number", "boolean", "array"],
    maxLength: 100_000,
    maxItems: 100,
  },
};

export const dialRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/api/servers/{server}/ask",
    operation: "askServer",
    summary: "Sends a message over a session of its own, and answers with what comes back first.",
    description:
      "This process opens the session, over the server's own transport and layers, and closes it " +
      "afterwards. On a stream the answer is what one read gave.",
    parameters: [serverInPath],
    body: {
      type: "object",
      additionalProperties: false,
      properties: {
        ...messageFields,
        timeoutMs: {
          description: "For connecting, and then for the answer.",
          type: "number",
          minimum: 1,
          maximum: LONGEST_ASK_MS,
          default: USUAL_ASK_MS,
        },
        options: clientOptions,
      },
      examples: [{ text: "hello" }],
    },
    answer: {
      status: 200,
      description: "What came of it.",
      schema: {
        type: "object",
        required: ["outcome", "durationMs", "connectMs"],
        properties: {
          outcome: {
            type: "string",
            enum: ["answered", "late", "ended"],
            description: "`late`: no answer in time. `ended`: the server ended the session.",
          },
          durationMs: { type: "number", description: "From sending until then." },
          connectMs: { type: "number", description: "What connecting took before." },
          text: { type: "string", description: "The answer, if it is UTF-8." },
          base64: { type: "string", description: "The answer, if it is not." },
        },
      },
    },
    problems: [404, 409, 429],
    async handle({ dials, given, body }) {
      const { timeoutMs = USUAL_ASK_MS, options = {} } = body as {
        readonly timeoutMs?: number;
        readonly options?: Readonly<Record<string, unknown>>;
      };
      const { answer, ...result } = await dials.ask(Number(given.server), {
        ...{ message: messageIn(body), timeoutMs, options },
      });
      return { ...result, ...(answer !== null && messageJson(answer)) };
    },
  },
];
