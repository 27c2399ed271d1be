/** Signing requests: ours as openssl sees them, openssl's as we sign them. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { createAuthority } from "../../../core/certificates/authority.ts";
import type { CertificateUse } from "../../../core/certificates/names.ts";
import { createRequest, signRequest } from "../../../core/certificates/signing_request.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { openssl, verifyStrictly } from "../../openssl.ts";
import { peerTest } from "../../peer.ts";

const authority = await createAuthority();
const sign = (pem: string, use: CertificateUse = "server") =>
  signRequest(authority, pem, { use, now: Date.now() });

const ECDSA_KEY = "ec -pkeyopt ec_paramgen_curve:P-256";

/** A request of openssl's; what it asks for is added as with -addext. */
async function requestOf(key: string, ...extensions: readonly string[]): Promise<string> {
  const options = `req -newkey ${key} -nodes -keyout /dev/null -subj /O=Harbour/CN=quay`.split(" ");
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  const printed = await openssl([...options, ...added]);
  const [request = ""] = /-----BEGIN CERT[^]+-----END CERTIFICATE REQUEST-----/.exec(printed) ?? [];
  return `${request}\n`;
}

for (const keyType of ["ecdsa", "rsa"] as const) {
  peerTest(`openssl verifies a request of ours with ${keyType}, and we sign it`, [
    "openssl",
  ], async () => {
    const names = ["quay.example", "::1"];
    const { request, key } = await createRequest({ names, use: "server", keyType });
    const said = await openssl(["req", "-verify", "-noout", "-text"], request);
    assertStringIncludes(said, "verify OK");
    assertStringIncludes(said, "DNS:quay.example, IP Address:0:0:0:0:0:0:0:1");
    const { cert, leftOut } = await sign(request);
    assertEquals(leftOut, []);
    assert(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)));
    const verified = await verifyStrictly(authority.cert, cert, "sslserver");
    assert(verified.ok, verified.said);
  });
}

for (
  const key of [ECDSA_KEY, "ec -pkeyopt ec_paramgen_curve:P-384", "rsa:2048", "ed25519"]
) {
  peerTest(`a request of openssl's with ${key} is signed for its names`, ["openssl"], async () => {
    const pem = await requestOf(key, "subjectAltName=DNS:quay.example,IP:192.0.2.1");
    const { cert, names } = await sign(pem);
    assertEquals(names.map(({ value }) => value), ["quay.example", "192.0.2.1"]);
    const verified = await verifyStrictly(authority.cert, cert, "sslserver");
    assert(verified.ok, verified.said);
  });
}

peerTest("of what a request asks for, the names alone are granted", ["openssl"], async () => {
  const pem = await requestOf(
    ECDSA_KEY,
    "subjectAltName=DNS:quay.example",
    "basicConstraints=critical,CA:TRUE",
    "keyUsage=critical,keyCertSign",
    "extendedKeyUsage=codeSigning",
    "nameConstraints=permitted;DNS:example",
  );
  const { cert, leftOut } = await sign(pem);
  assertEquals(
    leftOut.toSorted(),
    ["basicConstraints", "extendedKeyUsage", "keyUsage", "nameConstraints"],
  );
  const text = await openssl(["x509", "-noout", "-text"], cert);
  assertStringIncludes(text, "CA:FALSE");
  assertStringIncludes(text, "TLS Web Server Authentication");
  for (const foreign of ["Certificate Sign", "Code Signing", "Name Constraints", "Harbour"]) {
    assert(!text.includes(foreign), text);
  }
});

peerTest("a client's request is signed as one, and not as a server's", ["openssl"], async () => {
  const pem = await requestOf(ECDSA_KEY, "subjectAltName=email:ada@harbour.example");
  const { cert } = await sign(pem, "client");
  assert((await verifyStrictly(authority.cert, cert, "sslclient")).ok);
  await assertRejects(() => sign(pem), UsageError, "add --client");
});

peerTest("whoever does not hold the key of a request gets nothing", ["openssl"], async () => {
  const pem = await requestOf(ECDSA_KEY, "subjectAltName=DNS:quay.example");
  const der = Uint8Array.from(
    atob(pem.replace(/-----[^-]+-----/g, "").replace(/\s/g, "")),
    (character) => character.charCodeAt(0),
  );
  // In the middle of the name, which the signature covers.
  const text = new TextDecoder("latin1").decode(der);
  der[text.indexOf("quay.example")] = "k".charCodeAt(0);
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${
    btoa(String.fromCharCode(...der))
  }\n-----END CERTIFICATE REQUEST-----\n`;
  await assertRejects(() => sign(forged), UsageError, "not signed by the key that is in it");
});

for (
  const [what, key, extensions, message] of [
    ["that names nobody", ECDSA_KEY, [], "asks for no subject alternative name"],
    [
      "with a weak key",
      "rsa:1024",
      ["subjectAltName=DNS:a"],
      "too weak: RSASSA-PKCS1-v1_5 of 1024",
    ],
    ["for an address written as a name", ECDSA_KEY, ["subjectAltName=DNS:127.0.0.1"], "dns:"],
    ["for a useless wildcard", ECDSA_KEY, ["subjectAltName=DNS:*.example"], "two labels"],
    ["for a name of another kind", ECDSA_KEY, ["subjectAltName=RID:1.2.3"], "the name id:"],
  ] as const
) {
  peerTest(`a request ${what} is refused`, ["openssl"], async () => {
    const pem = await requestOf(key, ...extensions);
    const error = await assertRejects(() => sign(pem), UsageError);
    assertStringIncludes(error.message, message);
  });
}

Deno.test("a text that is no request, or a damaged one, is refused", async () => {
  await assertRejects(() => sign("hello"), SyntaxError, "no certificate request");
  await assertRejects(() => sign(authority.cert), SyntaxError, "no certificate request");
  const damaged =
    "-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQE=\n-----END CERTIFICATE REQUEST-----\n";
  await assertRejects(() => sign(damaged), SyntaxError, "damaged");
});
