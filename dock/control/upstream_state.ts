// Where a relay leads, and which server of this process that is.

import { type Endpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { UpstreamState } from "../../web/control/controlled_docks.ts";
import { clientSchemes, serverSchemes } from "../schemes.ts";
import type { Dock } from "../serve.ts";
import { isSamePlace } from "../upstream.ts";

/** Null for what passes nothing on.
 * @param known the servers of this process */
export function upstreamState(
  { options, ownOptions }: Pick<Dock, "options" | "ownOptions">,
  known: Iterable<{ readonly id: number; readonly server: { readonly url: string } }>,
): UpstreamState | null {
  if (!Object.hasOwn(ownOptions, "to") || typeof options.to !== "string") return null;
  const upstream = endpointOrNull(options.to, clientSchemes);
  const server = [...known].find(({ server: { url } }) => {
    const listens = endpointOrNull(url, serverSchemes);
    return upstream !== null && listens !== null && isSamePlace(listens, upstream);
  });
  return { url: options.to, server: server?.id ?? null };
}

/** Null for a URL of a transport of one's own, or of none. */
function endpointOrNull(url: string, schemes: typeof serverSchemes): Endpoint | null {
  try {
    return parseEndpoint(url, schemes);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}
