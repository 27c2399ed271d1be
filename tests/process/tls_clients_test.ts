/** The commands that dial TLS: what they say of a server that refuses, and SSLKEYLOGFILE. */

import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { serve } from "../../dock/serve.ts";
import { CertificateAuthority } from "../certificate_authority.ts";
import { findPeer, startPython, startPythonServer } from "../peer.ts";
import { Program, runProgram, startProgram } from "../program.ts";
import { runsOn } from "../program_runtime.ts";
import { temporaryFolder } from "../temporary_folder.ts";

async function setUp() {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await temporaryFolder());
  const authority = await CertificateAuthority.create(path);
  const server = await authority.issue("server", { names: ["IP:127.0.0.1"] });
  const alice = await authority.issue("alice", { names: ["DNS:alice.example"], purpose: "client" });
  const owned = opening.move();
  return {
    ...{ path, server, authority },
    trusting: ["--tls-ca", authority.file],
    asAlice: ["--tls-cert", alice.cert, "--tls-key", alice.key],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A test that needs node:tls: an older runtime lets every client in, and writes the keys of all. */
const verifies = findPeer("python3") !== null && await runsOn("2.7.14");
function verifyingTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !verifies, fn });
}

const WANTS_ONE = "the server wants a client certificate: --tls-cert and --tls-key show one";
const MAY_REFUSE = "the server closed after the handshake: it may not accept alice.example";

for (
  const [what, limits, shows, reason] of [
    ["wants a certificate", [], false, WANTS_ONE],
    ["does not admit the certificate", ["--allow-identity", "bob.example"], true, MAY_REFUSE],
  ] as const
) {
  verifyingTest(
    `send, connect, wait, copy, chat and fetch say that the server ${what}`,
    async () => {
      await using at = await setUp();
      const files = ["--tls-cert", at.server.cert, "--tls-key", at.server.key];
      const serving = (protocol: readonly string[], scheme: string) =>
        startProgram([
          ...["serve", ...protocol, `${scheme}://127.0.0.1:0`, "--json", ...files],
          ...["--tls-ca", at.authority.file, "--require-client-cert", ...limits],
        ]);
      const dialling = [...at.trusting, ...(shows ? at.asAlice : [])];
      /** Expects one line on stderr, with the reason at its end, and nothing on stdout. */
      const fails = async (args: readonly string[], code = 1, stdin = "") => {
        const ended = await runProgram([...args, ...dialling], { stdin });
        const said = ended.stderr.trimEnd().replace("reset the connection", "closed");
        assertEquals({ code: ended.code, stdout: ended.stdout }, { code, stdout: "" }, said);
        assertEquals(said.split("\n").at(-1)!.slice(-reason.length), reason, said);
      };

      await using echo = await serving(["echo"], "tls");
      await fails(["send", echo.url, "hello"]);
      await fails(["connect", echo.url], 1, "hello");
      await fails(["connect", echo.url]);
      await fails(["wait", echo.url, "--timeout", "2s", "--interval", "2s"], 3);

      await using chat = await serving(["chat"], "tls");
      await fails(["chat", chat.url, "--name", "alice"], 1, "hello\n");
      await using inbox = await serving(["inbox", "--into", at.path], "tls");
      await fails(["copy", at.server.cert, inbox.url, "--retries", "0"]);
      await using web = await serving(["hello"], "https");
      await fails(["fetch", web.url]);
      await using sockets = await serving(["echo"], "wss");
      await fails(["send", sockets.url, "hello"]);
    },
  );
}

verifyingTest(
  "connect that nobody types into ends with an error when the server refuses",
  async () => {
    await using at = await setUp();
    const files = ["--tls-cert", at.server.cert, "--tls-key", at.server.key];
    const client = ["--tls-ca", at.authority.file, "--require-client-cert"];
    await using server = await startProgram(
      ["serve", "echo", "tls://127.0.0.1:0", "--json", ...files, ...client],
    );
    await using program = new Program(["connect", server.url, ...at.trusting]);
    const { code, stderr } = await program.ended();
    assertEquals({ code, stderr }, { code: 1, stderr: `error: ${WANTS_ONE}\n` });
  },
);

