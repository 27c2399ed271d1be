// Parsing of `--fault`: faults by name and value, for both directions or for one of them. Past
// 300 lines because one table says of every fault where it can be had and how it is read.

import type { Carrier } from "../../core/layer.ts";
import { knownAre } from "../../core/options/nearest.ts";
import { parseDuration, parseSize } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";

/** The faults that datagrams and the chunks of a stream meet in one direction. */
export interface LinkFaults {
  /** Shares of all datagrams, from 0 to 1. */
  readonly loss: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly corrupt: number;
  readonly latencyMs: number | undefined;
  /** How much longer or shorter the latency may be; each amount is as likely. */
  readonly jitterMs: number;
  readonly bandwidthBytesPerSecond: number | undefined;
  /** How many bytes may wait for the bandwidth or the latency; undefined: the transport decides. */
  readonly queueBytes: number | undefined;
  /** Nothing passes from `startMs` after the start for `lengthMs`. */
  readonly blackout: { readonly startMs: number; readonly lengthMs: number } | undefined;
  /** The most bytes that pass at a time, by how much each piece may be smaller or larger, and the pause
   * after it. */
  readonly slice:
    | { readonly bytes: number; readonly varyBytes: number; readonly pauseMs: number }
    | undefined;
  /** The share of chunks, from 0 to 1, that meet a reset. */
  readonly reset: number;
  readonly resetAfterBytes: number | undefined;
  readonly closeAfterBytes: number | undefined;
  /** Resets the connection this long after it was opened or the fault was set. */
  readonly resetInMs: number | undefined;
  /** Nothing passes, and the connection is closed after this time; 0 for as long as the fault is set. */
  readonly timeoutMs: number | undefined;
  /** How much later than the last byte the end of the stream comes out. */
  readonly slowCloseMs: number;
}

/** The faults of both directions, seen from the side that has the layer. */
export interface Faults {
  readonly in: LinkFaults;
  readonly out: LinkFaults;
}

/** A link that misbehaves in no way. */
export const NO_FAULTS: LinkFaults = {
  loss: 0,
  duplicate: 0,
  reorder: 0,
  corrupt: 0,
  latencyMs: undefined,
  jitterMs: 0,
  bandwidthBytesPerSecond: undefined,
  queueBytes: undefined,
  blackout: undefined,
  slice: undefined,
  reset: 0,
  resetAfterBytes: undefined,
  closeAfterBytes: undefined,
  resetInMs: undefined,
  timeoutMs: undefined,
  slowCloseMs: 0,
};

/** How one fault is written and what it goes with. */
interface Kind {
  readonly on: readonly Carrier[];
  read(text: string, name: string): Partial<LinkFaults>;
  /** What two of them do one after the other, in texts of their own; without it there can be only
   * one. */
  chain?(one: LinkFaults, other: LinkFaults): Partial<LinkFaults>;
}

const both = ["stream", "datagram"] as const;

