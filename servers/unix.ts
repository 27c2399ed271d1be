// The server transport `unix`: Unix stream sockets, on Deno.listen.

import { type Endpoint, formatEndpoint } from "../core/addresses/endpoint.ts";
import { streamOptions } from "../core/limits.ts";
import { requireUnixSockets } from "../core/runtime.ts";
import type { Listener } from "../core/running_server.ts";
import type { SessionServerKind } from "../core/server_kind.ts";
import { serveStream } from "../core/streams/serve_stream.ts";
import { DenoAcceptor } from "./listeners/deno_acceptor.ts";
import { listening } from "./listeners/listen_error.ts";
import { atSocketFile } from "./listeners/socket_file.ts";

/** Opens a listener at a socket's path.
 * @throws {Error} naming its URL when it cannot be opened */
export async function listenUnix(endpoint: Endpoint): Promise<Listener> {
  requireUnixSockets(endpoint.scheme);
  const { path, adopted } = endpoint;
  const url = formatEndpoint(endpoint, undefined);
  if (adopted) return { acceptor: adopted, url };
  const listener = await listening(
    url,
    undefined,
    () =>
      atSocketFile(
        path,
        async () => (await Deno.connect({ transport: "unix", path })).close(),
        () => Deno.listen({ transport: "unix", path }),
      ),
  );
  return { acceptor: new DenoAcceptor(listener), url };
}

/** `unix://path`, or `unix://@name` for an abstract socket. The file's permissions decide who may
 * connect. */
export const unix: SessionServerKind<typeof streamOptions> = {
  name: "unix",
  summary: "Unix stream socket, a file or @name",
  addressing: "path",
  carries: "sessions",
  carrier: "stream",
  options: streamOptions,
  async start(endpoint, limits, work) {
    return serveStream(await listenUnix(endpoint), { admits: () => true, limits, work });
  },
};
