/** nginx with one worker, set up to be as fast as it can. */

import type { CertificateFiles } from "../certificate.ts";
import { type Nginx, nginxFolders, startNginxWith } from "../nginx.ts";

/** Debian's package puts it there. */
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** Serves a folder, over https with HTTP/2 where there is a certificate; keeps its own files in
 * another. */
export function startNginx(
  root: string,
  scratch: string,
  certificate?: CertificateFiles,
): Promise<Nginx> {
  const [scheme, layers] = certificate === undefined ? ["http", ""] : ["https", "ssl http2"];
  return startNginxWith(scheme, scratch, (port) =>
    `http {
      access_log off; sendfile on; tcp_nopush on; open_file_cache max=1000;
      keepalive_requests 1000000000; types { text/plain txt; } ${nginxFolders(scratch)}
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
): Promise<Nginx> {
  return startNginxWith("tls", scratch, (port) =>
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
