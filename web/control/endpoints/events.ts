// The events: as a stream, waiting for one, and what the control is as a whole.

import type { ServerEvent } from "../../../core/event.ts";
import { didYouMean } from "../../../core/options/nearest.ts";
import type { EventFilter, LoggedEvent } from "../event_log.ts";
import { EVENT_STREAM_ANSWER, eventStream, streamed, type StreamWriter } from "../event_stream.ts";
import { noServer } from "../missing.ts";
import { Problem } from "../problem.ts";
import { serverSentEvents } from "../server_sent_events.ts";
import type { Asked, Parameter, Route } from "../route.ts";

/** How many may listen, and how many may wait, at a time. */
const MAX_LISTENERS = 16;
const MAX_WAITS = 64;

/** Every kind of event: one that is written wrong would be waited for in vain. */
const KINDS: readonly string[] = Object.keys(
  {
    ...{ listening: 0, opened: 0, closed: 0, dialled: 0, moved: 0, denied: 0, failed: 0 },
    ...{ "accept-failed": 0, message: 0, received: 0, sent: 0, request: 0, inspected: 0 },
    ...{ stored: 0, refused: 0, chat: 0, notice: 0, stopped: 0 },
  } satisfies Record<ServerEvent["event"], 0>,
);

/** The most of an HTTP body that can be asked for. */
const MOST_BODY_BYTES = 64 * 1024;

const LONGEST_WAIT_SECONDS = 300;
const USUAL_WAIT_SECONDS = 5;

const filters: readonly Parameter[] = [
  {
    name: "event",
    in: "query",
    description: "Kinds of events, separated by commas. Default: all. `received`, `sent` and " +
      "`request` are only made while somebody listens or waits for them, unless the control " +
      "was opened to remember them.",
    schema: { type: "string", maxLength: 500, examples: ["opened,closed"] },
  },
  {
    name: "server",
    in: "query",
    description: "Number of the server.",
    schema: { type: "integer", minimum: 1 },
  },
  {
    name: "session",
    in: "query",
    description: "Number of the session.",
    schema: { type: "integer", minimum: 1 },
  },
  {
    name: "bodies",
    in: "query",
    description: "How many bytes of each HTTP body to keep. `request` events then have their " +
      "`content`: heads and bodies, with secrets masked, of at most 500 requests a second. 0 keeps " +
      "the heads alone.",
    schema: { type: "integer", minimum: 0, maximum: MOST_BODY_BYTES },
  },
];

const contains: Parameter = {
  name: "contains",
  in: "query",
  description: "A plain substring of the event's message, or of its JSON if it has none.",
  schema: { type: "string", maxLength: 10_000 },
};

const after: Parameter = {
  name: "after",
  in: "query",
  description: "Number of an event: those that are remembered after it count too.",
  schema: { type: "integer", minimum: 0 },
};

const rate: Parameter = {
  name: "rate",
  in: "query",
  description: "How many messages and requests a second, evenly spread over what passes, and how " +
    "many other events; what is left out costs next to nothing. Default: all.",
  schema: { type: "integer", minimum: 1, maximum: 1_000_000 },
};

/** The events of which a capture has packets. */
const CAPTURED: ReadonlySet<string> = new Set(["opened", "closed", "received", "sent", "request"]);

