// Starts one protocol or HTTP application on one or several endpoints that share it: resolves URLs,
// transports and layers, checks the options, and opens them in order.

import type { DialledSession } from "../core/client_kind.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { createCounters, sumStats } from "../core/counters.ts";
import { type Endpoint, parseEndpoint } from "../core/addresses/endpoint.ts";
import type { Emit, ServerEvent } from "../core/event.ts";
import type { HttpApp, HttpHandler } from "../core/http/app.ts";
import type { LayerContext } from "../core/layer.ts";
import {
  flagName,
  type Intersection,
  type OptionTable,
  type OptionValues,
  resolveShare,
} from "../core/options/option.ts";
import type { Context, Protocol, Service } from "../core/protocol.ts";
import type { RunningServer } from "../core/running_server.ts";
import { UsageError } from "../core/usage_error.ts";
import { isAddressInUse } from "../servers/listeners/listen_error.ts";
import type { serverKinds } from "../servers/index.ts";
import { refuseUselessServing, serveOptions } from "./applicable.ts";
import type { ConnectOptions } from "./connect.ts";
import { type LayerOptions, openLayers } from "./layer_stack.ts";
import { placeToServe } from "./place.ts";
import { serverSchemes } from "./schemes.ts";
import { refuseOwnUpstream, upstreamGiven, upstreamKey, type UpstreamOptions } from "./upstream.ts";

type KindOptions = Intersection<(typeof serverKinds)[number]["options"]>;

/** The environment of a server: events, time, chance and the like; tests replace it. */
export interface ServeHooks {
  /** Receives events. Default: none. */
  readonly emit?: Emit;
  /** Whether messages become `received` and `sent` events. Default: false. */
  readonly watch?: boolean;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly now?: () => number;
  /** At least 0, below 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** The timers of layers. Default: those of this machine. */
  readonly clock?: Clock;
  /** Opens sessions for protocols that dial. Default: `connect`. */
  readonly dial?: (url: string) => Promise<DialledSession>;
  /** Lines typed at the server's terminal, for a protocol that reads them. Default: none. */
  readonly lines?: AsyncIterable<string>;
  /** Aborting it shuts the server down, with the usual grace. */
  readonly signal?: AbortSignal;
  /** Whether an endpoint whose port another program has gets a free one. Default: false, an error. */
  readonly freePortIfTaken?: boolean;
}

/** Options of `serve`: its own, and those of the transports, the layers and the protocol in use. */
export type ServeOptions<Own extends OptionTable = OptionTable> =
  & Partial<OptionValues<typeof serveOptions>>
  & Partial<OptionValues<KindOptions>>
  & Partial<OptionValues<LayerOptions>>
  & UpstreamOptions
  & Partial<OptionValues<Own>>
  & ServeHooks;

/** A server on one or several endpoints. */
export interface Dock extends RunningServer {
  /** URLs of the endpoints, in the order that was asked for; `url` is the first of them. */
  readonly urls: readonly string[];
  /** The server of each endpoint, in the same order. */
  readonly servers: readonly RunningServer[];
}

const hookNames: ReadonlySet<string> = new Set<keyof ServeHooks>(
  ["emit", "watch", "now", "random", "clock", "dial", "lines", "signal", "freePortIfTaken"],
);

/** Starts a session protocol, an HTTP application or a bare request handler on one or several
 * endpoints. Resolves once all of them listen; if one cannot, the others are closed again.
 *
 * ```ts
 * import { echo, send, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("tcp://127.0.0.1:0", echo);
 * console.log(new TextDecoder().decode(await send(server.url, "hello"))); // hello
 * ```
 *
 * @throws {UsageError} when a URL, an option or their combination cannot work
 * @throws {TypeError | RangeError} when an option's value has the wrong type or is out of bounds
 * @throws {Error} when a socket cannot be opened, naming its URL */
