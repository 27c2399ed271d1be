// Talking to the servers from this process: one question, and sessions that stay open.

import { messageJson } from "../../../core/event_json.ts";
import type { AskedOptions, ChatRequest, DialChoice, DialRequest } from "../dials.ts";
import { EVENT_STREAM_ANSWER, eventStream, streamed } from "../event_stream.ts";
import { serverSentEvents } from "../server_sent_events.ts";
import { messageFields, messageIn } from "../message.ts";
import { noDial } from "../missing.ts";
import { Problem } from "../problem.ts";
import { type Asked, type Parameter, type Route, serverInPath } from "../route.ts";
import type { Schema } from "../schema.ts";

const LONGEST_ASK_MS = 60_000;
const USUAL_ASK_MS = 5000;

/** How many may listen at a time. */
const MAX_LISTENERS = 16;

const dialInPath: Parameter = {
  name: "dial",
  in: "path",
  description: "Number of the dial, as `GET /api/dials` has it.",
  schema: { type: "integer", minimum: 1 },
};

const holderInQuery: Parameter = {
  name: "holder",
  in: "query",
  description: "As the dials were opened with it.",
  schema: { type: "string", maxLength: 100 },
};

const after: Parameter = {
  name: "after",
  in: "query",
  description: "Number of an event: those that are remembered after it come first. Default: all.",
  schema: { type: "integer", minimum: 0 },
};

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

