import { assert, assertEquals, assertThrows } from "@std/assert";
import { sign, X509Certificate } from "node:crypto";
import { DtlsError } from "../../../../layers/dtls/wire/alert.ts";
import {
  type ChainPurpose,
  fieldsOf,
  verifyChain,
} from "../../../../layers/dtls/certificates/chain.ts";
import { type Made, make, NOW, type Wanted, x509 } from "../made_certificates.ts";

const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";

const root = await make({ subject: "CN=root", isAuthority: true, names: [] });

function check(chain: readonly Made[], purpose: Partial<ChainPurpose> = {}, roots = [root]): void {
  verifyChain(chain.map(({ certificate }) => certificate), {
    trust: { by: "authority", authorities: roots.map(({ certificate }) => certificate) },
    of: "server",
    name: "server.test",
    now: NOW,
    ...purpose,
  });
}

/** What is wrong with a certificate of root's that a test asks for. */
async function complaint(wanted: Wanted, purpose: Partial<ChainPurpose> = {}): Promise<string> {
  const leaf = await make({ issuer: root, ...wanted });
  return assertThrows(() => check([leaf], purpose), DtlsError).message;
}

Deno.test("a certificate of a trusted authority is good for its names", async () => {
  const leaf = await make({
    issuer: root,
    names: ["server.test", "*.wild.test", "192.0.2.1", "2001:db8::1"],
  });
  for (const name of ["server.test", "SERVER.test.", "a.wild.test", "192.0.2.1", "2001:DB8:0::1"]) {
    check([leaf], { name });
  }
  for (const name of ["wild.test", "a.b.wild.test", "192.0.2.2", "test", "xserver.test"]) {
    assertThrows(() => check([leaf], { name }), DtlsError, `${name} is not in the cert's list`);
  }
});

Deno.test("a subject is no name", async () => {
  const words = await complaint({ subject: "CN=server.test", names: [] });
  assertEquals(words, "bad_certificate: server.test is not in the cert's list: (none)");
});

Deno.test("a wildcard does not stand for a top-level name", async () => {
  const leaf = await make({ issuer: root, names: ["*.test"] });
  assertThrows(() => check([leaf]), DtlsError, "is not in the cert's list");
});

Deno.test("a certificate is trusted when it is one of those that are, itself included", async () => {
  const own = await make();
  check([own], {}, [own]);
  assertThrows(() => check([own]), DtlsError, "unknown_ca");
});

Deno.test("dates count for every link", async () => {
  const [past, future] = [{ notAfter: NOW - 1000 }, { notBefore: NOW + 1000 }];
  const name = (words: string) => words.split(":")[0];
  assertEquals(name(await complaint(past)), "certificate_expired");
  assertEquals(name(await complaint(future)), "bad_certificate");
  for (const dates of [past, future]) {
    const middle = await make({ ...dates, subject: "CN=middle", issuer: root, isAuthority: true });
    const leaf = await make({ issuer: middle });
    assertThrows(() => check([leaf, middle]), DtlsError, "certificate ");
    assertThrows(() => check([leaf], {}, [middle]), DtlsError, "certificate ");
  }
});

Deno.test("a chain is followed in whatever order it comes, and wants every link", async () => {
  const one = await make({ subject: "CN=one", issuer: root, isAuthority: true });
  const two = await make({ subject: "CN=two", issuer: one, isAuthority: true });
  const leaf = await make({ issuer: two });
  check([leaf, two, one]);
  check([leaf, one, two, root]);
  assertThrows(() => check([leaf, one]), DtlsError, "unknown_ca");
  check([leaf, two], {}, [one]);
});

Deno.test("who is no authority issues nothing", async () => {
  const middle = await make({ subject: "CN=middle", issuer: root });
  const leaf = await make({ issuer: middle });
  assertThrows(() => check([leaf, middle]), DtlsError, "CN=middle issued a certificate and is no");
  const noSigner = await make({
    subject: "CN=idle",
    issuer: root,
    isAuthority: true,
    keyUsage: x509.KeyUsageFlags.digitalSignature,
  });
  const other = await make({ issuer: noSigner });
  assertThrows(() => check([other, noSigner]), DtlsError, "is not for signing certificates");
});