export async function serve<Own extends OptionTable>(
  urls: string | Endpoint | readonly (string | Endpoint)[],
  what: Protocol<Own> | HttpApp<Own> | HttpHandler,
  options: ServeOptions<Own> = {},
): Promise<Dock> {
  const served = typeof what === "function" ? appOf(what) : what;
  const hooks: ServeHooks = options;
  const given = Object.fromEntries(
    Object.entries(options).filter(([key, value]) => value !== undefined && !hookNames.has(key)),
  );
  const endpoints = [urls].flat().map((url) => parseEndpoint(url, serverSchemes));
  const places = endpoints.map((endpoint) => placeToServe(endpoint, served, given));
  if (places.length === 0) throw new UsageError(`${served.name} needs a URL to listen on`);
  refuseUselessServing(served, endpoints, given);
  const own = resolveShare(serveOptions, given);

  const stopping = new AbortController();
  const tell = hooks.emit ?? (() => {});
  // A program waits for `listening` as the first event: what happens before all endpoints are open,
  // also at those that are, comes after it, or before the error of a start that fails.
  const held: ServerEvent[] = [];
  let isStarting = true;
  const emit: Emit = (event) => {
    if (isStarting) held.push(event);
    else tell(event);
  };
  const started = (): ServerEvent[] => {
    isStarting = false;
    return held.splice(0);
  };
  using _failed = { [Symbol.dispose]: () => started().forEach(tell) };
  const stopAsked = Promise.withResolvers<void>();
  const dialling: ConnectOptions = upstreamGiven(given);
  const context: Context = {
    signal: stopping.signal,
    emit,
    now: hooks.now ?? Date.now,
    random: hooks.random ?? Math.random,
    dial: hooks.dial ?? (async (url) => {
      const { connect } = await import("./connect.ts");
      return await connect(url, { ...dialling, signal: stopping.signal });
    }),
    checkDial: hooks.dial ? () => Promise.resolve() : async (url) => {
      refuseOwnUpstream(await checkUpstream(url, dialling, emit), endpoints);
    },
    stop(reason) {
      emit({ event: "notice", text: `stopping: ${reason}` });
      stopAsked.resolve();
    },
    ...(hooks.lines && { lines: hooks.lines }),
  };

  const layerContext: LayerContext = {
    clock: hooks.clock ?? systemClock,
    random: context.random,
    emit,
  };
  await using resources = new AsyncDisposableStack();
  const starting: (() => Promise<RunningServer>)[] = [];
  let counters: Service["counters"];
  if ("framing" in served) {
    const opened = resources.use(await served.open(resolveShare(served.options, given), context));
    const shown = hooks.watch
      ? (await import("./watched_service.ts")).watched(opened, emit)
      : opened;
    const service = own.once
      ? (await import("./single_service.ts")).single(shown, context.stop)
      : shown;
    const { framing = served.framing } = opened;
    const protocol = framing === served.framing ? served : { ...served, framing };
    counters = opened.counters;
    for (const { kind, endpoint, stack } of places) {
      if (kind.carries !== "sessions") continue;
      const limits = resolveShare(kind.options, { ...served.defaults, ...given });
      starting.push(onFreePort(endpoint, hooks, async (endpoint) => {
        const layers = await openLayers(stack, layerContext);
        return await kind.start(endpoint, limits, { protocol, service, layers, context });
      }));
    }
  } else {
    const opened = resources.use(await served.open(resolveShare(served.options, given), context));
    const service = own.once
      ? (await import("./single_service.ts")).singleRequest(opened, context.stop)
      : opened;
    counters = opened.counters;
    for (const { kind, endpoint, stack } of places) {
      if (kind.carries !== "requests") continue;
      const limits = resolveShare(kind.options, given);
      const { name } = served;
      const watch = hooks.watch ?? false;
      starting.push(onFreePort(endpoint, hooks, async (endpoint) => {
        const layers = await openLayers(stack, layerContext);
        return await kind.start(endpoint, limits, { name, service, layers, context, watch });
      }));
    }
  }

  const running: RunningServer[] = [];
  for (const start of starting) running.push(resources.use(await start()));
  const before = started();
  for (const { url, certificate } of running) {
    tell({
      event: "listening",
      url,
      protocol: served.name,
      ...(certificate && { fingerprint: certificate.fingerprint }),
    });
  }
  before.forEach(tell);
  // Not earlier: a `tell` that throws must leave no port open.
  const dock = dockOf(running, stopping, resources.move(), counters);
  void stopAsked.promise.then(() => dock.shutdown()).catch(() => {});
  // A broken server is reported by `finished`.
  const stop = () => void dock.shutdown().catch(() => {});
  hooks.signal?.addEventListener("abort", stop, { once: true });
  if (hooks.signal?.aborted) stop();
  return dock;
}

/** Starts an endpoint; on a free port where its own is taken, if that is wanted. */
function onFreePort(
  endpoint: Endpoint,
  { freePortIfTaken = false }: ServeHooks,
  start: (endpoint: Endpoint) => Promise<RunningServer>,
): () => Promise<RunningServer> {
  return async () => {
    try {
      return await start(endpoint);
    } catch (error) {
      if (!freePortIfTaken || !endpoint.port || !isAddressInUse(error)) throw error;
      return await start({ ...endpoint, port: 0 });
    }
  };
}

/** Refuses an upstream that can never be dialled, naming its options as they are called here. */
async function checkUpstream(
  url: string,
  dialling: ConnectOptions,
  emit: Emit,
): Promise<Endpoint> {
  try {
    const { checkConnect } = await import("./connect.ts");
    return await checkConnect(url, dialling, {
      flagOf: (key) => `--${flagName(upstreamKey(key))}`,
      emit,
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`upstream: ${error.message}`, { cause: error });
  }
}

function appOf(handle: HttpHandler): HttpApp {
  return {
    name: "handler",
    summary: "A request handler",
    options: {},
    open: () => ({ handle, [Symbol.asyncDispose]: () => Promise.resolve() }),
  };
}

/** Combines several servers in one. Disposes what they share after the last of them. */
function dockOf(
  running: readonly RunningServer[],
  stopping: AbortController,
  resources: AsyncDisposableStack,
  counters: Service["counters"],
): Dock {
  let closing: Promise<void> | undefined;
  const finished = Promise.withResolvers<void>();
  finished.promise.catch(() => {});

  async function shutdown(options?: { readonly graceMs?: number }): Promise<void> {
    stopping.abort();
    const down = Promise.all(running.map((server) => server.shutdown(options)));
    closing ??= down.then(() => {}).finally(() => resources.disposeAsync())
      .then(finished.resolve, finished.reject);
    await down;
    await finished.promise;
  }
  // When one endpoint ends, for any reason, the others are stopped.
  for (const server of running) {
    server.finished.catch(() => {}).finally(() => shutdown()).catch(() => {});
  }

  return {
    url: running[0]!.url,
    urls: running.map((server) => server.url),
    servers: running,
    ...(running[0]?.certificate && { certificate: running[0].certificate }),
    async reload() {
      await Promise.all(running.map((server) => server.reload?.()));
    },
    finished: finished.promise,
    stats: () =>
      sumStats([
        ...running.map((server) => server.stats()),
        ...(counters === undefined ? [] : [{ ...createCounters(), ...counters }]),
      ]),
    shutdown,
    [Symbol.asyncDispose]: () => shutdown({ graceMs: 0 }),
  };
}