const KINDS: Readonly<Record<string, Kind>> = {
  loss: { on: ["datagram"], read: (text, name) => ({ loss: share(text, name) }) },
  duplicate: { on: ["datagram"], read: (text, name) => ({ duplicate: share(text, name) }) },
  reorder: { on: ["datagram"], read: (text, name) => ({ reorder: share(text, name) }) },
  corrupt: { on: ["datagram"], read: (text, name) => ({ corrupt: share(text, name) }) },
  latency: {
    on: both,
    read(text, name) {
      const [latency = "", jitter, ...more] = text.split("~");
      if (more.length > 0) throw wrong(name, "a latency such as 20ms or 20ms~5ms", text);
      return {
        latencyMs: time(latency, name),
        ...(jitter !== undefined && { jitterMs: time(jitter, name) }),
      };
    },
    chain: (one, other) => ({
      latencyMs: sum(one.latencyMs!, other.latencyMs!),
      jitterMs: sum(one.jitterMs, other.jitterMs),
    }),
  },
  jitter: { on: both, read: (text, name) => ({ jitterMs: time(text, name) }) },
  bandwidth: {
    on: both,
    read: (text, name) => ({ bandwidthBytesPerSecond: bytes(text.replace(/\/s$/, ""), name) }),
    chain: smaller("bandwidthBytesPerSecond"),
  },
  queue: { on: both, read: (text, name) => ({ queueBytes: bytes(text, name) }) },
  blackout: {
    on: both,
    read(text, name) {
      const [length = "", start = "0s", ...more] = text.split("@");
      if (more.length > 0) throw wrong(name, "a blackout such as 2s@5s", text);
      return { blackout: { lengthMs: time(length, name), startMs: time(start, name) } };
    },
  },
  slice: {
    on: ["stream"],
    read(text, name) {
      const [size = "", pause = "0s", ...more] = text.split("@");
      const [average = "", vary, ...others] = size.split("~");
      if (more.length + others.length > 0) {
        throw wrong(name, "a size such as 1, 10@5ms or 64~32@5ms", text);
      }
      const varyBytes = vary === undefined ? 0 : parseSize(vary, name);
      const slice = { bytes: bytes(average, name), varyBytes, pauseMs: time(pause, name) };
      if (varyBytes < slice.bytes) return { slice };
      throw wrong(name, "a variation smaller than the size, such as 64~32", text);
    },
    // What comes out of the coarser one is cut by the finer one, and waits at both.
    chain({ slice: one }, { slice: other }) {
      const finer = one!.bytes < other!.bytes ? one! : other!;
      return { slice: { ...finer, pauseMs: Math.max(one!.pauseMs, other!.pauseMs) } };
    },
  },
  reset: { on: ["stream"], read: (text, name) => ({ reset: share(text, name) }) },
  "reset-after": {
    on: ["stream"],
    read: (text, name) => ({ resetAfterBytes: bytes(text, name) }),
    chain: smaller("resetAfterBytes"),
  },
  "close-after": {
    on: ["stream"],
    read: (text, name) => ({ closeAfterBytes: bytes(text, name) }),
    chain: smaller("closeAfterBytes"),
  },
  "reset-in": {
    on: ["stream"],
    read: (text, name) => ({ resetInMs: time(text, name) }),
    chain: smaller("resetInMs"),
  },
  timeout: {
    on: ["stream"],
    read: (text, name) => ({ timeoutMs: time(text, name) }),
    // 0 is without an end.
    chain: ({ timeoutMs: one }, { timeoutMs: other }) => ({
      timeoutMs: one === 0 || other === 0 ? one! + other! : Math.min(one!, other!),
    }),
  },
  "slow-close": {
    on: ["stream"],
    read: (text, name) => ({ slowCloseMs: time(text, name) }),
    chain: (one, other) => ({ slowCloseMs: sum(one.slowCloseMs, other.slowCloseMs) }),
  },
};

/** Two times one after the other, at most the longest that there is. */
function sum(oneMs: number, otherMs: number): number {
  return Math.min(oneMs + otherMs, LONGEST_MS);
}

/** Of two limits, the smaller one is met first. */
function smaller(
  field: "bandwidthBytesPerSecond" | "resetAfterBytes" | "closeAfterBytes" | "resetInMs",
): NonNullable<Kind["chain"]> {
  return (one, other) => ({ [field]: Math.min(one[field]!, other[field]!) });
}

/** The share of connections that meet the faults which stand beside it in one text. */
const SHARE = "share";
/** The beginnings of all faults, as they are written. */
export const faultWords: readonly string[] = Object.keys(KINDS).map((name) => `${name}=`);

/** Why a fault cannot be had on the other kind of transport. */
const REFUSALS: Readonly<Record<Carrier, string>> = {
  stream:
    "a stream repairs what the network loses, doubles, reorders or damages before we see it, " +
    "so doing it here would falsify the data of a connection that looks healthy; use latency, " +
    "bandwidth, slice, reset, reset-after or close-after, or a datagram transport such as udp",
  datagram:
    "datagrams have no connection to cut and are not cut into pieces; use loss, duplicate, " +
    "reorder, corrupt, latency, bandwidth or blackout, or a stream transport such as tcp",
};

