/** What TLS costs: echoes, handshakes and idle connections, beside Deno.listenTls, node:tls on a
 * listener of its own, and nginx. */

import { makeCertificate } from "../certificate.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Measured, Round } from "./benchmark.ts";
import { startNginxStream, streamModuleMissing } from "./nginx.ts";
import { kibibytesEach, memoryObstacle } from "../resident_memory.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import { missing } from "./site.ts";
import { measureSlices } from "./slices.ts";

const IDLE_CONNECTIONS = 1000;

/** Small messages. */
export const tlsSmall: Benchmark = {
  name: "tls-small",
  summary: "TLS echo of 64 bytes over 50 connections, beside Deno.listenTls",
  unit: "answers/s",
  target: { leastRatio: 0.65 },
  unavailable: () => missing("openssl", "python3"),
  async measure(effort) {
    await using site = await echoServer();
    await using bare = await startServer("bare_tls.ts", site.files);
    return await load([place(bare), place(site.ours)], ["tls", ...size(50, 64)], effort);
  },
};

/** Large messages. */
export const tlsLarge: Benchmark = {
  name: "tls-large",
  summary: "TLS echo of 64 KiB over 8 connections, beside nginx's stream module before a TCP echo",
  unit: "answers/s",
  target: { leastRatio: 1 },
  unavailable: () => missing("openssl", "python3", "nginx") ?? streamModuleMissing(),
  async measure(effort) {
    await using site = await echoServer();
    await using echo = await startServer("bare_tcp.ts");
    await using nginx = await startNginxStream(echo.port, site.scratch, site);
    return await load([place(nginx), place(site.ours)], ["tls", ...size(8, 65_536)], effort);
  },
};

/** Whole handshakes. */
export const tlsHandshakes: Benchmark = {
  name: "tls-shake",
  summary: "full TLS 1.3 handshakes with ECDSA on P-256, 4 at a time, beside node:tls",
  unit: "handshakes/s",
  target: { leastRatio: 0.9 },
  unavailable: () => missing("openssl", "python3"),
  async measure(effort) {
    await using site = await echoServer();
    await using bare = await startServer("bare_node_tls.ts", site.files);
    return await handshakes([`full/${place(bare)}`, `full/${place(site.ours)}`], effort);
  },
};

/** Sessions that go on. With a key on P-256 a signature is so cheap beside all that node:tls does for
 * a connection that leaving it out saves next to nothing; RSA is what resuming is for. */
export const tlsResumed: Benchmark = {
  name: "tls-resume",
  summary:
    "resumed TLS 1.3 handshakes beside full ones with RSA, 4 at a time, both with our server",
  unit: "handshakes/s",
  target: { leastRatio: 1.5 },
  unavailable: () => missing("openssl", "python3"),
  async measure(effort) {
    await using site = await echoServer("rsa");
    return await handshakes([`full/${place(site.ours)}`, `resumed/${place(site.ours)}`], effort);
  },
};

/** Connections that say nothing after their first byte. */
export const tlsIdle: Benchmark = {
  name: "tls-idle",
  summary: "Resident memory of each of 1,000 idle TLS connections, beside Deno.listenTls",
  unit: "KiB each",
  target: { most: 45 },
  // While node:tls has a connection it may hold two descriptors.
  unavailable: () => missing("openssl") ?? memoryObstacle(2 * IDLE_CONNECTIONS + 200),
  async measure({ rounds }) {
    const measured: Round[] = [];
    for (let round = 0; round < Math.max(2, Math.round(rounds / 10)); round++) {
      await using site = await echoServer();
      await using bare = await startServer("bare_tls.ts", site.files);
      measured.push({ bare: await eachOf(bare, site), ours: await eachOf(site.ours, site) });
    }
    return { rounds: measured };
  },
};

async function eachOf({ pid, port }: ServerProcess, { cert }: { cert: string }): Promise<number> {
  const trust = { hostname: "localhost", caCerts: [await Deno.readTextFile(cert)] };
  return await kibibytesEach(pid, IDLE_CONNECTIONS, async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const secure = await Deno.startTls(conn, trust);
    await secure.write(new Uint8Array(1));
    await secure.read(new Uint8Array(1));
    return secure;
  });
}

/** Our echo server, with a certificate that others can use too. */
async function echoServer(kind: "ecdsa" | "rsa" = "ecdsa") {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const { cert, key } = await makeCertificate(folder.path, kind);
  const options = JSON.stringify({ tlsCert: [cert], tlsKey: [key] });
  const ours = starting.use(await startServer("dock.ts", ["echo", "tls://127.0.0.1:0", options]));
  const owned = starting.move();
  return {
    cert,
    key,
    files: [cert, key],
    scratch: folder.path,
    ours,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const place = ({ port, pid }: ServerProcess) => `${port}/${pid}`;

const size = (connections: number, bytes: number) => [
  ...["--connections", `${connections}`],
  ...["--bytes", `${bytes}`],
];

async function load(
  places: readonly string[],
  how: readonly string[],
  effort: Effort,
): Promise<Measured> {
  return (await measureSlices("load.py", how, places, effort))[0]!;
}

async function handshakes(places: readonly string[], effort: Effort): Promise<Measured> {
  return (await measureSlices("tls_load.py", ["handshakes"], places, effort))[0]!;
}
