/** The verifier of client certificates, with a node:tls that says what it is told to. */

import { X509Certificate } from "node:crypto";
import { assertEquals, assertThrows } from "@std/assert";
import { ClientVerifier, readAuthorities } from "../../../servers/tls/client_certificates.ts";
import { CertificateAuthority } from "../../certificate_authority.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

async function setUp(now: () => number = Date.now) {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await temporaryFolder());
  const authority = await CertificateAuthority.create(path);
  const { cert } = await authority.issue("alice", { names: ["DNS:a.example"], purpose: "client" });
  const { raw } = new X509Certificate(await Deno.readTextFile(cert));
  const other = await CertificateAuthority.create(path, "other");
  const verifier = await ClientVerifier.create([], now);
  verifier.authorities = await readAuthorities([authority.file]);
  const owned = opening.move();
  return {
    ...{ verifier, authority, other },
    socket: (ssl: unknown) => ({ getPeerCertificate: () => ({ raw }), ssl }),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

const fresh = { verifyError: () => null, isSessionReused: () => false };
const resumed = { verifyError: () => null, isSessionReused: () => true };

Deno.test("a runtime that does not say what it verified lets nobody in", async () => {
  await using at = await setUp();
  for (const ssl of [undefined, null, {}, { verifyError: () => null }, { isSessionReused() {} }]) {
    const socket = at.socket(ssl);
    at.verifier.expect(socket);
    assertThrows(() => at.verifier.verify(socket), Error, "does not say whether");
  }
});

Deno.test("a handshake that nobody expected lets nobody in", async () => {
  await using at = await setUp();
  assertThrows(() => at.verifier.verify(at.socket(fresh)), Error, "have changed");
});

Deno.test("a handshake that began under other authorities lets nobody in", async () => {
  await using at = await setUp();
  const socket = at.socket(fresh);
  at.verifier.expect(socket);
  at.verifier.authorities = await readAuthorities([at.other.file]);
  assertThrows(() => at.verifier.verify(socket), Error, "have changed since the handshake began");
});

Deno.test("a session is resumed only by whom was verified, until the certificate ends", async () => {
  let now = Date.now();
  await using at = await setUp(() => now);
  const verify = (ssl: unknown) => {
    const socket = at.socket(ssl);
    at.verifier.expect(socket);
    return at.verifier.verify(socket).name;
  };
  assertThrows(() => verify(resumed), Error, "not verified here");
  assertEquals(verify(fresh), "a.example");
  assertEquals(verify(resumed), "a.example");
  // The same files again change nothing.
  at.verifier.authorities = await readAuthorities([at.authority.file]);
  assertEquals(verify(resumed), "a.example");
  now += 2 * 24 * 60 * 60_000;
  assertThrows(() => verify(resumed), Error, "has expired since its session began");
});
