// Endpoints that take a free port where another program has theirs.

import type { Endpoint } from "../core/addresses/endpoint.ts";
import type { RunningServer } from "../core/running_server.ts";
import { isAddressInUse } from "../servers/listeners/listen_error.ts";

/** Starts an endpoint; on a free port where its own is taken.
 * @throws as `start` does */
export async function orOnFreePort(
  endpoint: Endpoint,
  start: (endpoint: Endpoint) => Promise<RunningServer>,
): Promise<RunningServer> {
  try {
    return await start(endpoint);
  } catch (error) {
    const { port, descriptor } = endpoint;
    if (!port || descriptor !== undefined || !isAddressInUse(error)) {
      throw error;
    }
    return await start({ ...endpoint, port: 0 });
  }
}
