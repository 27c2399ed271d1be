// The control as a whole: counters, what can be started, and beginning anew.

import type { Route } from "../route.ts";

export const overviewRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/api/stats",
    operation: "showStats",
    summary: "The counters of all servers, added up, and those of the control itself.",
    answer: {
      status: 200,
      description: "The counters.",
      schema: {
        type: "object",
        required: ["counters", "control", "dials"],
        properties: {
          counters: { $ref: "#/components/schemas/Counters" },
          control: {
            type: "object",
            required: [
              "listeners",
              "remembered",
              "lastEvent",
              "missed",
              "dropped",
              "heldBodyBytes",
            ],
            properties: {
              listeners: { type: "integer", description: "Those who listen or wait now." },
              remembered: { type: "integer", description: "Events that are remembered." },
              lastEvent: { type: "integer", description: "Number of the last event." },
              missed: { type: "integer", description: "Events that slow listeners missed." },
              dropped: { type: "integer", description: "Listeners that were dropped." },
              heldBodyBytes: {
                type: "integer",
                description:
                  "Bytes of HTTP bodies that are kept while their requests are answered.",
              },
            },
          },
          dials: {
            type: "object",
            required: ["open", "opened", "refused", "idled", "forgotten"],
            properties: {
              open: { type: "integer", description: "Sessions to servers that are open." },
              opened: { type: "integer", description: "Those that were opened." },
              refused: { type: "integer", description: "Those that were one too many." },
              idled: { type: "integer", description: "Those that nobody used any more." },
              forgotten: { type: "integer", description: "Messages that were one too many." },
            },
          },
        },
      },
    },
    handle: ({ docks, log, dials }) => ({
      counters: docks.stats(),
      control: {
        listeners: log.listeners,
        remembered: log.size,
        lastEvent: log.lastId,
        missed: log.missed,
        dropped: log.dropped,
        heldBodyBytes: docks.heldBodyBytes(),
      },
      dials: dials.stats(),
    }),
  },
  {
    method: "GET",
    path: "/api/catalogue",
    operation: "showCatalogue",
    summary:
      "Protocols, transports, layers and their options, which fit together, and what cannot be had.",
    answer: { status: 200, description: "The catalogue.", schema: { type: "object" } },
    handle: ({ docks }) => docks.catalogue(),
  },
  {
    method: "GET",
    path: "/api/catalogue/options",
    operation: "showOptions",
    summary: "The options that have an effect on a protocol at a URL, to start it with.",
    description: "What a form is made of. Values of options are not told, only their defaults.",
    parameters: [
      {
        name: "protocol",
        in: "query",
        description: "Name of the protocol or application.",
        schema: { type: "string", maxLength: 100, default: "echo" },
      },
      {
        name: "url",
        in: "query",
        description:
          "Where it would listen, with its layers, such as `udp+reliable://127.0.0.1:0`.",
        schema: { type: "string", maxLength: 2000, default: "tcp://127.0.0.1:0" },
      },
      {
        name: "to",
        in: "query",
        description: "Where a relay would pass on to. Default: anywhere.",
        schema: { type: "string", maxLength: 2000 },
      },
    ],
    answer: {
      status: 200,
      description: "The options.",
      schema: {
        type: "object",
        required: ["options", "folders"],
        properties: {
          options: { type: "array", items: { $ref: "#/components/schemas/Option" } },
          folders: {
            type: "array",
            description: "The folders inside which the files of such servers may be.",
            items: { type: "string" },
          },
        },
      },
    },
    handle: ({ docks, given: { protocol, url, to } }) =>
      docks.options({
        protocol: String(protocol ?? "echo"),
        url: String(url ?? "tcp://127.0.0.1:0"),
        to: to === undefined ? undefined : String(to),
      }),
  },
  {
    method: "POST",
    path: "/api/reset",
    operation: "reset",
    summary: "Takes all faults away, stops the servers that were started here, forgets all events.",
    answer: { status: 204, description: "As at the start." },
    async handle({ docks, log }) {
      await docks.reset();
      log.forget();
    },
  },
];