/** Faults that are drawn for each connection: some of them meet only a share of all. */
export interface FaultPlan {
  /** Whether any connection may be reset. */
  readonly resets: boolean;
  /** Whether chance decides anything; a latency alone has nothing to repeat. */
  readonly hasChance: boolean;
  /** The faults of one connection, or of the socket of datagrams.
   * @param random takes one number for each text with a share */
  faultsOf(random: () => number): Faults;
}

/** Reads the texts of `--fault`. What stands in several of them is met one after the other: latencies
 * add up, and the smallest limit holds. A text with `share` concerns that share of connections; all others
 * concern every one.
 *
 * @param carrier what they are to be put on; without it, whether they fit is not asked
 * @throws {UsageError} when a name or value is wrong, or does not fit the transport */
export function parsePlan(specs: readonly string[], carrier?: Carrier): FaultPlan {
  const parts = specs.map((spec) => readShare(spec, carrier));
  const links = (chosen: readonly (typeof parts)[number][]) =>
    parseFaults(chosen.map(({ spec }) => spec), carrier);
  // Whatever is drawn, the faults of a connection can only be fewer than these.
  const all = links(parts);
  const directions = [all.in, all.out];
  return {
    resets: directions.some(({ reset, resetAfterBytes, resetInMs }) =>
      reset > 0 || resetAfterBytes !== undefined || resetInMs !== undefined
    ),
    hasChance: parts.some(({ share }) => share < 1) || directions.some(isByChance),
    faultsOf(random) {
      const chosen = parts.filter(({ share }) => share === 1 || random() < share);
      if (chosen.length === parts.length) return all;
      return chosen.length === 0 ? { in: NO_FAULTS, out: NO_FAULTS } : links(chosen);
    },
  };
}

function isByChance(
  { loss, duplicate, reorder, corrupt, reset, jitterMs, slice }: LinkFaults,
): boolean {
  return loss + duplicate + reorder + corrupt + reset + jitterMs + (slice?.varyBytes ?? 0) > 0;
}

/** Separates `share` from the faults that it concerns. */
function readShare(
  text: string,
  carrier: Carrier | undefined,
): { readonly spec: string; readonly share: number } {
  const items = text.split(",").map((item) => item.trim());
  const shares = items.filter((item) => item.startsWith(`${SHARE}=`));
  if (shares.length === 0) return { spec: text, share: 1 };
  if (shares.length > 1) throw new UsageError(`--fault: ${SHARE} stands there twice`);
  const spec = items.filter((item) => item !== shares[0]).join(",");
  if (spec === "") {
    throw new UsageError(
      `--fault: ${
        shares[0]
      } needs the faults that it concerns beside it, such as latency=1s,share=50%`,
    );
  }
  if (carrier === "datagram") {
    throw new UsageError(
      "--fault: share cannot be had on a datagram transport: it is a share of connections, and " +
        "datagrams have none; loss, duplicate, reorder and corrupt are shares by themselves",
    );
  }
  return { spec, share: share(shares[0]!.slice(SHARE.length + 1), `--fault ${SHARE}`) };
}

/** Reads texts that concern every connection.
 * @param carrier what they are to be put on; without it, whether they fit is not asked
 * @throws {UsageError} when a name or value is wrong, or does not fit the transport */
export function parseFaults(specs: readonly string[], carrier?: Carrier): Faults {
  const found: Record<"in" | "out" | "both", LinkParts> = { in: {}, out: {}, both: {} };
  for (const spec of specs) {
    const own: typeof found = { in: {}, out: {}, both: {} };
    for (const item of spec.split(",").map((item) => item.trim()).filter((item) => item !== "")) {
      const { direction, name, read } = readItem(item, carrier);
      if (Object.hasOwn(own[direction], name)) throw twice(item);
      own[direction][name] = read;
      const before = Object.hasOwn(found[direction], name) ? found[direction][name] : undefined;
      const { chain } = KINDS[name]!;
      if (before !== undefined && chain === undefined) throw twice(item);
      found[direction][name] = before === undefined
        ? read
        : chain!({ ...NO_FAULTS, ...before }, { ...NO_FAULTS, ...read });
    }
  }
  if (Object.values(found).every((parts) => Object.keys(parts).length === 0)) {
    throw new UsageError("the layer fault needs to know which: --fault loss=5%, for example");
  }
  const link = (own: LinkParts) => linkFaults({ ...found.both, ...own });
  return { in: link(found.in), out: link(found.out) };
}

