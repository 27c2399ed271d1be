/** nginx with one worker, set up to serve static files as fast as it can. */

import { waitFor } from "../../dock/wait.ts";
import { freePort } from "../free_port.ts";
import { startPeer } from "../peer.ts";
import type { ServerProcess } from "./server_process.ts";

/** Serves a folder; keeps its own files in another. */
export async function startNginx(root: string, scratch: string): Promise<ServerProcess> {
  const port = freePort();
  const config = `${scratch}/nginx.conf`;
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${scratch}/${name};`
  );
  await Deno.writeTextFile(
    config,
    `daemon off; master_process off; pid ${scratch}/nginx.pid; error_log ${scratch}/error.log;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; tcp_nopush on; open_file_cache max=1000;
      keepalive_requests 1000000000; types { text/plain txt; } ${paths.join(" ")}
      server { listen 127.0.0.1:${port} backlog=511; root ${root}; }
    }`,
  );
  await using starting = new AsyncDisposableStack();
  const process = starting.use(startPeer("nginx", ["-c", config]));
  const url = `http://127.0.0.1:${port}`;
  await waitFor(url, { timeoutMs: 10_000 });
  const owned = starting.move();
  return { pid: process.pid, url, port, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
