// The client transport `unix`: Unix stream sockets, on Deno.connect.

import type { ClientKind } from "../core/client_kind.ts";
import { clientOptions } from "../core/client_options.ts";
import { createCounters } from "../core/counters.ts";
import { DenoConnection } from "../core/streams/deno_connection.ts";
import { layerStream } from "../core/layer.ts";
import { StreamSession } from "../core/streams/stream_session.ts";
import { requireUnixSockets } from "../core/runtime.ts";
import { dialling } from "./dial_error.ts";

/** `unix://path`, or `unix://@name` for an abstract socket. */
export const unix: ClientKind<typeof clientOptions> = {
  name: "unix",
  addressing: "path",
  carrier: "stream",
  options: clientOptions,
  async connect(endpoint, { maxMessageBytes }, { layers }) {
    requireUnixSockets(endpoint.scheme);
    const { path } = endpoint;
    // A Unix socket connects at once or not at all, so there is nothing to abort.
    const conn = await dialling(
      endpoint.text,
      () => Deno.connect({ transport: "unix", path }),
    );
    const connection = new DenoConnection(conn);
    const counters = createCounters();
    const side = { role: "dial", to: { transport: "unix", path } } as const;
    return new StreamSession(
      layerStream(connection, layers, side, { counters }),
      { framing: "none", maxMessageBytes, counters },
    );
  },
};