/** What the faults of one direction say, by their names. */
type LinkParts = Record<string, Partial<LinkFaults>>;

function twice(item: string): UsageError {
  return new UsageError(`--fault: ${item.slice(0, item.indexOf("="))} stands there twice`);
}

function readItem(
  item: string,
  carrier: Carrier | undefined,
): {
  readonly direction: "in" | "out" | "both";
  readonly name: string;
  readonly read: Partial<LinkFaults>;
} {
  const [, way, name = "", value] = /^(?:(in|out)\.)?([^=]*?)(?:=(.*))?$/.exec(item) ?? [];
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name]! : undefined;
  if (kind === undefined) {
    const names = Object.keys(KINDS);
    throw new UsageError(
      `--fault: unknown fault "${name}"${knownAre(name, names)}, each also as in.NAME or out.NAME`,
    );
  }
  if (value === undefined) {
    throw new UsageError(`--fault: ${name} needs a value, such as ${EXAMPLES[name]}`);
  }
  if (carrier !== undefined && !kind.on.includes(carrier)) {
    throw new UsageError(
      `--fault: ${name} cannot be had on a ${carrier} transport: ${REFUSALS[carrier]}`,
    );
  }
  const direction = way === "in" || way === "out" ? way : "both";
  return { direction, name, read: kind.read(value, `--fault ${name}`) };
}

const EXAMPLES: Readonly<Record<string, string>> = {
  loss: "loss=5%",
  duplicate: "duplicate=1%",
  reorder: "reorder=2%",
  corrupt: "corrupt=1%",
  latency: "latency=20ms~5ms",
  jitter: "jitter=5ms",
  bandwidth: "bandwidth=1m",
  queue: "queue=64k",
  blackout: "blackout=2s@5s",
  slice: "slice=1",
  reset: "reset=1%",
  "reset-after": "reset-after=10k",
  "close-after": "close-after=10k",
  "reset-in": "reset-in=500ms",
  timeout: "timeout=5s",
  "slow-close": "slow-close=500ms",
};

function linkFaults(parts: LinkParts): LinkFaults {
  const faults: LinkFaults = Object.assign({}, NO_FAULTS, ...Object.values(parts));
  const { latencyMs, jitterMs, bandwidthBytesPerSecond, queueBytes } = faults;
  if (jitterMs > (latencyMs ?? 0)) {
    throw new UsageError(
      `--fault: a jitter of ${jitterMs} ms needs a latency of at least as much, got ` +
        `${latencyMs ?? 0} ms; such as latency=${Math.max(jitterMs, latencyMs ?? 0)}ms`,
    );
  }
  if (
    queueBytes !== undefined && bandwidthBytesPerSecond === undefined && latencyMs === undefined
  ) {
    throw new UsageError("--fault: queue has no effect without bandwidth or latency");
  }
  return faults;
}

/** A share of all from `5%` or `0.05`. */
function share(text: string, name: string): number {
  const [, digits, percent] = /^(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})(%?)$/.exec(text) ?? [];
  const value = digits === undefined ? NaN : Number(digits) / (percent === "%" ? 100 : 1);
  if (value >= 0 && value <= 1) return value;
  throw wrong(name, "a share from 0% to 100%, such as 5% or 0.05", text);
}

/** Timers overflow beyond 24 days, and no use is known for more than an hour. */
const LONGEST_MS = 3_600_000;

function time(text: string, name: string): number {
  const ms = parseDuration(text, name);
  if (ms <= LONGEST_MS) return ms;
  throw wrong(name, "a duration of at most 1h", text);
}

function bytes(text: string, name: string): number {
  const size = parseSize(text, name);
  if (size >= 1) return size;
  throw wrong(name, "a size of at least 1", text);
}

function wrong(name: string, expected: string, text: string): UsageError {
  return new UsageError(`${name}: expected ${expected}, got ${JSON.stringify(text)}`);
}
