// Protocols and applications by their name, as command lines, configurations and the control write it.

import type { HttpApp } from "../core/http/app.ts";
import { knownAre } from "../core/options/nearest.ts";
import type { Protocol } from "../core/protocol.ts";
import { UsageError } from "../core/usage_error.ts";
import { protocols } from "../protocols/index.ts";
import { apps } from "../web/index.ts";

/** Everything that `serve` and `up` can start. */
export const servable: readonly (Protocol | HttpApp)[] = [...protocols, ...apps];

/** The protocol or application with this name.
 * @throws {UsageError} when there is none */
export function servedByName(name: string): Protocol | HttpApp {
  const found = servable.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = servable.map((one) => one.name);
  throw new UsageError(
    `unknown protocol "${name}"${knownAre(name, names)}`,
  );
}
