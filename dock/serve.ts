// Starts one protocol or HTTP application on one or several endpoints that share it: resolves URLs,
// transports and layers, checks the options, and opens them in order. Past 300 lines with what
// it promises callers of the library.

import { systemClock } from "../core/clock.ts";
import { createCounters, sumStats } from "../core/counters.ts";
import { type Endpoint, parseEndpoint } from "../core/addresses/endpoint.ts";
import type { Emit, Tell } from "../core/event.ts";
import type { HttpApp, HttpHandler } from "../core/http/app.ts";
import type { LayerContext } from "../core/layer.ts";
import {
  flagName,
  type Given,
  type OptionTable,
  type OptionValues,
  resolveShare,
} from "../core/options/option.ts";
import type { Context, Protocol, Service } from "../core/protocol.ts";
import type { RunningServer } from "../core/running_server.ts";
import { noteDatagramStandIn } from "../core/runtime.ts";
import type { ServerKind } from "../core/server_kind.ts";
import type { OfferMessage } from "../core/traffic.ts";
import { UsageError } from "../core/usage_error.ts";
import { Announcer } from "./announcer.ts";
import { refuseUselessServing, serveOptions } from "./applicable.ts";
import type { ConnectOptions } from "./connect.ts";
import { type DrivenServer, drivenServer, type SetFaults, unchangeable } from "./driven_server.ts";
import { openLiveLayers } from "./layer_stack.ts";
import type { LayerOptions, ListenOptions } from "./option_types.ts";
import { placeToServe, usesUdp } from "./place.ts";
import { serverSchemes } from "./schemes.ts";
import type { ServeHooks } from "./serve_hooks.ts";
import { refuseUnknownServing, serveHookNames } from "./unknown_option.ts";
import { refuseOwnUpstream, upstreamGiven, upstreamKey, type UpstreamOptions } from "./upstream.ts";

export type { ServeHooks } from "./serve_hooks.ts";

/** Options of `serve`: those of the transports ({@linkcode ListenOptions}, such as `maxConnections`,
 * `idleTimeoutMs`, `tlsCert` and `requireClientCert`), of the layers ({@linkcode LayerOptions}, such
 * as `fault` and `sealedKey`), of sessions that the protocol itself opens, of the protocol or
 * application in use, and of `serve` itself ({@linkcode ServeHooks}). */
export type ServeOptions<Own extends OptionTable = OptionTable> =
  & ListenOptions
  & LayerOptions
  & UpstreamOptions
  & Partial<OptionValues<Own>>
  & ServeHooks;

