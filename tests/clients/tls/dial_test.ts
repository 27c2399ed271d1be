/** TLS clients: whom they trust, and what they say about those they do not. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fingerprintOf } from "../../../core/certificates/fingerprint.ts";
import { makeCertificate } from "../../../core/certificates/self_signed.ts";
import { parseEndpoint } from "../../../core/addresses/endpoint.ts";
import type { ServerEvent } from "../../../core/event.ts";
import { bytesOf } from "../../../core/session.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { dialTls, type DialTlsOptions } from "../../../clients/tls/dial.ts";
import { connect, type ConnectOptions } from "../../../dock/connect.ts";
import { send } from "../../../dock/send.ts";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { upper } from "../../../protocols/upper.ts";
import { makeCertificate as makeByOpenssl } from "../../certificate.ts";
import { freePort } from "../../free_port.ts";
import { peerTest, runPeer, startPeer, startPythonServer } from "../../peer.ts";
import { RunningProcess } from "../../running_process.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** An upper server, the file of its certificate and the other ways to trust it. */
async function serving(names: readonly string[] = ["localhost", "127.0.0.1"], now = Date.now()) {
  await using opened = new AsyncDisposableStack();
  const folder = opened.use(await temporaryFolder());
  const { cert, key } = await makeCertificate(names, now);
  const [tlsCert, tlsKey] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  await Deno.writeTextFile(tlsCert, cert);
  await Deno.writeTextFile(tlsKey, key);
  const peers: string[] = [];
  const emit = (event: ServerEvent) => void (event.event === "opened" && peers.push(event.peer));
  const server = opened.use(await serve("tls://127.0.0.1:0", upper, { tlsCert, tlsKey, emit }));
  const all = opened.move();
  return {
    ...{ url: server.url, server, peers, folder: folder.path, tlsCert, tlsKey },
    fingerprint: await fingerprintOf(cert),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Expects an error after `Cannot connect to URL: `. */
async function fails(url: string, options: ConnectOptions, ...words: string[]): Promise<void> {
  const error = await assertRejects(
    () => connect(url, options),
    Error,
    `Cannot connect to ${url}: `,
  );
  assert(!(error instanceof UsageError));
  for (const part of words) assertStringIncludes(error.message, part);
}

Deno.test("a server is trusted by its certificate in a file, by name and by address", async () => {
  await using at = await serving();
  const options = { tlsCa: [at.tlsCert] };
  assertEquals(text(await send(at.url, "by address", options)), "BY ADDRESS");
  const named = at.url.replace("127.0.0.1", "localhost");
  assertEquals(text(await send(named, "by name", { ...options, ipv4: true })), "BY NAME");
});

Deno.test("a server that nobody vouches for is refused, and the remedies are named", async () => {
  await using at = await serving();
  await fails(at.url, {}, "no authority known here issued its certificate");
  await fails(at.url, {}, "--tls-ca FILE", "--tls-fingerprint SHA256", "--insecure");
  await fails(at.url, { local: "127.0.0.1:0" }, "no authority known here issued its certificate");
});

Deno.test("a server is refused when another certificate is trusted", async () => {
  await using at = await serving();
  const { cert } = await makeCertificate(["localhost"], Date.now());
  const tlsCa = [`${at.folder}/other.pem`];
  await Deno.writeTextFile(`${at.folder}/other.pem`, cert);
  await fails(at.url, { tlsCa }, `no certificate in ${tlsCa[0]} vouches for its certificate`);
});

Deno.test("every certificate in every file of --tls-ca is trusted", async () => {
  await using at = await serving();
  const other = await makeCertificate(["localhost"], Date.now());
  const both = `${at.folder}/both.pem`;
  await Deno.writeTextFile(both, other.cert + await Deno.readTextFile(at.tlsCert));
  const alone = `${at.folder}/alone.pem`;
  await Deno.writeTextFile(alone, other.cert);
  for (const tlsCa of [[both], [alone, at.tlsCert]]) {
    assertEquals(text(await send(at.url, "trusted", { tlsCa })), "TRUSTED");
  }
});

Deno.test("a certificate for another name is refused, and both names are said", async () => {
  await using at = await serving(["harbour.example", "quay.example"]);
  const tlsCa = [at.tlsCert];
  await fails(at.url, { tlsCa }, "not for 127.0.0.1");
  await fails(
    at.url,
    { tlsCa, serverName: "chat.example" },
    "not for chat.example but for harbour.example, quay.example; ",
    "--server-name NAME",
  );
  assertEquals(
    text(await send(at.url, "as named", { tlsCa, serverName: "quay.example" })),
    "AS NAMED",
  );
});

Deno.test("a certificate out of date is refused, with the date", async () => {
  await using at = await serving(["127.0.0.1"], Date.UTC(2020, 0, 1));
  for (const options of [{}, { tlsCa: [at.tlsCert] }]) {
    await fails(at.url, options, "expired on 2020-01-31", "--tls-fingerprint SHA256");
  }
});

Deno.test("a fingerprint trusts its certificate whatever the name, issuer and dates", async () => {
  await using at = await serving(["harbour.example"], Date.UTC(2020, 0, 1));
  const colons = at.fingerprint.toUpperCase().replace(/..(?=.)/g, "$&:");
  for (const tlsFingerprint of [at.fingerprint, colons, `SHA256:${at.fingerprint}`]) {
    assertEquals(text(await send(at.url, "pinned", { tlsFingerprint })), "PINNED");
  }
});

Deno.test("a fingerprint of another certificate is refused, and the one found is said", async () => {
  await using at = await serving();
  await fails(at.url, { tlsFingerprint: "0f".repeat(32) }, at.fingerprint, "--tls-fingerprint");
  // Nothing was said to the wrong server.
  await at.server.shutdown();
  assertEquals(at.server.stats().bytesReceived, 0);
});

peerTest("a copy of the right certificate without its key is refused", ["python3"], async () => {
  await using at = await serving();
  const key = await Deno.readTextFile(at.tlsKey);
  const forged = `${at.folder}/forged.pem`;
  await Deno.writeTextFile(forged, withOtherScalar(key));
  const flags = ["--cert", at.tlsCert, "--key", forged];
  await using server = await startPythonServer("tls_server.py", [...flags, "127.0.0.1", "0"]);
  const url = `tls://${server.place}`;
  for (const options of [{ tlsFingerprint: at.fingerprint }, { insecure: true }]) {
    await fails(url, options, "does not hold the key of the certificate that it shows");
  }
  await fails(url, { tlsCa: [at.tlsCert] });
});

Deno.test("--insecure takes any server", async () => {
  await using at = await serving(["harbour.example"], Date.UTC(2020, 0, 1));
  assertEquals(text(await send(at.url, "anyone", { insecure: true })), "ANYONE");
});

Deno.test("a client dials from the address that was asked for", async () => {
  await using at = await serving();
  const port = freePort();
  const options = { tlsCa: [at.tlsCert], local: `127.0.0.1:${port}` };
  assertEquals(text(await send(at.url, "from here", options)), "FROM HERE");
  assertEquals(at.peers, [`127.0.0.1:${port}`]);
});

Deno.test("options that cannot work are the user's errors, before anything is dialled", async () => {
  await using folder = await temporaryFolder();
  const [empty, damaged] = [`${folder.path}/empty`, `${folder.path}/damaged`];
  await Deno.writeTextFile(empty, "");
  const { cert, key } = await makeCertificate(["a"], Date.now());
  await Deno.writeTextFile(damaged, cert.replace("MII", "XXX"));
  const keyFile = `${folder.path}/key`;
  await Deno.writeTextFile(keyFile, key);
  const cases: [ConnectOptions, string][] = [
    [{ tlsFingerprint: "beef" }, "--tls-fingerprint: expected a SHA-256, 64 hexadecimal digits"],
    [{ serverName: "no name" }, '--server-name: expected a host name or address, got "no name"'],
    [{ tlsCa: ["/none.pem"] }, "--tls-ca: cannot read /none.pem: there is no such file"],
    [{ tlsCa: [empty] }, `--tls-ca: ${empty} is empty; it should hold a certificate in PEM`],
    [{ tlsCa: [keyFile] }, `--tls-ca: ${keyFile} holds no certificate in PEM; it holds a private`],
    [{ tlsCa: [damaged] }, `--tls-ca: the certificate in ${damaged} is damaged; copy it again`],
    [
      { tlsFingerprint: "0f".repeat(32), insecure: true },
      "--tls-fingerprint and --insecure exclude each other; give one",
    ],
  ];
  for (const [options, message] of cases) {
    // Nothing listens on port 1: dialling would be another error.
    const error = await assertRejects(() => connect("tls://127.0.0.1:1", options), UsageError);
    assertStringIncludes(error.message, message);
  }
});

for (const options of [{}, { insecure: true }]) {
  const how = "insecure" in options ? "without verification" : "with verification";

  Deno.test(`a server without TLS is said to have none, ${how}`, async () => {
    await using server = await serve("tcp://127.0.0.1:0", echo);
    const url = server.url.replace("tcp:", "tls:");
    await fails(url, options, "what listens there does not speak TLS");
  });

  Deno.test(`a server that closes in the handshake is said to have done so, ${how}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept().then((conn) => conn.close());
    await fails(`tls://127.0.0.1:${listener.addr.port}`, options, "closed the connection");
    await accepted;
  });

  Deno.test(`a server that says nothing is given up, ${how}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = listener.accept();
    const url = `tls://127.0.0.1:${listener.addr.port}`;
    const error = await assertRejects(
      () => connect(url, { ...options, connectTimeoutMs: 50 }),
      DOMException,
    );
    assertEquals(error.name, "TimeoutError");
    (await accepted).close();
  });
}

