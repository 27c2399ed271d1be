/** DTLS beside OpenSSL's own library, which also makes the load, and beside bare datagrams. */

import { makeCertificate } from "../certificate.ts";
import { findPeer, runPeer, startPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { here, run, startServer } from "./server_process.ts";
import { measureSlices } from "./slices.ts";

/** Echo over DTLS. */
export const dtlsEcho: Benchmark = {
  name: "dtls-echo",
  summary: "DTLS echo of 1,000 bytes from 20 peers, beside OpenSSL's library",
  unit: "answers/s",
  target: { least: 8000 },
  unavailable: obstacle,
  measure: (effort) => besideOpenssl("echo", effort),
};

/** Echo of small messages, beside datagrams that are not protected. */
export const dtlsSmall: Benchmark = besideDatagrams(64, 0.55);

/** Echo of large messages, beside datagrams that are not protected. */
export const dtlsLarge: Benchmark = besideDatagrams(1000, 0.45);

/** Whole handshakes, one after another. */
export const dtlsHandshakes: Benchmark = {
  name: "dtls-shake",
  summary: "DTLS handshakes with ECDSA on P-256, 4 at a time, beside OpenSSL's library",
  unit: "handshakes/s",
  target: { least: 150 },
  unavailable: obstacle,
  measure: (effort) => besideOpenssl("handshakes", effort),
};

/** Whole handshakes with the kind of key that this runtime signs with at once. */
export const dtlsEd25519: Benchmark = {
  name: "dtls-ed25519",
  summary: "DTLS handshakes with Ed25519, 4 at a time, beside OpenSSL's library with P-256",
  unit: "handshakes/s",
  target: { leastRatio: 0.5 },
  unavailable: obstacle,
  measure: (effort) => besideOpenssl("handshakes", effort, "ed25519"),
};

function obstacle(): string | null {
  if (findPeer("openssl") === null) return "it needs openssl to make a certificate";
  return findPeer("python3") === null ? "it needs python3 to make the load" : null;
}

type Pair = readonly [cert: string, key: string];

function startOurs([cert, key]: Pair) {
  return run([
    here("../../main.ts"),
    ...["serve", "echo", "dtls://127.0.0.1:0", "--json", "--quiet"],
    ...["--tls-cert", cert, "--tls-key", key, "--max-peers", "100000"],
  ]);
}

async function ed25519(folder: string): Promise<Pair> {
  const pair = [`${folder}/ed25519.pem`, `${folder}/ed25519.key`] as const;
  const { code, stderr } = await runPeer("openssl", [
    ...["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
    ...["-out", pair[0], "-keyout", pair[1]],
  ]);
  if (code !== 0) throw new Error(`openssl req: ${stderr}`);
  return pair;
}

async function besideOpenssl(
  what: "echo" | "handshakes",
  effort: Effort,
  kind: "ecdsa" | "ed25519" = "ecdsa",
): Promise<Measured> {
  await using folder = await temporaryFolder();
  const { cert, key } = await makeCertificate(folder.path);
  const script = here("dtls_load.py");
  await using bare = startPeer("python3", ["-B", script, "serve", cert, key]);
  await using ours = startOurs(kind === "ecdsa" ? [cert, key] : await ed25519(folder.path));
  const places: string[] = [];
  for (const server of [bare, ours]) {
    const [, port] = await server.stdout.line(/dtls:\/\/127\.0\.0\.1:(\d+)/);
    places.push(`${port}/${server.pid}`);
  }
  return (await measureSlices("dtls_load.py", ["load", what], places, effort))[0]!;
}

function besideDatagrams(bytes: number, leastRatio: number): Benchmark {
  return {
    name: `dtls-${bytes}`,
    summary: `DTLS echo of ${bytes} bytes from 20 peers, beside bare datagrams`,
    unit: "answers/s",
    target: { leastRatio },
    unavailable: obstacle,
    async measure(effort) {
      await using folder = await temporaryFolder();
      const { cert, key } = await makeCertificate(folder.path);
      await using bare = await startServer("bare_udp.ts");
      await using ours = startOurs([cert, key]);
      const [, port] = await ours.stdout.line(/dtls:\/\/127\.0\.0\.1:(\d+)/);
      const places = [`udp:${bare.port}/${bare.pid}`, `${port}/${ours.pid}`];
      const how = ["load", "echo", "--bytes", `${bytes}`];
      return (await measureSlices("dtls_load.py", how, places, effort))[0]!;
    },
  };
}