/** A server on one or several endpoints. */
export interface Dock extends Omit<RunningServer, "address" | "durations"> {
  /** The name of the protocol or the application. */
  readonly protocol: string;
  /** What that is, in one line. */
  readonly summary: string;
  /** The options that it was started with, without hooks. Secrets are among them. */
  readonly options: Given;
  /** The options that the protocol or application itself declares. */
  readonly ownOptions: OptionTable;
  /** Whether it stops, or has stopped. */
  readonly isDraining: boolean;
  /** URLs of the endpoints, in the order that was asked for; `url` is the first of them. */
  readonly urls: readonly string[];
  /** The server of each endpoint, in the same order. */
  readonly servers: readonly DrivenServer[];
  /** Replaces the faults of every endpoint at once, for the sessions that are open too; null takes
   * them away. `faults` of each of `servers` says what is in force and what it did.
   *
   * ```ts
   * import { echo, send, serve } from "@sockdock/sockdock";
   *
   * await using server = await serve("udp://127.0.0.1:0", echo);
   * server.setFaults("out.loss=100%");
   * await send(server.url, "lost", { timeoutMs: 500 }).catch(({ name }) => console.log(name)); // TimeoutError
   * server.setFaults(null);
   * console.log((await send(server.url, "found")).length); // 5
   * ```
   *
   * @throws {UsageError} when a fault cannot be had on one of the endpoints; then none changes */
  readonly setFaults: SetFaults;
  /** Hears events from now on; the function returned ends that. The listener must not throw.
   * @throws {UsageError} when the server was started with `changeable: false` */
  listen(
    listener: Emit,
    options?: {
      /** Whether to hear messages and HTTP requests too, which cost throughput. A function hears
       * requests, and messages are offered to it: no event is made of one that it does not want.
       * Default: false. */
      readonly traffic?: boolean | OfferMessage;
      /** The most of each HTTP body to hear, in bytes: `request` events then have their `content`, heads
       * and bodies with secrets masked, at most 500 of them a second. Default: none. */
      readonly bodyBytes?: number;
    },
  ): () => void;
}

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
 * @param urls where to listen, such as `tcp://127.0.0.1:0`; port 0 takes a free port, which `url` of
 * the result names
 * @param what a protocol of the library or one's own, an HTTP application, or a function that answers
 * requests
 * @param options those of the transports in use ({@linkcode ListenOptions}: limits, certificates,
 * `requireClientCert`), of layers ({@linkcode LayerOptions}: `fault`, `sealedKey`), of what is
 * served, and {@linkcode ServeHooks}
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
    Object.entries(options).filter(([key, value]) =>
      value !== undefined && !serveHookNames.includes(key)
    ),
  );
  refuseUnknownServing(given, served.options);
  const endpoints = [urls].flat().map((url) => parseEndpoint(url, serverSchemes));
  const places = endpoints.map((endpoint) => placeToServe(endpoint, served, given));
  if (places.length === 0) throw new UsageError(`${served.name} needs a URL to listen on`);
  refuseUselessServing(served, endpoints, given);
  const own = resolveShare(serveOptions, given);

  const stopping = new AbortController();
  const now = hooks.now ?? Date.now;
  const { changeable = true } = hooks;
  const isChangeable = changeable !== false;
  // Without one, nothing is made that nobody would hear.
  using announcer = isChangeable || hooks.emit ? new Announcer(now, endpoints[0]!.text) : undefined;
  if (hooks.emit) announcer?.listen(hooks.emit, { traffic: hooks.watch ?? false });
  const emit = announcer?.tell;
  const stopAsked = Promise.withResolvers<void>();
  const dialling: ConnectOptions = upstreamGiven(given);
  const context: Context = {
    signal: stopping.signal,
    emit,
    traffic: announcer?.traffic,
    now,
    random: hooks.random ?? Math.random,
    dial: hooks.dial ?? (async (url) => {
      const { connect } = await import("./connect.ts");
      return await connect(url, { ...dialling, signal: stopping.signal });
    }),
    checkDial: hooks.dial ? () => Promise.resolve() : async (url) => {
      refuseOwnUpstream(await checkUpstream(url, dialling, emit), endpoints);
    },
    stop(reason) {
      emit?.({ event: "notice", text: `stopping: ${reason}` });
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
  const starting: (() => Promise<DrivenServer>)[] = [];
  let counters: Service["counters"];
  if ("framing" in served) {
    const opened = resources.use(await served.open(resolveShare(served.options, given), context));
    const service = own.once
      ? (await import("./single_service.ts")).single(opened, context.stop)
      : opened;
    const { framing = served.framing } = opened;
    const protocol = framing === served.framing ? served : { ...served, framing };
    counters = opened.counters;
    for (const place of places) {
      const { kind, stack } = place;
      if (kind.carries !== "sessions") continue;
      const limits = resolveShare(kind.options, { ...served.defaults, ...given });
      starting.push(async () => {
        const layers = await openLiveLayers(stack, layerContext, changeable);
        const work = { protocol, service, layers, context };
        const start = (at: Endpoint) => kind.start(at, limits, work);
        return drivenServer(await startAt(place, hooks, start), place, layers);
      });
    }
  } else {
    const opened = resources.use(await served.open(resolveShare(served.options, given), context));
    const service = own.once
      ? (await import("./single_service.ts")).singleRequest(opened, context.stop)
      : opened;
    counters = opened.counters;
    for (const place of places) {
      const { kind, stack } = place;
      if (kind.carries !== "requests") continue;
      const limits = resolveShare(kind.options, given);
      const { name } = served;
      const watch = hooks.requests ?? false;
      const measure = hooks.measure ?? false;
      starting.push(async () => {
        // Deno.serve has no place for layers.
        const isOurs = given.listener !== "deno";
        const layers = await openLiveLayers(stack, layerContext, isOurs && changeable);
        const work = { name, service, layers, context, watch, measure };
        const start = (at: Endpoint) => kind.start(at, limits, work);
        return drivenServer(await startAt(place, hooks, start), place, layers);
      });
    }
  }

  if (places.some(({ kind }) => usesUdp(kind))) noteDatagramStandIn(hooks.emit && emit);
  const running: DrivenServer[] = [];
  for (const start of starting) running.push(resources.use(await start()));
  announcer?.begin(running[0]!.url, () => {
    for (const { url, certificate } of running) {
      emit?.({
        event: "listening",
        protocol: served.name,
        ...(certificate && { fingerprint: certificate.fingerprint }),
      }, { serverUrl: url });
    }
  });
  // Not earlier: a listener that throws must leave no port open.
  const dock = dockOf(running, stopping, resources.move(), counters, announcer, {
    protocol: served.name,
    summary: served.summary,
    options: given,
    ownOptions: served.options,
  });
  void stopAsked.promise.then(() => dock.shutdown()).catch(() => {});
  // A broken server is reported by `finished`.
  const stop = () => void dock.shutdown().catch(() => {});
  hooks.signal?.addEventListener("abort", stop, { once: true });
  if (hooks.signal?.aborted) stop();
  return dock;
}

/** Refuses an upstream that can never be dialled, naming its options as they are called here. */
async function checkUpstream(
  url: string,
  dialling: ConnectOptions,
  emit: Tell | undefined,
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

/** Starts an endpoint: on the socket that its URL says was passed on, or, where that is wanted, on a
 * free port if its own is taken. */
async function startAt(
  { endpoint, kind }: {
    readonly endpoint: Endpoint;
    readonly kind: Pick<ServerKind, "name" | "carrier" | "addressing">;
  },
  { freePortIfTaken = false }: Pick<ServeHooks, "freePortIfTaken">,
  start: (endpoint: Endpoint) => Promise<RunningServer>,
): Promise<RunningServer> {
  if (endpoint.descriptor !== undefined) {
    const { startAdopting } = await import("../servers/listeners/adopt.ts");
    return await startAdopting(endpoint, kind, start);
  }
  if (!freePortIfTaken) return await start(endpoint);
  const { orOnFreePort } = await import("./free_port.ts");
  return await orOnFreePort(endpoint, start);
}

/** Combines several servers in one. Disposes what they share after the last of them. */
function dockOf(
  running: readonly DrivenServer[],
  stopping: AbortController,
  resources: AsyncDisposableStack,
  counters: Service["counters"],
  announcer: Announcer | undefined,
  description: Pick<Dock, "protocol" | "summary" | "options" | "ownOptions">,
): Dock {
  const emit = announcer?.tell;
  let closing: Promise<void> | undefined;
  const finished = Promise.withResolvers<void>();
  finished.promise.catch(() => {});

  async function shutdown(options?: { readonly graceMs?: number }): Promise<void> {
    stopping.abort();
    const down = Promise.all(running.map((server) => server.shutdown(options)));
    closing ??= down.then(() => {}).finally(() => resources.disposeAsync()).finally(stopped)
      .then(finished.resolve, finished.reject);
    await down;
    await finished.promise;
  }
  // When one endpoint ends, for any reason, the others are stopped.
  for (const server of running) {
    server.finished.catch(() => {}).finally(() => shutdown()).catch(() => {});
  }

  const urls = running.map((server) => server.url);
  const stats = () =>
    sumStats([
      ...running.map((server) => server.stats()),
      ...(counters === undefined ? [] : [{ ...createCounters(), ...counters }]),
    ]);
  const stopped = () =>
    emit?.({ event: "stopped", ...(urls.length > 1 && { urls }), stats: stats() });

  return {
    ...description,
    url: urls[0]!,
    urls,
    get isDraining() {
      return stopping.signal.aborted;
    },
    servers: running,
    listen(listener, { traffic = false, bodyBytes } = {}) {
      if (announcer === undefined) throw new UsageError(unchangeable(running[0]!.url));
      if (bodyBytes !== undefined && !(Number.isSafeInteger(bodyBytes) && bodyBytes >= 0)) {
        throw new RangeError(`bodyBytes: expected a number of bytes, got ${bodyBytes}`);
      }
      return announcer.listen(listener, { traffic: traffic || bodyBytes !== undefined, bodyBytes });
    },
    sessions: () => running.flatMap((server) => [...server.sessions()]),
    setFaults(...faults) {
      // A fault that one of them cannot have changes none.
      for (const server of running) server.checkFaults(faults[0]);
      for (const server of running) server.setFaults(...faults);
    },
    ...(running[0]?.certificate && { certificate: running[0].certificate }),
    async reload() {
      await Promise.all(running.map((server) => server.reload?.()));
    },
    finished: finished.promise,
    stats,
    shutdown,
    [Symbol.asyncDispose]: () => shutdown({ graceMs: 0 }),
  };
}
