/** DTLS beside OpenSSL's own library, which also makes the load. */

import { makeCertificate } from "../certificate.ts";
import { findPeer, startPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Measured, Round } from "./benchmark.ts";
import { here, run } from "./server_process.ts";

/** Echo over DTLS. */
export const dtlsEcho: Benchmark = {
  name: "dtls-echo",
  summary: "DTLS echo of 1,000 bytes from 20 peers, beside OpenSSL's library",
  unit: "answers/s",
  target: { least: 8000 },
  unavailable: obstacle,
  measure: (effort) => measure("echo", effort),
};

/** Whole handshakes, one after another. */
export const dtlsHandshakes: Benchmark = {
  name: "dtls-shake",
  summary: "DTLS handshakes with ECDSA on P-256, 4 at a time, beside OpenSSL's library",
  unit: "handshakes/s",
  target: { least: 150 },
  unavailable: obstacle,
  measure: (effort) => measure("handshakes", effort),
};

function obstacle(): string | null {
  if (findPeer("openssl") === null) return "it needs openssl to make a certificate";
  return findPeer("python3") === null ? "it needs python3 to make the load" : null;
}

interface Slice {
  readonly server: 0 | 1;
  readonly answers: number;
  readonly seconds: number;
  readonly cpu: number;
}

async function measure(
  what: "echo" | "handshakes",
  { rounds, seconds }: Effort,
): Promise<Measured> {
  await using folder = await temporaryFolder();
  const { cert, key } = await makeCertificate(folder.path);
  const script = here("dtls_load.py");
  await using bare = startPeer("python3", ["-B", script, "serve", cert, key]);
  await using ours = run([
    here("../../main.ts"),
    ...["serve", "echo", "dtls://127.0.0.1:0", "--json", "--quiet"],
    ...["--tls-cert", cert, "--tls-key", key, "--max-peers", "100000"],
  ]);
  const places: string[] = [];
  for (const server of [bare, ours]) {
    const [, port] = await server.stdout.line(/dtls:\/\/127\.0\.0\.1:(\d+)/);
    places.push(`${port}/${server.pid}`);
  }
  const length = ["--seconds", `${seconds}`, "--rounds", `${rounds}`];
  await using generator = startPeer("python3", ["-B", script, "load", what, ...places, ...length]);
  const { code, stdout, stderr } = await generator.ended(1000 * (60 + 4 * seconds * rounds));
  if (code !== 0) throw new Error(`dtls_load.py failed: ${stderr}`);
  const slices = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Slice);
  const pairs = (figure: (slice: Slice) => number): Round[] => {
    const of = (server: number) => slices.filter((slice) => slice.server === server).map(figure);
    const [first, second] = [of(0), of(1)];
    return first.map((bare, round) => ({ bare, ours: second[round]! }));
  };
  return {
    rounds: pairs(({ answers, seconds }) => answers / seconds),
    ...(slices.every(({ cpu }) => cpu > 0) &&
      { byCpu: pairs(({ answers, cpu }) => answers / cpu) }),
  };
}
