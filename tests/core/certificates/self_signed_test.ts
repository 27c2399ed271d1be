/** Certificates made on the spot. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { makeCertificate } from "../../../core/certificates/self_signed.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const HOUR_MS = 60 * 60_000;
const NOW = Date.UTC(2030, 0, 31, 12, 30, 15, 500);

Deno.test("a made certificate is valid from an hour ago and for thirty days", async () => {
  const { cert } = await makeCertificate(["localhost"], NOW);
  const { validFromDate, validToDate } = new X509Certificate(cert);
  // Certificates know no milliseconds.
  assertEquals(validFromDate.getTime(), NOW - HOUR_MS - 500);
  assertEquals(validToDate.getTime(), NOW + 30 * 24 * HOUR_MS - 500);
});

Deno.test("a made certificate carries names as names and addresses as addresses, each once", async () => {
  const names = ["chat.example", "127.0.0.1", "fe80::1%eth0", "bücher.example", "chat.example"];
  const { cert } = await makeCertificate(names, NOW);
  assertEquals(
    new X509Certificate(cert).subjectAltName,
    "DNS:chat.example, IP Address:127.0.0.1, IP Address:fe80::1, DNS:xn--bcher-kva.example",
  );
});

Deno.test("a made certificate comes with its own key and is no authority", async () => {
  const { cert, key } = await makeCertificate(["localhost"], NOW);
  const certificate = new X509Certificate(cert);
  assert(certificate.checkPrivateKey(createPrivateKey(key)));
  assertEquals(certificate.ca, false);
});

Deno.test("no two made certificates are alike", async () => {
  const [one, other] = await Promise.all([1, 2].map(() => makeCertificate(["localhost"], NOW)));
  assertNotEquals(one?.key, other?.key);
  assertNotEquals(
    new X509Certificate(one?.cert ?? "").serialNumber,
    new X509Certificate(other?.cert ?? "").serialNumber,
  );
});

peerTest("openssl's strictest check accepts a made certificate", ["openssl"], async () => {
  await using folder = await temporaryFolder();
  const { cert } = await makeCertificate(["localhost", "127.0.0.1", "::1"], Date.now());
  const file = `${folder.path}/cert.pem`;
  await Deno.writeTextFile(file, cert);
  for (const name of [["-verify_hostname", "localhost"], ["-verify_ip", "::1"]]) {
    const check = ["-x509_strict", "-purpose", "sslserver", ...name, "-CAfile", file, file];
    const { code, stdout, stderr } = await runPeer("openssl", ["verify", ...check]);
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: `${file}: OK\n`, stderr: "" });
  }
});