Deno.test("a large message goes and comes unchanged", async () => {
  await using server = await serve("tls://127.0.0.1:0", echo);
  const message = new Uint8Array(3_000_000).map((_, index) => index % 251);
  const answer = await send(server.url, message, {
    tlsFingerprint: server.certificate?.fingerprint ?? "",
  });
  assertEquals(answer.length, message.length);
  assert(answer.every((byte, index) => byte === message[index]));
});

Deno.test("dialTls() agrees on a protocol with the server", async () => {
  const { cert, key } = await makeCertificate(["127.0.0.1"], Date.now());
  using listener = Deno.listenTls({
    ...{ hostname: "127.0.0.1", port: 0, cert, key },
    alpnProtocols: ["h2", "http/1.1"],
  });
  const { port } = listener.addr;
  const endpoint = parseEndpoint(`tls://127.0.0.1:${port}`, new Map([["tls", "host"]]));
  const options: DialTlsOptions = {
    ...{ ipv4: false, ipv6: false, local: undefined, tlsCa: [], serverName: undefined },
    ...{ insecure: false, tlsFingerprint: await fingerprintOf(cert) },
    ...{ tlsCert: undefined, tlsKey: undefined },
    alpnProtocols: ["http/1.1"],
  };
  const accepting = listener.accept().then(async (conn) => {
    using served = conn;
    return (await served.handshake()).alpnProtocol;
  });
  using _connection = await dialTls(endpoint, port, options, new AbortController().signal);
  assertEquals(await accepting, "http/1.1");
});