export const eventRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/api/events",
    operation: "streamEvents",
    summary: "Events as they happen, as server-sent events.",
    description:
      "Each has its number as `id`, its kind as `event` and the event as JSON as `data`. A listener " +
      "that reads too slowly gets `event: missed` with how many it missed; one that reads nothing " +
      "for 10 seconds is dropped. With `rate` it gets `event: left-out` with how many were left out " +
      "besides. Without `after` and `Last-Event-ID` it begins with what happens " +
      "from now on.",
    parameters: [...filters, contains, after, rate, {
      name: "last-event-id",
      in: "header",
      description: "As `after`; browsers send it when they connect again.",
      schema: { type: "integer", minimum: 0 },
    }],
    answer: EVENT_STREAM_ANSWER,
    problems: [404, 429],
    handle(asked) {
      const { log, given } = asked;
      const after = Number(given.after ?? given["last-event-id"] ?? log.lastId);
      return streamed(listenTo(asked, filterOf(asked), serverSentEvents, after));
    },
  },
  {
    method: "GET",
    path: "/api/capture",
    operation: "captureTraffic",
    summary: "Messages and requests as a pcapng file, for Wireshark.",
    description:
      "Those that are remembered, and with `follow` those that pass from now on too. Headers of IP, " +
      "TCP and UDP are made up around what was said, in plain.",
    parameters: [...filters.filter(({ name }) => name !== "event"), contains, {
      name: "follow",
      in: "query",
      description: "Whether it goes on.",
      schema: { type: "boolean", default: false },
    }, rate],
    answer: {
      status: 200,
      description: "The capture.",
      mediaType: "application/x-pcapng",
      schema: { type: "string" },
    },
    problems: [404, 429],
    async handle(asked) {
      const { captureWriter, captureOf } = await import("../capture_stream.ts");
      const filter = { ...filterOf(asked), kinds: CAPTURED };
      const stream = asked.given.follow === true
        ? listenTo(asked, filter, captureWriter(), 0)
        : captureOf(asked.log.after(0, filter));
      return streamed(stream, {
        "content-type": "application/x-pcapng",
        "content-disposition": 'attachment; filename="sockdock.pcapng"',
      });
    },
  },
  {
    method: "GET",
    path: "/api/wait",
    operation: "waitForEvent",
    summary: "The first event that fits, also one that has passed already.",
    description:
      "Looks through the events that are remembered after `after` (all of them by default), and " +
      "then waits. 404 when none fitted in time.",
    parameters: [
      ...filters,
      contains,
      after,
      {
        name: "timeout",
        in: "query",
        description: "Seconds to wait.",
        schema: {
          type: "number",
          minimum: 0,
          maximum: LONGEST_WAIT_SECONDS,
          default: USUAL_WAIT_SECONDS,
        },
      },
    ],
    answer: {
      status: 200,
      description: "The event.",
      schema: { $ref: "#/components/schemas/Event" },
    },
    problems: [404, 429],
    async handle(asked) {
      const { log, given } = asked;
      const filter = filterOf(asked);
      const after = Number(given.after ?? 0);
      const [passed] = log.after(after, filter);
      if (passed !== undefined) return jsonOf(passed);
      if (log.waits >= MAX_WAITS) {
        throw new Problem(429, `${MAX_WAITS} wait already; try again later`);
      }
      const seconds = Number(given.timeout ?? USUAL_WAIT_SECONDS);
      return jsonOf(await nextEvent(asked, filter, { after, timeoutMs: seconds * 1000 }));
    },
  },
  {
    method: "DELETE",
    path: "/api/events",
    operation: "forgetEvents",
    summary: "Forgets all events; their numbers go on.",
    answer: { status: 204, description: "None is remembered." },
    handle: ({ log }) => log.forget(),
  },
];

/** @throws {Problem} when too many listen */
function listenTo(
  { log, given, request: { signal } }: Asked,
  filter: EventFilter,
  writer: StreamWriter,
  after: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (log.listeners - log.waits >= MAX_LISTENERS) {
    throw new Problem(429, `${MAX_LISTENERS} listen already; end one of them`);
  }
  const perSecond = given.rate === undefined ? undefined : Number(given.rate);
  return eventStream(log, filter, writer, { after, perSecond, signal });
}

/** @throws {Problem} when there is no such server, or no such kind of event */
function filterOf({ docks, given }: Asked): EventFilter {
  const { event, server, session, contains, bodies } = given;
  const url = server === undefined ? undefined : docks.urlOf(Number(server));
  if (server !== undefined && url === undefined) throw noServer(server);
  const kinds = event === undefined ? [] : String(event).split(",").map((kind) => kind.trim());
  for (const kind of kinds) {
    if (KINDS.includes(kind)) continue;
    const hint = didYouMean(kind, KINDS);
    throw new Problem(
      422,
      `event: there is no ${JSON.stringify(kind)}${hint}; known are ${KINDS.join(", ")}`,
    );
  }
  return {
    ...(kinds.length > 0 && { kinds: new Set(kinds) }),
    ...(url !== undefined && { url }),
    ...(session !== undefined && { session: Number(session) }),
    ...(contains !== undefined && { contains: String(contains) }),
    ...(bodies !== undefined && { bodyBytes: Number(bodies) }),
  };
}

/** @throws {Problem} when none comes in time */
function nextEvent(
  { log, request: { signal } }: Asked,
  filter: EventFilter,
  { after, timeoutMs }: { readonly after: number; readonly timeoutMs: number },
): Promise<LoggedEvent> {
  log.waits++;
  const { promise, resolve, reject } = Promise.withResolvers<LoggedEvent>();
  // A number that no event has yet is waited for, too.
  const stop = log.listen({ filter, hear: (event) => event.id > after && resolve(event) });
  const timer = setTimeout(
    () => reject(new Problem(404, `no event fitted within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  const gone = () => reject(new Problem(404, "the client has gone"));
  signal.addEventListener("abort", gone, { once: true });
  if (signal.aborted) gone();
  return promise.finally(() => {
    log.waits--;
    stop();
    clearTimeout(timer);
    signal.removeEventListener("abort", gone);
  });
}

function jsonOf({ json }: LoggedEvent): Response {
  return new Response(`${json}\n`, {
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}
