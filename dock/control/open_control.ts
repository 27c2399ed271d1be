// Opens the control over servers that run: an HTTP application on a URL of its own.

import { isLoopback } from "../../core/addresses/address.ts";
import { hostOrLoopback, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { VERSION } from "../../core/version.ts";
import { METRICS_PATHS, metricsApp } from "../../web/metrics/app.ts";
import { UsageError } from "../../core/usage_error.ts";
import { controlApp } from "../../web/control/app.ts";
import { DIAL_LIMITS } from "../../web/control/dial_limits.ts";
import { EventLog } from "../../web/control/event_log.ts";
import { DockRegistry } from "./controlled_docks.ts";
import { DialRegistry } from "./dials.ts";
import { RequestRegistry } from "./own_requests.ts";
import { serverSchemes } from "../schemes.ts";
import { type Dock, serve, type ServeOptions } from "../serve.ts";

/** The smallest number of characters of a token that was given. */
const SHORTEST_TOKEN = 16;

const MAX_REQUESTS = 16;

/** Options of {@linkcode openControl}. */
export interface ControlOptions {
  /** Where it listens. Beyond loopback only `https`, and with a token of yours.
   * Default: http://127.0.0.1:0 */
  readonly url?: string;
  /** What every request has to show, as a bearer token of at least 16 characters.
   * Default: one that is made at random. */
  readonly token?: string;
  /** Folders inside which the files of servers may be that are started over it. Default: none. */
  readonly folders?: readonly string[];
  /** Whether to remember messages and requests even while nobody listens or waits for them, which
   * costs throughput. Default: false. */
  readonly traffic?: boolean;
  /** How many sessions it may open to servers of this process at a time. Default: 32. */
  readonly maxDials?: number;
  /** How many bytes it keeps of what passed over them. Default: 8 MiB. */
  readonly dialBytes?: number;
  /** Time after which one is closed that nobody listens to or sends over, in milliseconds.
   * Default: 60,000. */
  readonly dialIdleMs?: number;
  /** Options of the server that carries it, such as `tlsCert` and `tlsKey`. */
  readonly serve?: ServeOptions;
  /** What sockdock is called in the commands that it shows. Default: `sockdock`. */
  readonly program?: string;
}

/** An open control. Disposing it closes it and stops the servers that were started over it; the docks
 * that it was given go on. */
export interface Control extends AsyncDisposable {
  /** URL, with the port that the system chose. */
  readonly url: string;
  /** What every request has to show as its bearer token. */
  readonly token: string;
  /** The certificate, over TLS. */
  readonly certificate: Dock["certificate"];
  /** Adds a dock that was started later. */
  add(dock: Dock): void;
  /** The docks that run: those that it was given, and those that were started over it. */
  docks(): ReadonlySet<Dock>;
  /** Resolves when it has closed. */
  readonly finished: Promise<void>;
}

/** Opens the control over servers of this process: an HTTP API by which programs see them, change
 * their faults, wait for events, start further ones and begin anew. docs/control.md describes it.
 *
 * ```ts
 * import { echo, openControl, send, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("tcp://127.0.0.1:0", echo);
 * await using control = await openControl([server]);
 * const headers = { authorization: `Bearer ${control.token}` };
 * await fetch(`${control.url}/api/servers/1/faults`, {
 *   method: "PUT",
 *   headers,
 *   body: JSON.stringify({ fault: "latency=50ms" }),
 * }).then((answer) => answer.json());
 * await send(server.url, "hello");
 * const opened = await fetch(`${control.url}/api/wait?event=opened`, { headers });
 * console.log((await opened.json()).event); // opened
 * ```
 *
 * @throws {UsageError} when the URL or the token cannot be used */
export async function openControl(
  docks: readonly Dock[],
  options: ControlOptions = {},
): Promise<Control> {
  const { url = "http://127.0.0.1:0", folders = [], program = "sockdock" } = options;
  refuseUnsafe(url, options.token);
  const token = options.token ?? newToken();
  const log = new EventLog({ always: options.traffic ?? false });
  await using resources = new AsyncDisposableStack();
  const registry = resources.use(new DockRegistry(folders, program));
  const hearing = registry.listen(log);
  log.onChange(hearing.changed);
  resources.defer(hearing.stop);
  for (const dock of docks) registry.add(dock);
  const find = (server: number) => registry.find(server);
  const dials = resources.use(
    new DialRegistry({
      find,
      folders,
      maxDials: options.maxDials ?? DIAL_LIMITS.maxDials,
      maxBytes: options.dialBytes ?? DIAL_LIMITS.maxBytes,
      idleMs: options.dialIdleMs ?? DIAL_LIMITS.idleMs,
    }),
  );
  const requests = new RequestRegistry({ find, maxRequests: MAX_REQUESTS });
  const app = controlApp({
    ...{ docks: registry, log, dials, requests, token, version: VERSION },
    beside: { paths: METRICS_PATHS, app: metricsApp(() => registry.docks()) },
    guardsAll: !isOwnMachine(url),
  });
  const server = resources.use(
    await serve(url, app, {
      maxConnections: 128,
      ...options.serve,
      changeable: false,
    } as ServeOptions),
  );
  const held = resources.move();
  return {
    url: server.url.replace(/\/$/, ""),
    token,
    certificate: server.certificate,
    add: (dock) => void registry.add(dock),
    docks: () => registry.docks(),
    finished: server.finished,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** @throws {UsageError} when somebody on the way could read the token, or guess it */
function refuseUnsafe(url: string, token: string | undefined): void {
  const endpoint = parseEndpoint(url, serverSchemes);
  if (endpoint.scheme !== "http" && endpoint.scheme !== "https") {
    throw new UsageError(`the control runs on http and https, and not on ${url}`);
  }
  if (token !== undefined && token.length < SHORTEST_TOKEN) {
    throw new UsageError(
      `a token of the control has at least ${SHORTEST_TOKEN} characters, got ${token.length}`,
    );
  }
  if (isOwnMachine(url)) return;
  if (endpoint.scheme !== "https" || token === undefined) {
    throw new UsageError(
      `the control at ${url} could be reached by others: beyond loopback it needs https:// and ` +
        "a token of yours, from a file with --control-token-file",
    );
  }
}

function isOwnMachine(url: string): boolean {
  return isLoopback(hostOrLoopback(parseEndpoint(url, serverSchemes)));
}

function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_");
}
