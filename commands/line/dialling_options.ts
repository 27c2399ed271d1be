// The options of commands that dial, and which of them go on to `connect`.

import { clientKinds } from "../../clients/index.ts";
import type { Endpoint } from "../../core/addresses/endpoint.ts";
import { connectTimeoutOptions } from "../../core/client_options.ts";
import type { Emit } from "../../core/event.ts";
import { mergeTables, type OptionTable } from "../../core/options/option.ts";
import { optionsForDialling } from "../../dock/applicable.ts";
import { layerOptions } from "../../dock/layer_stack.ts";
import type { Invocation } from "../command.ts";
import type { StandardStreams } from "../terminal/standard_streams.ts";
import { givenOf } from "./arguments.ts";

/** Every option that any layer understands, for help. */
export const layerGroup = { title: "Layers", options: layerOptions } as const;

/** Every option that any client transport understands. */
const ofTransports: OptionTable = mergeTables(...clientKinds.map((kind) => kind.options));

/** Every option that a transport or a layer understands. */
export const transportOptions: OptionTable = mergeTables(ofTransports, layerOptions);

/** The same, and how long to try. */
export const diallingOptions = mergeTables(connectTimeoutOptions, transportOptions);

/** The same, grouped for help. */
export const diallingGroups = [
  { title: "Transports", options: ofTransports },
  layerGroup,
] as const;

/** Shows what layers have to say when a session is opened, such as the seed of faults. */
export function dialNotices(io: StandardStreams): Emit {
  return (event) => {
    if (event.event === "notice") io.note(event.text);
  };
}

/** The options for the session to an endpoint. What the environment sets for other endpoints is left
 * out; what the command line sets stays, so that it is refused. */
export function diallingValues(
  endpoint: Endpoint,
  invocation: Pick<Invocation, "options" | "given" | "flags">,
): Record<string, unknown> {
  const given = givenOf(transportOptions, invocation);
  const table = optionsForDialling(endpoint, given);
  const kept = Object.entries(given)
    .filter(([key]) => invocation.flags.has(key) || Object.hasOwn(table, key));
  return {
    connectTimeoutMs: invocation.options["connectTimeoutMs"],
    ...Object.fromEntries(kept),
  };
}
