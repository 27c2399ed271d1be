/** DTLS beside OpenSSL's own library, which also makes the load. */

import { makeCertificate } from "../certificate.ts";
import { findPeer, startPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { here, run } from "./server_process.ts";
import { measureSlices } from "./slices.ts";

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

async function measure(what: "echo" | "handshakes", effort: Effort): Promise<Measured> {
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
  return (await measureSlices("dtls_load.py", ["load", what], places, effort))[0]!;
}
