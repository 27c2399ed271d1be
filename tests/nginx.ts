/** nginx with one worker, on a configuration of a test or a benchmark. */

import { waitFor } from "../dock/wait.ts";
import { freePort } from "./free_port.ts";
import { startPeer } from "./peer.ts";

/** A running nginx. */
export interface Nginx extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
}

/** Starts it on a free port of loopback, with the blocks that `serving` returns for it; what it writes
 * goes to a folder. */
export async function startNginxWith(
  scheme: string,
  scratch: string,
  serving: (port: number) => string,
): Promise<Nginx> {
  const port = freePort();
  const config = `${scratch}/nginx.conf`;
  // Modules come before everything else.
  await Deno.writeTextFile(
    config,
    `${serving(port)}
    daemon off; master_process off; pid ${scratch}/nginx.pid; error_log ${scratch}/error.log;
    events { worker_connections 4096; }`,
  );
  await using starting = new AsyncDisposableStack();
  const process = starting.use(startPeer("nginx", ["-c", config]));
  await waitFor(`tcp://127.0.0.1:${port}`, { timeoutMs: 10_000 });
  const owned = starting.move();
  return {
    pid: process.pid,
    url: `${scheme}://127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The folders for what nginx keeps of bodies, in a scratch folder: its own belong to root. */
export function nginxFolders(scratch: string): string {
  return ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${scratch}/${name};`).join(" ");
}