/** The secrets in a file of SSLKEYLOGFILE, without its comments. */
const secretsIn = (text: string) => text.split("\n").filter((line) => /^[A-Z]/.test(line)).sort();

verifyingTest("the keys that SSLKEYLOGFILE asks for are those of Python's server", async () => {
  await using at = await setUp();
  const [own, peers] = [`${at.path}/own.keys`, `${at.path}/peer.keys`];
  const flags = ["--cert", at.server.cert, "--key", at.server.key, "--keys", peers];
  await using python = startPython("tls_server.py", [...flags, "127.0.0.1", "0"]);
  const [, place = ""] = await python.stdout.line(/^listening (.+)$/);
  const url = `tls://${place.replace(" ", ":")}`;
  // Deno reads authorities from this one.
  const env = { SSLKEYLOGFILE: own, DENO_CERT: at.authority.file };

  const { stdout, stderr } = await runProgram(["send", url, "hello"], { env });
  assertEquals(stdout.trimEnd(), "hello");
  assertMatch(stderr, /^SSLKEYLOGFILE: the keys of every TLS session are written to [^\n]*\n$/);
  const secrets = secretsIn(await Deno.readTextFile(own));
  assertEquals(secrets, secretsIn(await Deno.readTextFile(peers)));
  assertNotEquals(secrets, []);

  const other = await runProgram(["send", url, "hello", ...at.trusting], { env });
  assertEquals(other.stdout.trimEnd(), "hello");
  assertStringIncludes(other.stderr, `no keys are written to ${own}; --tls-ca needs node:tls`);
  assertEquals(secretsIn(await Deno.readTextFile(own)), secrets);
});

verifyingTest("a server that took nothing is an error where keys are written, too", async () => {
  await using at = await setUp();
  const flags = ["--cert", at.server.cert, "--key", at.server.key, "--tls", "1.3"];
  await using python = await startPythonServer("tls_closing_server.py", [
    ...[...flags, "--end", "close_notify", "127.0.0.1", "0"],
  ]);
  const env = { SSLKEYLOGFILE: `${at.path}/keys`, DENO_CERT: at.authority.file };
  const { code, stdout, stderr } = await runProgram(["send", `tls://${python.place}`, "hello"], {
    env,
  });
  assertEquals({ code, stdout }, { code: 1, stdout: "" });
  assertStringIncludes(stderr, "after the handshake, before it said anything");
});

verifyingTest("a relay to TLS and cert show say that keys are written", async () => {
  await using at = await setUp();
  const keys = `${at.path}/keys`;
  const env = { SSLKEYLOGFILE: keys, DENO_CERT: at.authority.file };
  const warning = `SSLKEYLOGFILE: the keys of every TLS session are written to ${keys}`;
  const files = ["--tls-cert", at.server.cert, "--tls-key", at.server.key];
  await using server = await startProgram([
    "serve",
    "echo",
    "tls://127.0.0.1:0",
    "--json",
    ...files,
  ]);
  const { stderr } = await runProgram(["cert", "show", server.url], { env });
  assertStringIncludes(stderr, warning);
  await using relay = new Program(["relay", "tcp://127.0.0.1:0", server.url], { env });
  const [line] = await relay.stderr.line(/.*SSLKEYLOGFILE.*/);
  assertStringIncludes(line, warning);
});

verifyingTest("fetch says that keys are written, also of https behind a redirect", async () => {
  await using at = await setUp();
  const keys = `${at.path}/keys`;
  const files = ["--tls-cert", at.server.cert, "--tls-key", at.server.key];
  await using server = await startProgram(["serve", "hello", "https://127.0.0.1:0", ...files]);
  await using plain = await serve("http://127.0.0.1:0", () => Response.redirect(server.url));
  const env = { SSLKEYLOGFILE: keys, DENO_CERT: at.authority.file };
  for (const url of [server.url, plain.url]) {
    const { code, stderr } = await runProgram(["fetch", "--location", url], { env });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, `the keys of every TLS session are written to ${keys}`);
    assertEquals(stderr.split("SSLKEYLOGFILE").length, 2, "it is said once");
  }
});
