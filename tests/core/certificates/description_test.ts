/** Certificates and requests, described. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { createAuthority } from "../../../core/certificates/authority.ts";
import { describeCertificate, describeRequest } from "../../../core/certificates/description.ts";
import { createRequest } from "../../../core/certificates/signing_request.ts";
import { fingerprintOf } from "../../../core/certificates/fingerprint.ts";
import { issueCertificate } from "../../../core/certificates/issue.ts";
import { pemBlocks } from "../../../core/certificates/pem.ts";
import { openssl } from "../../openssl.ts";
import { peerTest } from "../../peer.ts";

const NOW = Date.UTC(2030, 0, 31, 12);
const DAY_MS = 24 * 60 * 60_000;

const describe = (pem: string, now = NOW) => describeCertificate(pemBlocks(pem)[0]!.der, now);

Deno.test("a certificate is described by all that its holder is and may do", async () => {
  const authority = await createAuthority({ now: NOW });
  const { cert } = await issueCertificate(authority, {
    names: ["ada@harbour.example", "spiffe://dock/ada", "ada", "::1"],
    use: "client",
    keyType: "rsa",
    days: 30,
    now: NOW,
  });
  const { serialNumber, issuer, ...described } = await describe(cert);
  assertEquals(described, {
    subject: "CN=ada@harbour.example",
    names: ["email:ada@harbour.example", "URI:spiffe://dock/ada", "DNS:ada", "IP:::1"],
    validFrom: "2030-01-31T11:00:00.000Z",
    validTo: "2030-03-02T12:00:00.000Z",
    daysLeft: 30,
    state: "valid",
    key: "RSA 2048 bits",
    signature: "ECDSA with SHA-256",
    usages: ["digitalSignature", "keyEncipherment", "clientAuth"],
    selfSigned: false,
    fingerprint: await fingerprintOf(cert),
  });
  assertEquals(serialNumber.length, 32);
  const root = await describe(authority.cert);
  assertEquals(root.subject, issuer);
  assertEquals(root.selfSigned, true);
  assertEquals(root.usages, ["CA (path length 0)", "keyCertSign", "cRLSign"]);
});

Deno.test("the state of a certificate goes by the clock", async () => {
  const { cert } = await createAuthority({ now: NOW });
  const early = await describe(cert, NOW - DAY_MS);
  assertEquals([early.state, early.daysLeft], ["not yet valid", 3651]);
  const late = await describe(cert, NOW + 3651.5 * DAY_MS);
  assertEquals([late.state, late.daysLeft], ["expired", -2]);
});

Deno.test("a request is described, and whether it is signed by its own key", async () => {
  const names = ["quay.example"];
  const { request } = await createRequest({ names, use: "server", keyType: "ecdsa" });
  assertEquals(await describeRequest(request), {
    subject: "CN=quay.example",
    names: ["DNS:quay.example"],
    key: "ECDSA P-256",
    signature: "ECDSA with SHA-256",
    usages: [],
    holdsKey: true,
  });
});

Deno.test("bytes that are no certificate are refused", async () => {
  for (const bytes of [[], [0x30, 3, 2, 1, 1], [0x30, 0x84, 255, 255, 255, 255]]) {
    await assertRejects(
      () => describeCertificate(Uint8Array.from(bytes), NOW),
      SyntaxError,
      "no certificate",
    );
  }
});

for (const key of ["ed25519", "ed448", "ec -pkeyopt ec_paramgen_curve:secp256k1", "rsa-pss"]) {
  peerTest(`a certificate with a key of ${key} is described as far as it is known`, [
    "openssl",
  ], async () => {
    const options = `req -x509 -newkey ${key} -nodes -keyout /dev/null -subj /CN=quay ` +
      "-addext subjectAltName=otherName:1.2.3.4;UTF8:odd,RID:1.2.3";
    const printed = await openssl(options.split(" "));
    const described = await describe(printed.slice(printed.indexOf("-----BEGIN CERT")));
    assertEquals(described.subject, "CN=quay");
    assert(described.key !== "" && described.signature !== "" && described.names.length > 0);
  });
}
