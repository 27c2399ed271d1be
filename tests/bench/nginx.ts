/** nginx with one worker, set up to be as fast as it can. */

import { waitFor } from "../../dock/wait.ts";
import type { CertificateFiles } from "../certificate.ts";
import { freePort } from "../free_port.ts";
import { startPeer } from "../peer.ts";
import type { ServerProcess } from "./server_process.ts";

/** Debian's package puts it there. */
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** Serves a folder, over https with HTTP/2 where there is a certificate; keeps its own files in
 * another. */
export function startNginx(
  root: string,
  scratch: string,
  certificate?: CertificateFiles,
): Promise<ServerProcess> {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
    `${name}_temp_path ${scratch}/${name};`
  );
  const [scheme, layers] = certificate === undefined ? ["http", ""] : ["https", "ssl http2"];
  return start(scheme, scratch, (port) =>
    `http {
      access_log off; sendfile on; tcp_nopush on; open_file_cache max=1000;
      keepalive_requests 1000000000; types { text/plain txt; } ${paths.join(" ")}
      server {
        listen 127.0.0.1:${port} ${layers} backlog=511; root ${root}; ${identityOf(certificate)}
      }
    }`);
}

/** Ends TLS in front of a server on another port. */
export function startNginxStream(
  to: number,
  scratch: string,
  certificate: CertificateFiles,
): Promise<ServerProcess> {
  return start("tls", scratch, (port) =>
    `load_module ${STREAM_MODULE};
    stream {
      server {
        listen 127.0.0.1:${port} ssl backlog=511; ${identityOf(certificate)}
        proxy_pass 127.0.0.1:${to};
      }
    }`);
}

/** Why nginx cannot pass streams on here, or null. */
export function streamModuleMissing(): string | null {
  try {
    Deno.statSync(STREAM_MODULE);
    return null;
  } catch {
    return "it needs nginx's stream module (apt-get install libnginx-mod-stream)";
  }
}

function identityOf(certificate: CertificateFiles | undefined): string {
  if (certificate === undefined) return "";
  return `ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};`;
}

async function start(
  scheme: string,
  scratch: string,
  serving: (port: number) => string,
): Promise<ServerProcess> {
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
