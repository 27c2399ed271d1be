// What watches the servers of a command: metrics at a URL of their own, and OpenTelemetry where the
// environment asks for it. Nothing of it is loaded, and nothing counted, where nobody asks.

import { isLoopback } from "../../core/addresses/address.ts";
import { type Endpoint, hostOrLoopback, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { permittedVariable } from "../../core/environment.ts";
import type { Emit } from "../../core/event.ts";
import type { Given } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import { type Dock, serve, type ServeHooks } from "../../dock/serve.ts";
import { serverSchemes } from "../../dock/schemes.ts";
import type { Invocation } from "../command.ts";
import { givenOf } from "../line/arguments.ts";
import { metricsGiven, metricsServerOptions } from "../line/metrics_options.ts";

export interface Observation {
  /** For the servers that are watched. */
  readonly hooks: Pick<ServeHooks, "emit" | "requests" | "measure">;
  /** Begins, once they listen. Dispose it after them, so that a scrape sees them stop.
   * @param later asked for those that were started since */
  begin(
    docks: readonly Dock[],
    emit: Emit,
    later?: () => Iterable<Dock>,
  ): Promise<AsyncDisposable>;
}

/** @param emit receives the events of the servers that are watched
 * @throws {UsageError} when the metrics cannot be served so */
export async function observation(
  { options, given }: Pick<Invocation, "options" | "given">,
  emit: Emit,
): Promise<Observation> {
  const { metrics } = options;
  const own = metricsGiven(givenOf(metricsServerOptions, { options, given }));
  if (typeof metrics !== "string") {
    const [stray] = Object.keys(own);
    if (stray !== undefined) {
      throw new UsageError("options that begin with --metrics- need --metrics and a URL");
    }
  }
  const endpoint = typeof metrics === "string" ? metricsEndpoint(metrics, own) : undefined;
  const telemetry = permittedVariable("OTEL_DENO") === "true"
    ? await (await import("../../dock/telemetry.ts")).openTelemetry()
    : undefined;
  return {
    hooks: {
      emit: telemetry === undefined ? emit : (event) => {
        telemetry.emit(event);
        emit(event);
      },
      ...(telemetry && { requests: true }),
      ...(endpoint && { measure: true }),
    },
    async begin(docks, emit, later = () => []) {
      await using stack = new AsyncDisposableStack();
      telemetry?.measure(docks);
      if (endpoint !== undefined) {
        const { metricsApp } = await import("../../web/metrics/app.ts");
        // Scrapes are no news.
        const notable: Emit = (event) => {
          const { event: name } = event;
          if (name !== "opened" && name !== "closed" && name !== "stopped") emit(event);
        };
        stack.use(
          await serve(endpoint, metricsApp(() => new Set([...docks, ...later()])), {
            ...own,
            emit: notable,
          }),
        );
      }
      return stack.move();
    },
  };
}

/** Numbers are for whoever may see them: in the open on this machine alone. */
function metricsEndpoint(url: string, own: Given): Endpoint {
  const endpoint = parseEndpoint(url, serverSchemes);
  const { scheme } = endpoint;
  if (scheme !== "http" && scheme !== "https") {
    throw new UsageError(`--metrics needs an http:// or https:// URL, got ${url}`);
  }
  if (isLoopback(hostOrLoopback(endpoint))) return endpoint;
  if (scheme === "http") {
    throw new UsageError(
      `--metrics ${url} would show the numbers to the network; give an address of this machine, such ` +
        "as http://127.0.0.1:9464, or https:// with --metrics-auth-file",
    );
  }
  if (!["auth", "authFile", "authToken", "authTokenFile"].some((key) => own[key] !== undefined)) {
    throw new UsageError(
      `--metrics ${url} is reached from other machines, so it asks for a password: give ` +
        "--metrics-auth-file or --metrics-auth-token-file",
    );
  }
  return endpoint;
}
