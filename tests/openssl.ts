/** Certificates as openssl sees them. */

import { assertEquals } from "@std/assert";
import { runPeer } from "./peer.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Runs openssl, which has to succeed, and returns what it printed. */
export async function openssl(args: readonly string[], stdin = ""): Promise<string> {
  const { code, stdout, stderr } = await runPeer("openssl", args, { stdin });
  assertEquals(code, 0, `openssl ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout + stderr;
}

/** Holds a certificate against openssl's strictest check.
 *
 * @param more such as `-verify_hostname` and a name */
export async function verifyStrictly(
  authority: string,
  cert: string,
  purpose: "sslserver" | "sslclient",
  ...more: readonly string[]
): Promise<{ readonly ok: boolean; readonly said: string }> {
  await using folder = await temporaryFolder();
  const [ca, leaf] = [`${folder.path}/ca.pem`, `${folder.path}/leaf.pem`];
  await Deno.writeTextFile(ca, authority);
  await Deno.writeTextFile(leaf, cert);
  const check = ["-x509_strict", "-check_ss_sig", "-purpose", purpose, ...more];
  const { code, stdout, stderr } = await runPeer(
    "openssl",
    ["verify", ...check, "-CAfile", ca, leaf],
  );
  return { ok: code === 0 && stdout === `${leaf}: OK\n`, said: stdout + stderr };
}
