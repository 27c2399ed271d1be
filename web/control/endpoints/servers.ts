// The servers: what runs, starting and stopping, their certificates and their faults.

import type { StartRequest, Stopping } from "../controlled_docks.ts";
import { noServer } from "../missing.ts";
import { Problem } from "../problem.ts";
import { type Asked, type Route, serverInPath } from "../route.ts";

const serverList = {
  type: "object",
  required: ["servers"],
  properties: { servers: { type: "array", items: { $ref: "#/components/schemas/Server" } } },
} as const;

const faultsAnswer = {
  type: "object",
  required: ["faults"],
  properties: { faults: { $ref: "#/components/schemas/Faults" } },
} as const;

const stoppedServers = {
  type: "array",
  description: "All that were started together.",
  items: {
    type: "object",
    required: ["id", "url"],
    properties: { id: { type: "integer" }, url: { type: "string" } },
  },
} as const;

/** How long sessions may take to finish, where nothing is said, and at most. */
const DEFAULT_GRACE_MS = 10_000;
const MAX_GRACE_MS = 3_600_000;

/** What a certificate is called in commands where nothing is said. */
const DEFAULT_FILE = "sockdock.pem";

export const serverRoutes: readonly Route[] = [
  {
    method: "GET",
    path: "/api/servers",
    operation: "listServers",
    summary: "Every endpoint that listens, with its options, certificate, counters and faults.",
    answer: { status: 200, description: "The servers.", schema: serverList },
    handle: async ({ docks }) => ({ servers: await docks.servers() }),
  },
  {
    method: "POST",
    path: "/api/servers",
    operation: "startServers",
    summary: "Starts a protocol or an application on one or several URLs.",
    description:
      "Only on loopback; what is in the file system only inside the folders that the control was " +
      "given. Options have the names of their flags, and are checked as those of the command line.",
    body: {
      type: "object",
      required: ["protocol", "urls"],
      additionalProperties: false,
      properties: {
        protocol: { type: "string", maxLength: 100, examples: ["echo"] },
        urls: {
          type: "array",
          minItems: 1,
          maxItems: 16,
          items: { type: "string", maxLength: 2000 },
          examples: [["tcp://127.0.0.1:0", "udp://127.0.0.1:0"]],
        },
        options: {
          type: "object",
          maxProperties: 200,
          additionalProperties: {
            type: ["string", "number", "boolean", "array"],
            maxLength: 100_000,
            maxItems: 1000,
          },
          examples: [{ "max-connections": 10, fault: ["latency=20ms"] }],
        },
      },
    },
    answer: { status: 201, description: "The servers that listen now.", schema: serverList },
    problems: [409],
    handle: async ({ docks, body }) => ({ servers: await docks.start(body as StartRequest) }),
  },
  {
    method: "GET",
    path: "/api/servers/{server}",
    operation: "showServer",
    summary: "One server.",
    parameters: [serverInPath],
    answer: {
      status: 200,
      description: "The server.",
      schema: { $ref: "#/components/schemas/Server" },
    },
    problems: [404],
    async handle(asked) {
      const id = serverOf(asked);
      return (await asked.docks.servers()).find((server) => server.id === id);
    },
  },
  {
    method: "DELETE",
    path: "/api/servers/{server}",
    operation: "stopServer",
    summary: "Stops a server now, and those that were started together with it.",
    description:
      "The program ends as it does when its servers end by themselves: with the last of those that it " +
      "has started itself.",
    parameters: [serverInPath],
    answer: {
      status: 200,
      description: "They have stopped, and their sessions are closed.",
      schema: { type: "object", required: ["stopped"], properties: { stopped: stoppedServers } },
    },
    problems: [404],
    async handle(asked) {
      const { servers, finished } = stop(asked, 0);
      await finished;
      return { stopped: servers };
    },
  },
  {
    method: "POST",
    path: "/api/servers/{server}/drain",
    operation: "drainServer",
    summary: "Stops a server, and those that were started with it, once they have answered.",
    description:
      "They stop listening at once, and close the sessions that wait for their client. What is being " +
      "answered may finish within `graceMs`; then it is cut off. The event `stopped` says when all is " +
      "over; a second request with a shorter grace shortens the wait.",
    parameters: [serverInPath],
    body: {
      type: "object",
      additionalProperties: false,
      properties: {
        graceMs: {
          description: `Milliseconds. Default: ${DEFAULT_GRACE_MS}.`,
          type: "integer",
          minimum: 0,
          maximum: MAX_GRACE_MS,
          default: DEFAULT_GRACE_MS,
        },
      },
    },
    answer: {
      status: 202,
      description: "They take no more clients.",
      schema: {
        type: "object",
        required: ["draining", "graceMs"],
        properties: { draining: stoppedServers, graceMs: { type: "integer" } },
      },
    },
    problems: [404],
    handle(asked) {
      const { graceMs = DEFAULT_GRACE_MS } = asked.body as { readonly graceMs?: number };
      return { draining: stop(asked, graceMs).servers, graceMs };
    },
  },
  {
    method: "GET",
    path: "/api/servers/{server}/certificate",
    operation: "showCertificate",
    summary:
      "The certificate that a server shows, and how programs and systems are made to trust it.",
    parameters: [
      serverInPath,
      {
        name: "file",
        in: "query",
        description:
          "Path of the file in which the certificate to trust is kept, for the commands.",
        schema: { type: "string", maxLength: 1000, default: DEFAULT_FILE },
      },
    ],
    answer: {
      status: 200,
      description: "The certificate.",
      schema: { $ref: "#/components/schemas/CertificateDetails" },
    },
    problems: [404],
    async handle(asked) {
      const id = serverOf(asked);
      const file = String(asked.given.file ?? DEFAULT_FILE);
      const certificate = await asked.docks.certificateOf(id, file);
      if (certificate !== null) return certificate;
      throw new Problem(404, `server ${id} shows no certificate; it is not on TLS or DTLS`);
    },
  },
  {
    method: "GET",
    path: "/api/servers/{server}/faults",
    operation: "showFaults",
    summary: "The faults in force, and how often each did something.",
    parameters: [serverInPath],
    answer: {
      status: 200,
      description: "The faults; null when there are none.",
      schema: faultsAnswer,
    },
    problems: [404],
    handle: (asked) => ({ faults: asked.docks.faultsOf(serverOf(asked)) }),
  },
  {
    method: "PUT",
    path: "/api/servers/{server}/faults",
    operation: "setFaults",
    summary: "Replaces the faults at once, for the sessions that are open too.",
    description:
      "The decisions begin anew: the same seed and the same traffic lead to the same ones. What is " +
      "on its way keeps its order and arrives no later than it would have.",
    parameters: [serverInPath],
    body: {
      type: "object",
      required: ["fault"],
      additionalProperties: false,
      properties: {
        fault: {
          description: "As `--fault` takes them: one text or several.",
          type: ["string", "array"],
          maxLength: 2000,
          maxItems: 50,
          items: { type: "string", maxLength: 2000 },
          examples: ["loss=5%,in.latency=20ms~5ms", ["latency=1s,share=50%"]],
        },
        seed: {
          description: "Default: that of the faults before, or a new one.",
          type: "integer",
          minimum: 0,
          maximum: 2 ** 32 - 1,
        },
      },
    },
    answer: { status: 200, description: "The faults in force.", schema: faultsAnswer },
    problems: [404],
    handle(asked) {
      const id = serverOf(asked);
      const { fault, seed } = asked.body as { fault: string | string[]; seed?: number };
      asked.docks.setFaults(id, [fault].flat(), seed);
      return { faults: asked.docks.faultsOf(id) };
    },
  },
  {
    method: "DELETE",
    path: "/api/servers/{server}/faults",
    operation: "clearFaults",
    summary: "Takes the faults away at once.",
    parameters: [serverInPath],
    answer: { status: 204, description: "There are none." },
    problems: [404],
    handle(asked) {
      asked.docks.setFaults(serverOf(asked), null);
    },
  },
];

/** @throws {Problem} when there is no such server */
function stop(asked: Asked, graceMs: number): Stopping {
  const id = serverOf(asked);
  // It may have gone by itself since.
  return asked.docks.stop(id, graceMs) ?? { servers: [], finished: Promise.resolve() };
}

/** @throws {Problem} when there is no such server */
function serverOf({ docks, given }: Asked): number {
  const id = Number(given.server);
  if (docks.has(id)) return id;
  throw noServer(id);
}
