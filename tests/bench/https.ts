/** How fast https is, beside nginx with one worker and the same certificate. */

import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import type { ServerProcess } from "./server_process.ts";
import { type FileName, missing, openSite, pageOf } from "./site.ts";
import { loadSlices, roundsOf } from "./slices.ts";
import { loadHttp2InTurn, loadInTurn } from "./wrk.ts";

/** A small page. */
export const httpsHello: Benchmark = {
  name: "https",
  summary: "Hello over https on 50 connections that are kept alive, beside nginx",
  unit: "answers/s",
  target: { leastRatio: 0.8 },
  unavailable: () => missing("openssl", "wrk", "nginx"),
  measure: (effort) => hello([], effort),
};

/** Its connections: each with a full handshake, for one request. */
export const httpsConnections: Benchmark = {
  name: "https-new",
  summary: "Hello over https with a full handshake each time, 50 at once, beside nginx",
  unit: "answers/s",
  target: { leastRatio: 0.5 },
  unavailable: () => missing("openssl", "wrk", "nginx"),
  measure: (effort) => hello(["-H", "Connection: close"], effort),
};

/** A small file. */
export const httpsSmall: Benchmark = {
  name: "https-10k",
  summary: "A file of 10 KiB over https on 50 connections, beside nginx",
  unit: "answers/s",
  target: { leastRatio: 0.8 },
  unavailable: () => missing("openssl", "wrk", "nginx"),
  measure: (effort) => file("small.txt", 50, effort),
};

/** A larger file. */
export const httpsLarge: Benchmark = {
  name: "https-1m",
  summary: "A file of 1 MiB over https on 8 connections, beside nginx",
  unit: "answers/s",
  target: { leastRatio: 0.8 },
  unavailable: () => missing("openssl", "wrk", "nginx"),
  measure: (effort) => file("1m.bin", 8, effort),
};

/** An answer that leaves in several writes waits for no acknowledgement of the first. */
export const httpsAlone: Benchmark = {
  name: "https-alone",
  summary: "Slowest tenth of requests alone on a connection, of the slowest of 100 B to 1 MiB",
  unit: "ms",
  target: { most: 10 },
  unavailable: () => missing("openssl", "python3", "nginx"),
  async measure(effort) {
    const names: readonly FileName[] = ["tiny.txt", "1k.txt", "small.txt", "100k.bin", "1m.bin"];
    await using site = await openSite("https");
    await using nginx = await site.nginx();
    const place = ({ port, pid }: ServerProcess) => `${port}/${pid}/${names.join("/")}`;
    const places = [place(nginx), place(site.ours)];
    const slices = await loadSlices<"ms">("tls_load.py", ["alone"], places, effort);
    return { rounds: roundsOf(slices, [0, 1], ({ ms }) => ms) };
  },
};

/** A small file over HTTP/2. */
export const http2Small: Benchmark = {
  name: "h2-10k",
  summary:
    "A file of 10 KiB over HTTP/2 on https, 10 streams on each of 4 connections, beside nginx",
  unit: "answers/s",
  target: { leastRatio: 0.3 },
  unavailable: () => missing("openssl", "h2load", "nginx"),
  async measure(effort) {
    await using site = await openSite("https");
    await using nginx = await site.nginx();
    const [bare, ours] = [pageOf(nginx, "small.txt"), pageOf(site.ours, "small.txt")];
    return await loadHttp2InTurn(bare, ours, { connections: 4, streams: 10 }, effort);
  },
};

async function file(name: FileName, connections: number, effort: Effort): Promise<Measured> {
  await using site = await openSite("https");
  await using nginx = await site.nginx();
  return await loadInTurn(pageOf(nginx, name), pageOf(site.ours, name), connections, effort);
}

/** nginx has the same page as a file. */
async function hello(how: readonly string[], effort: Effort): Promise<Measured> {
  await using site = await openSite("https", "hello");
  await using nginx = await site.nginx();
  using client = Deno.createHttpClient({
    caCerts: [await Deno.readTextFile(site.certificate!.cert)],
  });
  const page = await fetch(site.ours.url, { client });
  await Deno.writeTextFile(`${site.root}/index.html`, await page.text());
  const [bare, ours] = [pageOf(nginx, ""), pageOf(site.ours, "")];
  return await loadInTurn({ ...bare, with: how }, { ...ours, with: how }, 50, effort);
}
