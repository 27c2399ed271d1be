/** The alerts (RFC 8446 6) that refused clients get: the same as from node:tls on a listener of its
 * own, and named by the clients of others. */

import { assertEquals, assertMatch } from "@std/assert";
import { createServer } from "node:tls";
import type { AddressInfo } from "node:net";
import { serve, type ServeOptions } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { CertificateAuthority, type IssuedFiles } from "../../certificate_authority.ts";
import { peerTest, runPeer, runPython } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const ALERT_RECORD = 21;

/** A folder with an authority, a server's certificate and clients' certificates. */
async function setUp() {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await temporaryFolder());
  const authority = await CertificateAuthority.create(path);
  const foreign = await CertificateAuthority.create(path, "foreign");
  const server = await authority.issue("server", { names: ["DNS:localhost", "IP:127.0.0.1"] });
  const client = { purpose: "client", names: ["DNS:mallory.example"] } as const;
  const mallory = await authority.issue("mallory", client);
  const stranger = await foreign.issue("stranger", client);
  const owned = opening.move();
  return {
    ...{ path, authority, server, mallory, stranger },
    async serving(options: ServeOptions = {}) {
      const files = { tlsCert: server.cert, tlsKey: server.key };
      const running = await serve("tls://127.0.0.1:0", echo, { ...files, ...options });
      const { port } = new URL(running.url.replace("tls:", "http:"));
      return { running, port: Number(port), place: `127.0.0.1:${port}` };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Each needs options of the server and makes a client that it refuses. */
const REFUSALS = [
  {
    alert: "no application protocol",
    options: { alpn: ["h2"] },
    openssl: ["-alpn", "nosuch"],
    gnutls: ["--alpn=nosuch"],
    python: ["--alpn", "nosuch"],
  },
  {
    alert: "protocol version",
    options: { tlsMin: "1.3" },
    openssl: ["-tls1_2"],
    gnutls: ["--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2"],
    python: ["--version", "1.2"],
  },
  {
    alert: "handshake failure",
    options: {},
    openssl: ["-tls1_2", "-cipher", "AES128-SHA"],
    gnutls: ["--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA"],
    python: ["--version", "1.2", "--ciphers", "AES128-SHA"],
  },
] as const;

for (const { alert, options, openssl, gnutls, python } of REFUSALS) {
  peerTest(`openssl, gnutls and Python are told: ${alert}`, [
    "openssl",
    "gnutls-cli",
    "python3",
  ], async () => {
    await using house = await setUp();
    const { running, port, place } = await house.serving(options);
    await using _running = running;
    const trust = house.authority.file;
    const byOpenssl = await runPeer("openssl", [
      ...["s_client", "-connect", place, "-CAfile", trust, ...openssl],
    ], { stdin: "" });
    assertMatch(byOpenssl.stderr, new RegExp(`alert ${alert}`));
    const byGnutls = await runPeer("gnutls-cli", [
      ...["--x509cafile", trust, "--verify-hostname=localhost", ...gnutls],
      ...["--port", `${port}`, "127.0.0.1"],
    ], { stdin: "" });
    assertMatch(
      (byGnutls.stdout + byGnutls.stderr).toLowerCase(),
      // gnutls has words of its own for two of them.
      new RegExp(alert.replace(/^no /, "").replace("failure", "failed")),
    );
    const byPython = await runPython("tls_refused_client.py", [
      ...["127.0.0.1", `${port}`, "--cafile", trust, ...python],
    ]);
    assertMatch(byPython.stdout.toLowerCase().replaceAll("_", " "), new RegExp(`alert ${alert}`));
  });
}

peerTest("a client without the certificate that is required is told so", [
  "openssl",
  "gnutls-cli",
  "python3",
], async () => {
  await using house = await setUp();
  const { running, port, place } = await house.serving(guarded(house));
  await using _running = running;
  const trust = house.authority.file;
  const byOpenssl = await runPeer("openssl", [
    ...["s_client", "-connect", place, "-CAfile", trust, "-tls1_3", "-ign_eof"],
  ], { stdin: "x" });
  assertMatch(byOpenssl.stderr, /alert certificate required/);
  const byGnutls = await runPeer("gnutls-cli", [
    ...["--x509cafile", trust, "--verify-hostname=localhost", "--port", `${port}`, "127.0.0.1"],
  ], { stdin: "x" });
  assertMatch(byGnutls.stdout + byGnutls.stderr, /Certificate is required/);
  const byPython = await runPython("tls_refused_client.py", [
    ...["127.0.0.1", `${port}`, "--cafile", trust],
  ]);
  assertMatch(byPython.stdout, /ALERT_CERTIFICATE_REQUIRED/);
});

for (const version of ["1.2", "1.3"]) {
  for (const who of ["stranger", "mallory"] as const) {
    peerTest(`${who}, refused after its handshake, gets a farewell in TLS ${version}`, [
      "python3",
    ], async () => {
      await using house = await setUp();
      const { running, port } = await house.serving({
        ...guarded(house),
        allowIdentity: ["alice.example"],
      });
      await using _running = running;
      const { stdout } = await runPython("tls_refused_client.py", [
        ...["127.0.0.1", `${port}`, "--cafile", house.authority.file, "--version", version],
        ...["--cert", house[who].cert, "--key", house[who].key],
      ]);
      assertEquals(stdout, "closed with close_notify\n");
    });
  }
}

/** What a client may send instead of a handshake, as node:tls has to refuse it. */
const PROBES: Readonly<Record<string, readonly number[]>> = {
  "another protocol": [...new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n")],
  "a record of an unknown type": [99, 3, 3, 0, 1, 0],
  "a record of another version": [22, 9, 9, 0, 4, 1, 0, 0, 0],
  "a record that is too long": [22, 3, 1, 0xff, 0xff],
  "a message of an unknown type": [22, 3, 1, 0, 4, 77, 0, 0, 0],
  "application data before a handshake": [23, 3, 3, 0, 1, 0],
  "a hello that ends too early": [22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3],
  "a hello of nothing": [22, 3, 1, 0, 4, 1, 0, 0, 0],
  "a hello without extensions": hello([]),
  "a hello with a broken extension": hello([0, 16, 0, 9, 0, 2]),
  "a finished message first": [22, 3, 3, 0, 4, 20, 0, 0, 0],
  "an alert": [21, 3, 3, 0, 2, 2, 40],
};

peerTest(
  "the alert reaches each of two hundred clients that are refused",
  ["python3"],
  async () => {
    await using at = await setUp();
    const { running, place } = await at.serving({
      ...{ tlsCa: [at.authority.file], requireClientCert: true },
    });
    await using _ = running;
    const flags = ["--cafile", at.authority.file, "--times", "200"];
    const { stdout } = await runPython("tls_refused_client.py", [...flags, ...place.split(":")]);
    const told = stdout.trimEnd().split("\n").map((line) =>
      /alert [a-z ]+/.exec(line)?.[0] ?? line
    );
    assertEquals(Map.groupBy(told, (alert) => alert.trim()).keys().toArray(), [
      "alert certificate required",
    ]);
  },
);

Deno.test("malformed hellos get the alerts that node:tls gives on its own listener", async () => {
  await using house = await setUp();
  const { running, port } = await house.serving();
  await using _running = running;
  await using node = await nodeServer(house.server);
  for (const [name, bytes] of Object.entries(PROBES)) {
    const [ours, theirs] = await Promise.all([probe(port, bytes), probe(node.port, bytes)]);
    assertEquals(ours, theirs, name);
    assertEquals(ours.length, name === "an alert" ? 0 : 1, name);
  }
});

/** A ClientHello (RFC 8446 4.1.2) with these extensions. */
function hello(extensions: readonly number[]): number[] {
  const body = [3, 3, ...new Array<number>(32).fill(1), 0, 0, 2, 0x13, 0x01, 1, 0];
  if (extensions.length > 0) body.push(0, extensions.length, ...extensions);
  return [22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length, ...body];
}

/** The alerts of the answer, as level and description. */
async function probe(port: number, bytes: readonly number[]): Promise<number[][]> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new Uint8Array(bytes));
  // A client that has said all: a server that waits for more would wait for ever.
  await conn.closeWrite();
  const answer: number[] = [];
  const buffer = new Uint8Array(4096);
  try {
    for (let count; (count = await conn.read(buffer)) !== null;) {
      answer.push(...buffer.subarray(0, count));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  const alerts: number[][] = [];
  for (let at = 0; at + 5 <= answer.length;) {
    const length = answer[at + 3]! * 256 + answer[at + 4]!;
    if (answer[at] === ALERT_RECORD) alerts.push(answer.slice(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return alerts;
}

/** node:tls on a listener of its own. */
async function nodeServer({ cert, key }: IssuedFiles) {
  const server = createServer({
    cert: await Deno.readTextFile(cert),
    key: await Deno.readTextFile(key),
    handshakeTimeout: 2000,
  });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => new Promise<void>((closed) => server.close(() => closed())),
  };
}

function guarded({ authority }: { readonly authority: CertificateAuthority }): ServeOptions {
  return { requireClientCert: true, tlsCa: [authority.file] };
}
