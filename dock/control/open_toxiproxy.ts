// Opens the HTTP API of Toxiproxy: its proxies are relays of ours.

import { isLoopback } from "../../core/addresses/address.ts";
import { hostOrLoopback, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { UsageError } from "../../core/usage_error.ts";
import { parsePlan } from "../../layers/fault/spec.ts";
import { toxiproxyApp } from "../../web/control/toxiproxy/app.ts";
import { Proxies, type RunningProxy } from "../../web/control/toxiproxy/proxies.ts";
import { relay } from "../relay.ts";
import { serverSchemes } from "../schemes.ts";
import { type Dock, serve } from "../serve.ts";

/** Options of {@linkcode openToxiproxy}. */
export interface ToxiproxyOptions {
  /** Where it listens, on loopback: it takes no token. Default: http://127.0.0.1:8474 */
  readonly url?: string;
  /** Whether another free port will do where that is taken. Default: false. */
  readonly freePortIfTaken?: boolean;
  /** Hears of each proxy that listens. */
  readonly onStart?: (dock: Dock) => void;
}

/** The open API. Disposing it closes it and all its proxies. */
export interface Toxiproxy extends AsyncDisposable {
  /** URL, with the port that the system chose. */
  readonly url: string;
}

/** Opens the HTTP API of Toxiproxy for the clients that speak it, in any language.
 *
 * ```ts
 * import { echo, openToxiproxy, send, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("tcp://127.0.0.1:0", echo);
 * await using toxiproxy = await openToxiproxy({ url: "http://127.0.0.1:0" });
 * const answer = await fetch(`${toxiproxy.url}/proxies`, {
 *   method: "POST",
 *   body: JSON.stringify({ name: "echo", upstream: server.url.slice("tcp://".length) }),
 * });
 * const { listen } = await answer.json();
 * console.log((await send(`tcp://${listen}`, "hello")).length); // 5
 * ```
 *
 * @throws {UsageError} when the URL is not on loopback */
export async function openToxiproxy(
  { url = "http://127.0.0.1:8474", freePortIfTaken = false, onStart }: ToxiproxyOptions = {},
): Promise<Toxiproxy> {
  const endpoint = parseEndpoint(url, serverSchemes);
  if (endpoint.scheme !== "http" || !isLoopback(hostOrLoopback(endpoint))) {
    throw new UsageError(
      `Toxiproxy's API at ${url} would be open to others, because its clients send no token; give ` +
        "an http:// URL on loopback, such as http://127.0.0.1:8474",
    );
  }
  await using resources = new AsyncDisposableStack();
  const proxies = resources.use(
    new Proxies({
      start: (...place) => startProxy(...place, onStart),
      check: (fault) => void parsePlan(fault, "stream"),
    }),
  );
  const server = resources.use(
    await serve(url, toxiproxyApp(proxies), {
      maxConnections: 128,
      changeable: false,
      freePortIfTaken,
    }),
  );
  const held = resources.move();
  return {
    url: server.url.replace(/\/$/, ""),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function startProxy(
  listen: string,
  upstream: string,
  onStart: ToxiproxyOptions["onStart"],
): Promise<RunningProxy> {
  const place = parseEndpoint(`tcp://${listen === "" ? "127.0.0.1:0" : listen}`, serverSchemes);
  if (!isLoopback(hostOrLoopback(place))) {
    throw new UsageError(
      `${listen} is not on loopback; a proxy that anybody may start listens there alone, such as ` +
        "127.0.0.1:0",
    );
  }
  const dock = await relay(place.text, `tcp://${upstream}`, { changeable: "resets" });
  onStart?.(dock);
  return {
    listen: dock.url.slice("tcp://".length).replace(/\/$/, ""),
    setFaults: (fault) => dock.setFaults(fault),
    stop: () => dock.shutdown({ graceMs: 0 }),
    finished: dock.finished,
  };
}