Deno.test("a server that an authority of Deno's vouches for needs no option", async () => {
  await using at = await serving();
  const script = `import { send } from ${
    JSON.stringify(import.meta.resolve("../../../dock/send.ts"))
  };
    console.log(new TextDecoder().decode(await send(${JSON.stringify(at.url)}, "known")));`;
  const file = `${at.folder}/known.ts`;
  await Deno.writeTextFile(file, script);
  // Deno reads its own authorities from this, as a company's machine may have it.
  const env = { DENO_CERT: at.tlsCert };
  const config = new URL(import.meta.resolve("../../../deno.json")).pathname;
  const args = ["run", "--quiet", "--no-check", "--allow-all", "--config", config, file];
  await using client = new RunningProcess(Deno.execPath(), args, { env });
  assertEquals(await client.finish().then(({ stdout, stderr }) => stdout + stderr), "KNOWN\n");
});

peerTest("a self-signed certificate marked as an authority is trusted from a file", [
  "openssl",
], async () => {
  await using folder = await temporaryFolder();
  const [tlsCert, tlsKey] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  const request =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost " +
    "-addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:TRUE";
  await runPeer("openssl", [...request.split(" "), "-keyout", tlsKey, "-out", tlsCert]);
  await using server = await serve("tls://127.0.0.1:0", echo, { tlsCert, tlsKey });
  assertEquals(
    text(await send(server.url, "as in the guides", { tlsCa: [tlsCert] })),
    "as in the guides",
  );
});

