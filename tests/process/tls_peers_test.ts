/** TLS: openssl, Python's ssl, ncat and curl against our server, our client against theirs. */

import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { type CertificateFiles, makeCertificate } from "../certificate.ts";
import {
  peerTest,
  placeArguments,
  runPeer,
  runPython,
  startPeer,
  startPythonServer,
} from "../peer.ts";
import { Program, runProgram, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Serves over TLS with a certificate of openssl's for the length of `body`. */
async function serving(
  what: string,
  scheme: string,
  body: (program: Program, files: CertificateFiles) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const files = await makeCertificate(folder.path);
  const tls = ["--tls-cert", files.cert, "--tls-key", files.key];
  await using program = await startProgram(
    ["serve", what, `${scheme}://127.0.0.1:0`, "--json", ...tls],
  );
  await body(program, files);
}

const port = (url: string) => new URL(url.replace(/^\w+/, "http")).port;

peerTest(
  "Python's ssl client verifies our certificate and is echoed",
  ["python3", "openssl"],
  () =>
    serving("echo", "tls", async ({ url }, { cert }) => {
      const client = await runPython("tls_client.py", [...placeArguments(url), "--cafile", cert]);
      assertEquals(client.stdout, "TLSv1.3\nReceived b'Hello, world'\n");
    }),
);

peerTest("Python's ssl client finds the announced fingerprint of a certificate made on the spot", [
  "python3",
], async () => {
  await using program = await startProgram(["serve", "echo", "tls://127.0.0.1:0", "--json"]);
  const [, fingerprint = ""] = /"fingerprint":"(?:sha256:)?([0-9A-Fa-f:]+)"/i
    .exec(program.stdout.text) ?? [];
  assertNotEquals(fingerprint, "");
  const place = placeArguments(program.url);
  const client = await runPython("tls_client.py", [...place, "--fingerprint", fingerprint]);
  assertEquals(client.stdout, "TLSv1.3\nReceived b'Hello, world'\n");
});

for (const version of ["-tls1_2", "-tls1_3"]) {
  peerTest(`openssl s_client verifies our certificate and is echoed with ${version}`, [
    "openssl",
  ], () =>
    serving("echo", "tls", async ({ url }, { cert }) => {
      const verify = ["-CAfile", cert, "-verify_return_error", "-verify_hostname", "localhost"];
      const connect = ["-connect", `127.0.0.1:${port(url)}`, "-servername", "localhost"];
      await using client = startPeer(
        "openssl",
        ["s_client", "-quiet", version, ...connect, ...verify],
      );
      await client.write("over TLS\n");
      await client.stdout.line(/^over TLS$/);
    }));
}

peerTest(
  "ncat --ssl is answered by serve upper",
  ["ncat", "openssl"],
  () =>
    serving("upper", "tls", async ({ url }, { cert }) => {
      const trust = ["--ssl-verify", "--ssl-trustfile", cert];
      await using client = startPeer("ncat", ["--ssl", ...trust, "localhost", port(url), "-4"]);
      await client.write("over TLS\n");
      await client.stdout.includes("OVER TLS");
    }),
);

peerTest(
  "socat OPENSSL is answered by serve upper",
  ["socat", "openssl"],
  () =>
    serving("upper", "tls", async ({ url }, { cert }) => {
      const peer = `OPENSSL:localhost:${port(url)},cafile=${cert},pf=ip4`;
      await using client = startPeer("socat", ["-", peer]);
      await client.write("over TLS\n");
      await client.stdout.includes("OVER TLS");
    }),
);

peerTest("curl verifies our certificate and reads the hello page over https", [
  "curl",
  "openssl",
], () =>
  serving("hello", "https", async ({ url }, { cert }) => {
    const { code, stdout } = await runPeer("curl", ["-s", "--cacert", cert, url]);
    assertEquals(code, 0);
    assertStringIncludes(stdout, "Hello, World");
  }));

peerTest(
  "send verifies the Python ssl server and prints the echo",
  ["python3", "openssl"],
  async () => {
    await using folder = await temporaryFolder();
    const { cert, key } = await makeCertificate(folder.path);
    const flags = ["--cert", cert, "--key", key];
    await using server = await startPythonServer("tls_server.py", [...flags, "127.0.0.1", "0"]);
    const url = `tls://${server.place}`;

    const trusted = await runProgram(["send", url, "over TLS", "--tls-ca", cert]);
    assertEquals(trusted.stdout.trimEnd(), "over TLS");
    assertEquals(trusted.code, 0);

    const untrusted = await runProgram(["send", url, "over TLS"]);
    assertEquals({ code: untrusted.code, stdout: untrusted.stdout }, { code: 1, stdout: "" });
    assertMatch(untrusted.stderr, /^[^\n]*certificate[^\n]*\n$/i);
  },
);

peerTest("connect is answered by openssl s_server", ["openssl"], async () => {
  await using folder = await temporaryFolder();
  const { cert, key } = await makeCertificate(folder.path);
  const files = ["-cert", cert, "-key", key];
  await using server = startPeer("openssl", [
    ...["s_server", "-accept", "127.0.0.1:0", "-rev"],
    ...files,
  ]);
  const [, address] = await server.stdout.line(/^ACCEPT (.+)$/);
  await using client = new Program(["connect", `tls://${address}`, "--tls-ca", cert]);
  await client.write("stressed\n");
  await client.stdout.line(/^desserts$/);
});