/** What each request of a chat cannot be without. */
const CHAT_FIELDS: Readonly<Record<ChatRequest["type"], readonly string[]>> = {
  say: ["text"],
  join: ["room"],
  name: ["name"],
  who: [],
  rooms: [],
  history: [],
  search: ["words"],
  msg: ["to", "text"],
  kick: ["name"],
  ban: ["name"],
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
        readonly options?: AskedOptions;
      };
      const { answer, ...result } = await dials.ask(Number(given.server), {
        message: messageIn(body),
        timeoutMs,
        options,
      });
      return { ...result, ...(answer !== null && messageJson(answer)) };
    },
  },
  {
    method: "GET",
    path: "/api/dials",
    operation: "listDials",
    summary: "The sessions that were opened here, those that ended not long ago among them.",
    answer: {
      status: 200,
      description: "The dials.",
      schema: {
        type: "object",
        required: ["dials"],
        properties: {
          dials: { type: "array", items: { $ref: "#/components/schemas/Dial" } },
        },
      },
    },
    handle: ({ dials }) => ({ dials: dials.list() }),
  },
  {
    method: "POST",
    path: "/api/dials",
    operation: "openDial",
    summary: "Opens a session from this process to one of its servers, and no other.",
    description:
      "It is closed once nobody has listened to it or sent over it for a while. With `chat` it is a " +
      "member of the chat there, which comes back by itself when the connection is lost, and " +
      "enters under another name when the name is taken.",
    body: {
      type: "object",
      required: ["server"],
      additionalProperties: false,
      properties: {
        server: { type: "integer", minimum: 1 },
        options: clientOptions,
        holder: {
          description: "A name under which all sessions that have it can be listened to at once.",
          type: "string",
          maxLength: 100,
        },
        chat: {
          type: "object",
          additionalProperties: false,
          properties: {
            name: { type: "string", maxLength: 256 },
            room: { type: "string", maxLength: 256 },
            last: {
              description: "So many of the last messages come first.",
              type: "integer",
              minimum: 0,
              maximum: 10_000,
              default: 20,
            },
            after: {
              description: "What was said after this `seq` of the room comes, instead of the last.",
              type: "integer",
              minimum: 0,
            },
          },
        },
      },
      examples: [{ server: 1 }],
    },
    answer: {
      status: 201,
      description: "The dial.",
      schema: { $ref: "#/components/schemas/Dial" },
    },
    problems: [404, 409, 429],
    handle({ dials, body }) {
      const { server, options = {}, holder = null, chat } = body as Partial<DialRequest> & {
        readonly server: number;
      };
      return dials.open({ server, options, holder, ...(chat !== undefined && { chat }) });
    },
  },
  {
    method: "DELETE",
    path: "/api/dials",
    operation: "closeDials",
    summary: "Closes all sessions of a holder, as a page does that goes away.",
    parameters: [holderInQuery],
    answer: { status: 204, description: "They are closed." },
    handle: ({ dials, given }) => dials.closeAll(String(given.holder ?? "")),
  },
  {
    method: "DELETE",
    path: "/api/dials/{dial}",
    operation: "closeDial",
    summary: "Closes a session now.",
    parameters: [dialInPath],
    answer: { status: 204, description: "It is closed." },
    problems: [404],
    handle({ dials, given }) {
      if (dials.close(Number(given.dial))) return;
      throw noDial(given.dial);
    },
  },
  {
    method: "POST",
    path: "/api/dials/{dial}/send",
    operation: "sendOnDial",
    summary: "Sends the server a message, as it is.",
    parameters: [dialInPath],
    body: { type: "object", additionalProperties: false, properties: messageFields },
    answer: { status: 204, description: "The message was handed to the system." },
    problems: [404, 409],
    handle: ({ dials, given, body }) => dials.send(Number(given.dial), messageIn(body)),
  },
  {
    method: "POST",
    path: "/api/dials/{dial}/end",
    operation: "endDial",
    summary: "Ends our half of a session; the server may still send.",
    parameters: [dialInPath],
    answer: { status: 204, description: "The server will find the end." },
    problems: [404, 409],
    handle: ({ dials, given }) => dials.end(Number(given.dial)),
  },
  {
    method: "POST",
    path: "/api/dials/{dial}/chat",
    operation: "askChat",
    summary: "Says something in a chat, or asks it something.",
    description:
      "The requests of docs/chat.md, but for `hello`, `ping` and `quit`, and what answers them. A " +
      "`say` is answered once it is stored, however often the connection is lost until then.",
    parameters: [dialInPath],
    body: {
      type: "object",
      required: ["type"],
      additionalProperties: false,
      properties: {
        type: { type: "string", enum: Object.keys(CHAT_FIELDS) },
        text: { type: "string", maxLength: 65_536 },
        kind: { type: "string", enum: ["say", "me"] },
        id: { type: "string", maxLength: 64 },
        room: { type: "string", maxLength: 256 },
        name: { type: "string", maxLength: 256 },
        to: { type: "string", maxLength: 256 },
        reason: { type: "string", maxLength: 1000 },
        words: { type: "string", maxLength: 1000 },
        count: { type: "integer", minimum: 1, maximum: 10_000 },
        before: { type: "integer", minimum: 0 },
      },
      examples: [{ type: "say", text: "ahoy" }],
    },
    answer: { status: 200, description: "What answers it.", schema: { type: "object" } },
    problems: [404, 409],
    handle({ dials, given, body }) {
      const request = body as ChatRequest;
      const missing = CHAT_FIELDS[request.type].find((field) => !(field in request));
      if (missing !== undefined) {
        throw new Problem(422, `body: ${missing} is missing, which ${request.type} needs`);
      }
      return dials.askChat(Number(given.dial), request);
    },
  },
  {
    method: "GET",
    path: "/api/dials/{dial}/messages",
    operation: "streamDial",
    summary: "What passes over a session, as server-sent events.",
    description:
      "`received` and `sent` messages, `failed` ones, and `closed` with the reason. `dial` is the " +
      "number of the dial, `atMs` when it was, by a clock of milliseconds that never goes back. " +
      "Of a chat, `chat` is what happened there, as `sockdock chat --json` prints it, and " +
      "`mention` says that a message mentions us.",
    parameters: [dialInPath, after],
    answer: EVENT_STREAM_ANSWER,
    problems: [404, 429],
    handle: (asked) => stream(asked, { dial: Number(asked.given.dial) }),
  },
  {
    method: "GET",
    path: "/api/messages",
    operation: "streamDials",
    summary: "The same of all sessions of one holder, those that are opened later too.",
    parameters: [holderInQuery, after],
    answer: EVENT_STREAM_ANSWER,
    problems: [429],
    handle: (asked) => stream(asked, { holder: String(asked.given.holder ?? "") }),
  },
];

function stream({ dials, given, request: { signal } }: Asked, choice: DialChoice): Response {
  const { log } = dials;
  if (log.listeners >= MAX_LISTENERS) {
    throw new Problem(429, `${MAX_LISTENERS} listen already; end one of them`);
  }
  const heard = dials.hear(choice);
  const events = eventStream(log, heard.filter, serverSentEvents, {
    after: Number(given.after ?? 0),
    signal,
    onEnd: () => heard[Symbol.dispose](),
  });
  return streamed(events);
}