peerTest("a server's certificate is verified by the authority that issued it", [
  "openssl",
], async () => {
  await using folder = await temporaryFolder();
  const at = (name: string) => `${folder.path}/${name}`;
  const openssl = async (command: string, ...rest: string[]) => {
    assertEquals((await runPeer("openssl", [...command.split(" "), ...rest])).code, 0);
  };
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  await openssl(`req -x509 ${key} -subj /CN=ca`, "-keyout", at("ca.key"), "-out", at("ca.pem"));
  await openssl(
    `req -new ${key} -subj /CN=leaf -addext subjectAltName=IP:127.0.0.1`,
    ...["-keyout", at("leaf.key"), "-out", at("leaf.csr")],
  );
  await openssl(
    "x509 -req -CAcreateserial -copy_extensions copy",
    ...["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-in", at("leaf.csr"), "-out", at("leaf.pem")],
  );
  const identity = { tlsCert: at("leaf.pem"), tlsKey: at("leaf.key") };
  await using server = await serve("tls://127.0.0.1:0", echo, identity);
  assertEquals(text(await send(server.url, "issued", { tlsCa: [at("ca.pem")] })), "issued");
});

peerTest(
  "Python's ssl server is verified, and answers after our end",
  ["python3", "openssl"],
  async () => {
    await using folder = await temporaryFolder();
    const { cert, key } = await makeByOpenssl(folder.path);
    const flags = ["--cert", cert, "--key", key];
    await using server = await startPythonServer("tls_server.py", [...flags, "127.0.0.1", "0"]);
    const url = `tls://${server.place}`;
    assertEquals(text(await send(url, "over TLS", { tlsCa: [cert] })), "over TLS");
    await fails(url, {}, "no authority known here issued its certificate");
  },
);

peerTest("openssl s_server is verified and answers line by line", ["openssl"], async () => {
  await using folder = await temporaryFolder();
  const { cert, key } = await makeByOpenssl(folder.path);
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const args = [
      "s_server",
      "-accept",
      "127.0.0.1:0",
      "-rev",
      version,
      "-cert",
      cert,
      "-key",
      key,
    ];
    await using server = startPeer("openssl", args);
    const [, address] = await server.stdout.line(/^ACCEPT (.+)$/);
    using session = await connect(`tls://${address}`, { tlsCa: [cert] });
    await session.send("stressed\n");
    for await (const message of session) {
      assertEquals(text(bytesOf(message)), "desserts\n");
      break;
    }
  }
});

/** A P-256 key in PKCS #8 whose public half stays the same while its secret number is another: what
 * somebody can make of a certificate who has not got its key. */
function withOtherScalar(pem: string): string {
  const der = Uint8Array.from(
    atob(pem.replace(/-----[^-]+-----/g, "").replace(/\s/g, "")),
    (character) => character.charCodeAt(0),
  );
  // The number is the first string of 32 bytes (RFC 5915 3).
  const at = der.findIndex((byte, index) => byte === 0x04 && der[index + 1] === 0x20) + 2;
  der.fill(0x11, at, at + 32);
  const base64 = btoa(String.fromCharCode(...der)).replace(/.{64}/g, "$&\n");
  return `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`;
}
