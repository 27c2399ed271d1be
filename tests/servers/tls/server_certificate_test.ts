/** Certificates of servers: from files, or made on the spot. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { fingerprintOf } from "../../../core/certificates/fingerprint.ts";
import { makeCertificate } from "../../../core/certificates/self_signed.ts";
import type { ServerEvent } from "../../../core/event.ts";
import { UsageError } from "../../../core/usage_error.ts";
import type { TlsFiles } from "../../../servers/tls/options.ts";
import { telling } from "../../../core/event_stamp.ts";
import { loadTlsIdentity } from "../../../servers/tls/server_certificate.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const DAY_MS = 24 * 60 * 60_000;

/** Loads, and returns the notices with the identity. */
async function load(files: Partial<TlsFiles>, host = "127.0.0.1") {
  const events: ServerEvent[] = [];
  const context = { host, emit: telling((event) => void events.push(event), ""), now: Date.now };
  const identity = await loadTlsIdentity(
    { tlsCert: undefined, tlsKey: undefined, dataFolder: undefined, ...files },
    context,
  );
  return { identity, notices: events.map((event) => "text" in event ? event.text : event.event) };
}

/** A folder with these files in it, and their paths. */
async function filesOf<Name extends string>(contents: Record<Name, string>) {
  const folder = await temporaryFolder();
  const paths = {} as Record<Name, string>;
  for (const name of Object.keys(contents) as Name[]) {
    paths[name] = `${folder.path}/${name}`;
    await Deno.writeTextFile(paths[name], contents[name]);
  }
  return { paths, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** Expects one line for the user. */
async function refuses(files: Partial<TlsFiles>, message: string): Promise<void> {
  const error = await assertRejects(() => load(files), UsageError);
  assertEquals(error.message, message);
}

Deno.test("without files a certificate is made for the host and the names of loopback", async () => {
  const { identity } = await load({}, "harbour.example");
  assert(identity.made);
  assertEquals(
    new X509Certificate(identity.cert).subjectAltName,
    "DNS:harbour.example, DNS:localhost, IP Address:127.0.0.1, IP Address:::1",
  );
});

Deno.test("for every interface a certificate is made for this machine's addresses", async () => {
  const { identity } = await load({}, "0.0.0.0");
  const names = new X509Certificate(identity.cert).subjectAltName ?? "";
  for (const { address, family } of Deno.networkInterfaces()) {
    if (family === "IPv4") assert(names.split(", ").includes(`IP Address:${address}`), names);
  }
});

Deno.test("a certificate and its key are loaded from files", async () => {
  const { cert, key } = await makeCertificate(["localhost"], Date.now());
  await using files = await filesOf({ cert, key });
  const { identity, notices } = await load({ tlsCert: files.paths.cert, tlsKey: files.paths.key });
  assertEquals(identity, { cert, key, fingerprint: await fingerprintOf(cert), made: false });
  assertEquals(notices, []);
});

Deno.test("a certificate out of date is loaded, with a notice", async () => {
  const old = await makeCertificate(["localhost"], Date.UTC(2020, 0, 1));
  await using oldFiles = await filesOf(old);
  const { cert: tlsCert, key: tlsKey } = oldFiles.paths;
  const { notices } = await load({ tlsCert, tlsKey });
  assertEquals(notices, [
    `the certificate in ${tlsCert} expired on 2020-01-31; clients will refuse it`,
  ]);

  await using early = await filesOf(await makeCertificate(["localhost"], Date.now() + 2 * DAY_MS));
  const later = await load({ tlsCert: early.paths.cert, tlsKey: early.paths.key });
  assertEquals(later.notices.length, 1);
});

Deno.test("a certificate without its key, and a key without its certificate, are refused", async () => {
  await refuses(
    { tlsCert: "cert.pem" },
    "--tls-cert cert.pem needs its private key; add --tls-key FILE",
  );
  await refuses(
    { tlsKey: "key.pem" },
    "--tls-key key.pem needs its certificate; add --tls-cert FILE",
  );
});

Deno.test("a key of another certificate is refused, and both files are named", async () => {
  const { cert } = await makeCertificate(["localhost"], Date.now());
  const { key } = await makeCertificate(["localhost"], Date.now());
  await using files = await filesOf({ cert, key });
  const { cert: tlsCert, key: tlsKey } = files.paths;
  await refuses(
    { tlsCert, tlsKey },
    `--tls-key: the key in ${tlsKey} does not belong to the certificate in ${tlsCert}; ` +
      "name the key that the certificate was made with",
  );
});

Deno.test("a file that holds no certificate or key is refused with what to do", async () => {
  const { cert, key } = await makeCertificate(["localhost"], Date.now());
  await using files = await filesOf({
    cert,
    key,
    empty: "\n",
    der: "0\x82\x01",
    damaged: cert.replace("MII", "XXX"),
    cut: cert.slice(0, 200),
    encrypted: key.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"),
    damagedKey: key.replace("MIGH", "XXXX"),
    oldEncrypted: key.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\n"),
  });
  const { cert: tlsCert, key: tlsKey, empty, der } = files.paths;
  const folder = tlsCert.replace("/cert", "");
  await refuses(
    { tlsCert: `${folder}/none`, tlsKey },
    `--tls-cert: cannot read ${folder}/none: there is no such file`,
  );
  await refuses(
    { tlsCert, tlsKey: folder },
    `--tls-key: cannot read ${folder}: it is a folder`,
  );
  await refuses(
    { tlsCert: empty, tlsKey },
    `--tls-cert: ${empty} is empty; it should hold a certificate in PEM`,
  );
  await refuses(
    { tlsCert: tlsKey, tlsKey: tlsCert },
    `--tls-cert: ${tlsKey} holds no certificate in PEM; ` +
      "it holds a private key; name the other file",
  );
  await refuses(
    { tlsCert, tlsKey: der },
    `--tls-key: ${der} holds no private key in PEM; ` +
      `if it is DER, convert it with: openssl pkey -inform der -in ${der} -out ${der}.pem`,
  );
  for (const encrypted of [files.paths.encrypted, files.paths.oldEncrypted]) {
    await refuses(
      { tlsCert, tlsKey: encrypted },
      `--tls-key: the key in ${encrypted} is encrypted; ` +
        `decrypt it with: openssl pkey -in ${encrypted} -out plain.pem`,
    );
  }
  const { damagedKey } = files.paths;
  const error = await assertRejects(() => load({ tlsCert, tlsKey: damagedKey }), UsageError);
  assert(error.message.startsWith(`--tls-key: the key in ${damagedKey} is damaged; copy it again`));
  for (const damaged of [files.paths.damaged, files.paths.cut]) {
    const error = await assertRejects(() => load({ tlsCert: damaged, tlsKey }), UsageError);
    const message = `--tls-cert: the certificate in ${damaged} is damaged; copy it again`;
    assertEquals(error.message.slice(0, message.length), message);
  }
});

for (
  const [kind, command] of [
    ["an RSA", "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048"],
    ["a P-384, with its parameters before it,", "ecparam -name secp384r1 -genkey"],
    ["an Ed25519", "genpkey -algorithm ed25519"],
  ] as const
) {
  peerTest(
    `${kind} key that openssl made is loaded with its certificate`,
    ["openssl"],
    async () => {
      await using folder = await temporaryFolder();
      const [tlsKey, tlsCert] = [`${folder.path}/key.pem`, `${folder.path}/cert.pem`];
      const key = await runPeer("openssl", [...command.split(" "), "-out", tlsKey]);
      assertEquals(key.code, 0);
      const request = ["req", "-x509", "-key", tlsKey, "-subj", "/CN=a", "-out", tlsCert];
      assertEquals((await runPeer("openssl", request)).code, 0);
      const { identity } = await load({ tlsCert, tlsKey });
      assertEquals(identity.made, false);
    },
  );
}

for (
  const [kind, command] of [
    ["rsa 1024", "genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024"],
    ["ec secp256k1", "ecparam -name secp256k1 -genkey -noout"],
    ["ed448", "genpkey -algorithm ed448"],
  ] as const
) {
  peerTest(`a key of the kind ${kind} is refused with the kinds that do`, ["openssl"], async () => {
    await using folder = await temporaryFolder();
    const tlsKey = `${folder.path}/key.pem`;
    assertEquals((await runPeer("openssl", [...command.split(" "), "-out", tlsKey])).code, 0);
    const { cert } = await makeCertificate(["localhost"], Date.now());
    await using files = await filesOf({ cert });
    await refuses(
      { tlsCert: files.paths.cert, tlsKey },
      `--tls-key: the key in ${tlsKey} is of a kind that cannot be used here: ${kind}; ` +
        "use ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more",
    );
  });
}
