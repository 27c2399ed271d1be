// The sessions that are open: who they are, ending one, and saying something to its peer.

import { messageFields, messageIn } from "../message.ts";
import { noSession } from "../missing.ts";
import { Problem } from "../problem.ts";
import { type Route, sessionInPath } from "../route.ts";

const USUAL_SEND_MS = 5000;
const LONGEST_SEND_MS = 60_000;

export const sessionRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/api/sessions",
    operation: "listSessions",
    summary: "The sessions and HTTP connections that are open.",
    parameters: [{
      name: "server",
      in: "query",
      description: "Only those of this server.",
      schema: { type: "integer", minimum: 1 },
    }],
    answer: {
      status: 200,
      description: "The sessions, those that were opened first first.",
      schema: {
        type: "object",
        required: ["sessions"],
        properties: {
          sessions: { type: "array", items: { $ref: "#/components/schemas/Session" } },
        },
      },
    },
    handle: ({ docks, given: { server } }) => ({
      sessions: docks.sessions().filter((one) => server === undefined || one.server === server),
    }),
  },
  {
    method: "DELETE",
    path: "/api/sessions/{session}",
    operation: "closeSession",
    summary: "Ends a session now.",
    parameters: [sessionInPath],
    answer: { status: 204, description: "It has ended." },
    problems: [404],
    handle(asked) {
      if (!asked.docks.closeSession(Number(asked.given.session))) {
        throw noSession(asked.given.session);
      }
    },
  },
  {
    method: "POST",
    path: "/api/sessions/{session}/send",
    operation: "sendToSession",
    summary: "Sends the peer of a session a message, besides those of the protocol.",
    description: "Framed as the protocol frames its messages. An HTTP connection takes none.",
    parameters: [sessionInPath],
    body: {
      type: "object",
      additionalProperties: false,
      properties: {
        ...messageFields,
        timeoutMs: {
          type: "integer",
          description: "How long the peer may take nothing.",
          minimum: 1,
          maximum: LONGEST_SEND_MS,
          default: USUAL_SEND_MS,
        },
      },
    },
    answer: { status: 204, description: "The message was handed to the system." },
    problems: [404, 409, 504],
    async handle(asked) {
      const { timeoutMs = USUAL_SEND_MS } = asked.body as { readonly timeoutMs?: number };
      const message = messageIn(asked.body);
      const sent = await asked.docks.sendTo(Number(asked.given.session), message, timeoutMs);
      if (sent === false) throw noSession(asked.given.session);
      if (sent === null) {
        const why = `session ${asked.given.session} carries HTTP requests and takes no messages`;
        throw new Problem(409, why);
      }
    },
  },
];
