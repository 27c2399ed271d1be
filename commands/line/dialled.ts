// The options of commands that dial, and how they reach `connect`.

import type { Emit } from "../../core/event.ts";
import { duration, mergeTables, type OptionTable } from "../../core/options/option.ts";
import { clientKinds } from "../../clients/index.ts";
import { DEFAULT_CONNECT_TIMEOUT_MS } from "../../dock/connect.ts";
import { idleLayerOptions, layerOptionsFor } from "../../dock/layer_stack.ts";
import type { Console } from "../terminal/console.ts";
import { layerGroup, layerOptions } from "./layer_options.ts";

/** Every option that any client transport understands. */
const ofTransports: OptionTable = mergeTables(...clientKinds.map((kind) => kind.options));

/** The same, and those of the layers. */
export const transportOptions: OptionTable = mergeTables(ofTransports, layerOptions);

/** How long to try. */
export const connectTimeoutOptions = {
  connectTimeoutMs: duration({
    default: DEFAULT_CONNECT_TIMEOUT_MS,
    min: 1,
    help: "how long to try to connect",
  }),
} as const;

/** All of them. */
export const diallingOptions = mergeTables(connectTimeoutOptions, transportOptions);

/** The same, grouped for help. */
export const diallingGroups = [
  { title: "Transports", options: ofTransports },
  layerGroup,
] as const;

/** Shows what layers have to say when a session is opened, such as the seed of faults. */
export function dialNotices(console: Console): Emit {
  return (event) => {
    if (event.event === "notice") console.note(event.text);
  };
}

/** The options that concern the transport of a URL. What the environment sets for others is left
 * out; what the command line sets stays, so that it is refused. */
export function concerningDial(
  values: Readonly<Record<string, unknown>>,
  given: ReadonlySet<string>,
  flags: ReadonlySet<string>,
  url: string,
): Record<string, unknown> {
  const scheme = /^[a-z0-9]+/i.exec(url)?.[0].toLowerCase();
  const kind = clientKinds.find((kind) => kind.name === scheme);
  const concerned = kind && { ...kind.options, ...layerOptionsFor([url], values, [kind.carrier]) };
  const asked = Object.fromEntries([...given].map((key) => [key, values[key]]));
  const idle = idleLayerOptions(url, asked);
  const kept = [...given].filter((key) =>
    Object.hasOwn(transportOptions, key) &&
    (flags.has(key) ||
      (concerned !== undefined && Object.hasOwn(concerned, key) && !idle.includes(key)))
  );
  return {
    connectTimeoutMs: values["connectTimeoutMs"],
    ...Object.fromEntries(kept.map((key) => [key, values[key]])),
  };
}