Deno.test("a path is no longer than an authority allows", async () => {
  const short = await make({ subject: "CN=short", isAuthority: true, pathLength: 0 });
  check([await make({ issuer: short })], {}, [short]);
  const middle = await make({ subject: "CN=middle", issuer: short, isAuthority: true });
  const leaf = await make({ issuer: middle });
  assertThrows(() => check([leaf, middle], {}, [short]), DtlsError, "longer than it allows");
});

Deno.test("an authority of the right name with another key vouches for nobody", async () => {
  const impostor = await make({ subject: "CN=root", isAuthority: true });
  const leaf = await make({ issuer: impostor });
  assertThrows(() => check([leaf, impostor]), DtlsError, "unknown_ca");
});

Deno.test("extended key usage says for which end a certificate is", async () => {
  const words = await complaint({ extendedKeyUsage: [CLIENT] });
  assertEquals(
    words,
    "unsupported_certificate: the certificate is not for servers (extended key usage)",
  );
  check([await make({ issuer: root, extendedKeyUsage: [CLIENT, SERVER] })]);
  const client = await make({ issuer: root, extendedKeyUsage: [SERVER] });
  assertThrows(() => check([client], { of: "client" }), DtlsError, "not for clients");
});

Deno.test("a key that is not for signatures is refused", async () => {
  const { keyEncipherment, digitalSignature } = x509.KeyUsageFlags;
  assertEquals(
    await complaint({ keyUsage: keyEncipherment }),
    "bad_certificate: the key of the certificate is not for signatures",
  );
  check([await make({ issuer: root, keyUsage: keyEncipherment | digitalSignature })]);
});

Deno.test("what is critical and unknown is refused", async () => {
  const strange = new x509.Extension("1.2.3.4", true, new Uint8Array([5, 0]));
  assertEquals(
    await complaint({ extra: [strange] }),
    "unsupported_certificate: the certificate has critical extensions unknown here: 1.2.3.4",
  );
  check([
    await make({
      issuer: root,
      extra: [new x509.Extension("1.2.3.4", false, new Uint8Array([5, 0]))],
    }),
  ]);
});

Deno.test("short RSA keys and SHA-1 are refused", async () => {
  assertEquals(
    await complaint({ key: "RSA-1024" }),
    "insufficient_security: an RSA key of 1024 bits is too short",
  );
  const rsa = await make({ subject: "CN=rsa", key: "RSA", isAuthority: true });
  const leaf = await make({ issuer: rsa });
  check([leaf], {}, [rsa]);
  const weak = { ...leaf, certificate: signedWithSha1(leaf, rsa) };
  assertEquals(fieldsOf(weak.certificate).signatureAlgorithm, "1.2.840.113549.1.1.5");
  // This runtime does not even check such a signature; one that does is told by the other words.
  const { message } = assertThrows(() => check([weak], {}, [rsa]), DtlsError);
  assert(/signed with MD5 or SHA-1|unknown_ca/.test(message), message);
});

/** The same certificate with a signature that no library here makes any more. */
function signedWithSha1(leaf: Made, issuer: Made): X509Certificate {
  const der = Uint8Array.from(leaf.certificate.raw);
  const sha256WithRsa = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b];
  for (let at = 0; at + 9 <= der.length; at++) {
    if (sha256WithRsa.every((byte, index) => der[at + index] === byte)) der[at + 8] = 0x05;
  }
  // Two headers of four bytes; the signature of 256 bytes stands at the end.
  const toBeSigned = der.subarray(4, 8 + der[6]! * 256 + der[7]!);
  der.set(sign("sha1", toBeSigned, issuer.credentials.key), der.length - 256);
  return new X509Certificate(der);
}

Deno.test("damage in a certificate is refused, and does not throw anything else", async () => {
  const leaf = await make({ issuer: root });
  const { raw } = leaf.certificate;
  for (let at = 0; at < raw.length; at++) {
    for (const byte of [0x00, 0x30, 0x80, 0x84, 0xff]) {
      const bent = Uint8Array.from(raw);
      bent[at] = byte;
      const fake = { raw: bent } as unknown as X509Certificate;
      try {
        fieldsOf(fake);
      } catch (error) {
        if (!(error instanceof DtlsError)) throw error;
      }
    }
  }
});
