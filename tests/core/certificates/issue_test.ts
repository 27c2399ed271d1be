/** Authorities in memory and what they issue, against openssl. */

import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createAuthority } from "../../../core/certificates/authority.ts";
import { issueCertificate } from "../../../core/certificates/issue.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { openssl, verifyStrictly } from "../../openssl.ts";
import { peerTest } from "../../peer.ts";

const DAY_MS = 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
const NOW = Date.UTC(2030, 0, 31, 12, 30, 15);
const NAMES = ["localhost", "*.harbour.example", "127.0.0.1", "::1"];

Deno.test("an authority is valid for ten years and vouches for certificates alone", async () => {
  const authority = await createAuthority({ now: NOW });
  const { ca, validFromDate, validToDate, subject, issuer } = new X509Certificate(authority.cert);
  assert(ca);
  assertEquals(validFromDate.getTime(), NOW - HOUR_MS);
  assertEquals(validToDate.getTime(), NOW + 3650 * DAY_MS);
  assertEquals(subject, issuer);
  assertNotEquals(subject, new X509Certificate((await createAuthority()).cert).subject);
});

Deno.test("a certificate carries its names and its own key, and is signed by the authority", async () => {
  const authority = await createAuthority({ now: NOW });
  const { cert, chain, key } = await issueCertificate(authority, { names: NAMES, now: NOW });
  const certificate = new X509Certificate(cert);
  assertEquals(
    certificate.subjectAltName,
    "DNS:localhost, DNS:*.harbour.example, IP Address:127.0.0.1, IP Address:::1",
  );
  assert(certificate.checkPrivateKey(createPrivateKey(key)));
  assert(certificate.checkIssued(new X509Certificate(authority.cert)));
  assert(certificate.verify(new X509Certificate(authority.cert).publicKey));
  assertEquals(certificate.ca, false);
  assertEquals(chain, cert + authority.cert);
});

Deno.test("a certificate is valid from an hour ago, for the days asked for, 397 at most in all", async () => {
  const authority = await createAuthority({ now: NOW - 10 * DAY_MS });
  for (
    const [days, to] of [[1, NOW + DAY_MS], [undefined, NOW - HOUR_MS + 397 * DAY_MS]] as const
  ) {
    const { cert } = await issueCertificate(authority, {
      names: NAMES,
      now: NOW,
      ...(days !== undefined && { days }),
    });
    const { validFromDate, validToDate } = new X509Certificate(cert);
    assertEquals(validFromDate.getTime(), NOW - HOUR_MS);
    assertEquals(validToDate.getTime(), to);
  }
  for (const days of [0, -1, 398, 1.5, NaN]) {
    await assertRejects(
      () => issueCertificate(authority, { names: NAMES, days }),
      RangeError,
      "397",
    );
  }
});

Deno.test("no certificate outlives its authority, and none is issued outside of its time", async () => {
  const authority = await createAuthority({ now: NOW });
  const end = new X509Certificate(authority.cert).validToDate.getTime();
  const late = await issueCertificate(authority, { names: NAMES, now: end - DAY_MS });
  assertEquals(new X509Certificate(late.cert).validToDate.getTime(), end);
  const issue = (now: number) => () => issueCertificate(authority, { names: NAMES, now });
  await assertRejects(issue(end + 1000), UsageError, "the authority expired on 2040-01-29");
  await assertRejects(
    issue(NOW - DAY_MS),
    UsageError,
    "not valid before 2030-01-31; check the clock",
  );
});

Deno.test("an authority whose key is not one of ours is refused", async () => {
  const { cert, key } = await createAuthority();
  const damaged = { cert, key: key.replace("MIGH", "MIGA") };
  await assertRejects(
    () => issueCertificate(damaged, { names: NAMES }),
    UsageError,
    "authority's key",
  );
});

peerTest("openssl's strictest check accepts servers of either kind of key, for each name", [
  "openssl",
], async () => {
  const authority = await createAuthority();
  for (const keyType of ["ecdsa", "rsa"] as const) {
    const { cert } = await issueCertificate(authority, { names: NAMES, keyType });
    for (
      const name of [
        ["-verify_hostname", "localhost"],
        ["-verify_hostname", "quay.harbour.example"],
        ["-verify_ip", "127.0.0.1"],
        ["-verify_ip", "::1"],
      ]
    ) {
      const { ok, said } = await verifyStrictly(authority.cert, cert, "sslserver", ...name);
      assert(ok, said);
    }
    assert(!(await verifyStrictly(authority.cert, cert, "sslclient")).ok, "is a server's");
    const wrong = await verifyStrictly(
      authority.cert,
      cert,
      "sslserver",
      ...["-verify_hostname", "example"],
    );
    assert(!wrong.ok);
  }
});

peerTest("openssl's strictest check accepts clients, and knows them by what they are", [
  "openssl",
], async () => {
  const authority = await createAuthority();
  const names = ["ada@harbour.example", "spiffe://dock/ada", "ada"];
  const { cert } = await issueCertificate(authority, { names, use: "client" });
  const { ok, said } = await verifyStrictly(
    authority.cert,
    cert,
    "sslclient",
    ...["-verify_email", "ada@harbour.example"],
  );
  assert(ok, said);
  assert(!(await verifyStrictly(authority.cert, cert, "sslserver")).ok, "is a client's");
  const text = await openssl(["x509", "-noout", "-ext", "subjectAltName,extendedKeyUsage"], cert);
  assert(text.includes("email:ada@harbour.example, URI:spiffe://dock/ada, DNS:ada"), text);
  assert(text.includes("TLS Web Client Authentication"), text);
});

peerTest("a name too long for a subject stands in the alternative names alone", [
  "openssl",
], async () => {
  const authority = await createAuthority();
  const name = `${"a".repeat(60)}.harbour.example`;
  const { cert } = await issueCertificate(authority, { names: [name] });
  const { ok, said } = await verifyStrictly(
    authority.cert,
    cert,
    "sslserver",
    ...["-verify_hostname", name],
  );
  assert(ok, said);
  assert((await openssl(["x509", "-noout", "-ext", "subjectAltName"], cert)).includes("critical"));
});

peerTest("dates from 2050 on are written as they have to be (RFC 5280 4.1.2.5)", [
  "openssl",
], async () => {
  const now = Date.UTC(2049, 6, 1);
  const authority = await createAuthority({ now });
  const { cert } = await issueCertificate(authority, { names: NAMES, now });
  const at = ["-attime", String(now / 1000)];
  const { ok, said } = await verifyStrictly(authority.cert, cert, "sslserver", ...at);
  assert(ok, said);
});

peerTest("below an authority of ours there is no other", ["openssl"], async () => {
  const { cert } = await createAuthority();
  const text = await openssl(["x509", "-noout", "-ext", "basicConstraints,keyUsage"], cert);
  assert(text.includes("critical\n    CA:TRUE, pathlen:0"), text);
  assert(text.includes("critical\n    Certificate Sign, CRL Sign"), text);
});
