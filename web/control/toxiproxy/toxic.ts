// A toxic of Toxiproxy as faults of ours: what flows upstream comes in at the listening side of a relay,
// what flows downstream goes out there.

import { ToxiproxyError } from "./toxiproxy_error.ts";

/** The longest name. */
const MAX_NAME = 1000;

export interface Toxic {
  readonly name: string;
  readonly type: string;
  readonly stream: "upstream" | "downstream";
  /** The share of connections that it concerns. */
  readonly toxicity: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/** The attributes of each type, and the fault that they are. */
const TYPES: Readonly<
  Record<string, {
    readonly attributes: readonly string[];
    faultOf(attributes: Readonly<Record<string, number>>): string;
  }>
> = {
  latency: {
    attributes: ["latency", "jitter"],
    // A latency is never below zero here, so it cannot vary by more than itself.
    faultOf: ({ latency = 0, jitter = 0 }) => `latency=${latency}ms~${Math.min(jitter, latency)}ms`,
  },
  bandwidth: {
    attributes: ["rate"],
    faultOf: ({ rate = 0 }) => rate === 0 ? "timeout=0s" : `bandwidth=${rate * 1000}`,
  },
  slow_close: { attributes: ["delay"], faultOf: ({ delay = 0 }) => `slow-close=${delay}ms` },
  timeout: { attributes: ["timeout"], faultOf: ({ timeout = 0 }) => `timeout=${timeout}ms` },
  reset_peer: { attributes: ["timeout"], faultOf: ({ timeout = 0 }) => `reset-in=${timeout}ms` },
  slicer: {
    attributes: ["average_size", "size_variation", "delay"],
    faultOf({ average_size: size = 0, size_variation: variation = 0, delay = 0 }) {
      const bytes = Math.max(1, size);
      // In microseconds; timers know no less than a millisecond.
      const pauseMs = Math.round(delay / 1000);
      return `slice=${bytes}~${Math.min(variation, bytes - 1)}@${pauseMs}ms`;
    },
  },
  limit_data: {
    attributes: ["bytes"],
    faultOf: ({ bytes = 0 }) => `close-after=${Math.max(1, bytes)}`,
  },
};

/** Reads a toxic from the body of a request.
 * @param before the toxic that it changes
 * @throws {ToxiproxyError} when something in it is wrong */
export function readToxic(body: unknown, before?: Toxic): Toxic {
  if (typeof body !== "object" || body === null) throw badBody("expected an object");
  const { name, type, stream, toxicity, attributes } = body as Record<string, unknown>;
  const kind = before?.type ?? type;
  if (typeof kind !== "string" || !Object.hasOwn(TYPES, kind)) {
    throw new ToxiproxyError(400, "invalid toxic type");
  }
  const flow = before?.stream ?? (stream === undefined || stream === "" ? "downstream" : stream);
  if (flow !== "upstream" && flow !== "downstream") {
    throw new ToxiproxyError(400, "stream was invalid, can be either upstream or downstream");
  }
  const share = toxicity ?? before?.toxicity ?? 1;
  if (typeof share !== "number" || !(share >= 0 && share <= 1)) {
    throw badBody("toxicity is a number from 0 to 1");
  }
  if (name !== undefined && (typeof name !== "string" || name.length > MAX_NAME)) {
    throw badBody(`name is text of at most ${MAX_NAME} characters`);
  }
  return {
    name: before?.name ?? (name || `${kind}_${flow}`),
    type: kind,
    stream: flow,
    toxicity: share,
    attributes: readAttributes(kind, attributes ?? {}, before?.attributes),
  };
}

function readAttributes(
  type: string,
  given: unknown,
  before: Readonly<Record<string, number>> = {},
): Record<string, number> {
  if (typeof given !== "object" || given === null) throw badBody("attributes are an object");
  const values = given as Record<string, unknown>;
  return Object.fromEntries(TYPES[type]!.attributes.map((name) => {
    const value = values[name] ?? before[name] ?? 0;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) {
      return [name, value];
    }
    throw badBody(`${name} is a whole number of at least 0`);
  }));
}

/** The texts of `--fault` for toxics. */
export function faultsOf(toxics: Iterable<Toxic>): string[] {
  const texts: string[] = [];
  for (const { type, stream, toxicity, attributes } of toxics) {
    if (toxicity === 0) continue;
    const way = stream === "upstream" ? "in" : "out";
    const share = toxicity === 1 ? "" : `,share=${toxicity.toFixed(9)}`;
    texts.push(`${way}.${TYPES[type]!.faultOf(attributes)}${share}`);
  }
  return texts;
}

function badBody(why: string): ToxiproxyError {
  return new ToxiproxyError(400, `bad request body: ${why}`);
}
