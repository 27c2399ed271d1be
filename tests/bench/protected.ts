/** Sealed and signed datagrams beside bare UDP. */

import { makeKey } from "../../mod/cert.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { here, run, startServer } from "./server_process.ts";

/** Echo under a seal. */
export const sealedEcho: Benchmark = {
  name: "sealed",
  summary: "datagrams of 1,000 bytes sealed with ChaCha20, there and back, beside bare UDP",
  unit: "datagrams/s",
  target: { leastRatio: 0.35 },
  measure: (effort) => measure("chacha20", effort),
};

/** Echo under a seal of AES. */
export const sealedAesEcho: Benchmark = {
  name: "sealed-aes",
  summary: "datagrams of 1,000 bytes sealed with AES-256-GCM, there and back, beside bare UDP",
  unit: "datagrams/s",
  target: { leastRatio: 0.15 },
  measure: (effort) => measure("aes-gcm", effort),
};

/** Echo under a signature. */
export const signedEcho: Benchmark = {
  name: "signed",
  summary: "datagrams of 1,000 bytes signed with HMAC-SHA-256, there and back, beside bare UDP",
  unit: "datagrams/s",
  target: { leastRatio: 0.35 },
  measure: (effort) => measure("hmac", effort),
};

async function measure(
  kind: "chacha20" | "aes-gcm" | "hmac",
  { rounds, seconds }: Effort,
): Promise<Measured> {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/key`;
  await Deno.writeTextFile(file, makeKey(kind).text, { mode: 0o600 });
  const [layer, options] = kind === "hmac"
    ? ["signed", { signedKey: file }]
    : ["sealed", { sealedKey: [file] }];
  await using bare = await startServer("bare_udp.ts");
  await using ours = run([
    here("../../main.ts"),
    ...["serve", "echo", `udp+${layer}://127.0.0.1:0`, "--json", "--quiet"],
    ...[`--${layer}-key`, file],
  ]);
  const [url] = await ours.stdout.line(/udp\+\w+:\/\/127\.0\.0\.1:\d+/);
  await using generator = run([
    here("protected_load.ts"),
    ...[`${bare.port}`, url, `${rounds}`, `${seconds}`, JSON.stringify(options)],
  ]);
  const { code, stdout, stderr } = await generator.ended(1000 * (60 + 4 * seconds * rounds));
  if (code !== 0) throw new Error(`protected_load.ts failed: ${stderr}`);
  return {
    rounds: stdout.trimEnd().split("\n").map((line) => {
      const [bare, ours] = line.split(" ").map(Number);
      return { bare: bare!, ours: ours! };
    }),
  };
}
