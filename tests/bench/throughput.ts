/** How much a server answers, beside the barest server that answers the same. */

import { serverKinds } from "../../servers/index.ts";
import { apps } from "../../web/index.ts";
import { findPeer, startPeer } from "../peer.ts";
import { makeCertificate } from "../../core/certificates/self_signed.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { type Benchmark, type Effort, type Measured, median, type Round } from "./benchmark.ts";
import { here, type ServerProcess, startServer } from "./server_process.ts";

/** Why there is no load generator here, or null. */
export function pythonMissing(): string | null {
  // A load generator in Deno would be as slow as what it measures.
  return findPeer("python3") === null ? "it needs python3 to make the load" : null;
}

/** Echo over TCP with small messages. */
export const tcpSmall: Benchmark = {
  name: "tcp-small",
  summary: "TCP echo of 64 bytes over 50 connections",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable: pythonMissing,
  measure: (effort) => echoes("tcp", 50, 64, effort),
};

/** Echo over TCP with large messages. */
export const tcpLarge: Benchmark = {
  name: "tcp-large",
  summary: "TCP echo of 64 KiB over 8 connections",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable: pythonMissing,
  measure: (effort) => echoes("tcp", 8, 65_536, effort),
};

/** Echo over UDP. */
export const udp: Benchmark = {
  name: "udp",
  summary: "UDP echo of 64 bytes from 50 peers",
  unit: "answers/s",
  target: { leastRatio: 0.85 },
  unavailable: pythonMissing,
  measure: (effort) => echoes("udp", 50, 64, effort),
};

/** Echo over WebSockets with small messages. */
export const webSocket: Benchmark = {
  name: "websocket",
  summary: "WebSocket echo of 64 bytes over 20 connections",
  unit: "answers/s",
  target: { leastRatio: 0.8 },
  unavailable: pythonMissing,
  measure: (effort) => echoes("ws", 20, 64, effort),
};

/** A small page over HTTP. */
export const http: Benchmark = {
  name: "http",
  summary: "Hello over HTTP/1.1 on 50 connections that are kept alive",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable() {
    const has = (all: readonly { readonly name: string }[], wanted: string) =>
      all.some(({ name }) => name === wanted);
    if (!has(serverKinds, "http") || !has(apps, "hello")) return "there is no hello over http yet";
    return pythonMissing();
  },
  async measure(effort) {
    await using ours = await startServer("dock.ts", ["hello", "http://127.0.0.1:0"]);
    // The same page, so that both send the same bytes.
    const answer = await fetch(ours.url);
    const type = answer.headers.get("content-type") ?? "";
    await using bare = await startServer("bare_http.ts", [await answer.text(), type]);
    const request = "GET / HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n";
    return await load(bare, ours, ["tcp", "--connections", "50", "--request", request], effort);
  },
};

/** Echo over TLS with small messages, beside the faster of Deno.listenTls and node:tls. */
export const tlsSmall: Benchmark = {
  name: "tls-small",
  summary: "TLS echo of 64 bytes over 50 connections",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable: pythonMissing,
  measure: (effort) => tlsEchoes(50, 64, effort),
};

/** Echo over TLS with large messages: at least 200 MB/s. */
export const tlsLarge: Benchmark = {
  name: "tls-large",
  summary: "TLS echo of 64 KiB over 8 connections",
  unit: "answers/s",
  target: { least: Math.ceil(200_000_000 / 65_536) },
  unavailable: pythonMissing,
  measure: (effort) => tlsEchoes(8, 65_536, effort),
};

async function tlsEchoes(connections: number, bytes: number, effort: Effort): Promise<Measured> {
  await using folder = await temporaryFolder();
  const { cert, key } = await makeCertificate(["localhost"], Date.now());
  const files = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`] as const;
  await Deno.writeTextFile(files[0], cert);
  await Deno.writeTextFile(files[1], key);
  await using deno = await startServer("bare_tls.ts", files);
  await using node = await startServer("bare_node_tls.ts", files);
  await using ours = await startServer("dock.ts", ["echo", "tls://127.0.0.1:0"]);
  const how = ["tls", "--connections", `${connections}`, "--bytes", `${bytes}`];
  const [byDeno, byNode] = await loadAll([deno, node], ours, how, effort);
  const speed = ({ rounds }: Measured) => median(rounds.map(({ bare }) => bare));
  return speed(byDeno!) > speed(byNode!) ? byDeno! : byNode!;
}

async function echoes(
  scheme: "tcp" | "udp" | "ws",
  connections: number,
  bytes: number,
  effort: Effort,
): Promise<Measured> {
  await using bare = await startServer(`bare_${scheme}.ts`);
  await using ours = await startServer("dock.ts", ["echo", `${scheme}://127.0.0.1:0`]);
  const how = [scheme, "--connections", `${connections}`, "--bytes", `${bytes}`];
  return await load(bare, ours, how, effort);
}

/** One line of load.py. */
interface Slice {
  readonly server: number;
  readonly answers: number;
  readonly seconds: number;
  readonly cpu: number;
}

/** Measures ours beside a bare one with load.py. */
export async function load(
  bare: ServerProcess,
  ours: ServerProcess,
  how: readonly string[],
  effort: Effort,
): Promise<Measured> {
  return (await loadAll([bare], ours, how, effort))[0]!;
}

/** Measures ours beside each of the bare ones, all in one run. */
async function loadAll(
  bare: readonly ServerProcess[],
  ours: ServerProcess,
  how: readonly string[],
  { rounds, seconds }: Effort,
): Promise<Measured[]> {
  await using generator = startPeer("python3", [
    "-B",
    here("load.py"),
    ...how,
    ...[...bare, ours].map(({ port, pid }) => `${port}/${pid}`),
    "--seconds",
    `${seconds}`,
    "--rounds",
    `${rounds}`,
  ]);
  const { code, stdout, stderr } = await generator.ended(
    1000 * (60 + 2 * (bare.length + 1) * seconds * rounds),
  );
  if (code !== 0) throw new Error(`load.py failed: ${stderr}`);
  const slices = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Slice);
  const pairs = (server: number, figure: (slice: Slice) => number): Round[] => {
    const of = (server: number) => slices.filter((slice) => slice.server === server).map(figure);
    const [first, second] = [of(server), of(bare.length)];
    return first.map((bare, round) => ({ bare, ours: second[round]! }));
  };
  return bare.map((_, server) => ({
    rounds: pairs(server, ({ answers, seconds }) => answers / seconds),
    // Without /proc there is none.
    ...(slices.every(({ cpu }) => cpu > 0) &&
      { byCpu: pairs(server, ({ answers, cpu }) => answers / cpu) }),
  }));
}
