/** `cert` and the local authority as a program: its certificates with Python's ssl, curl and openssl,
 * and many programs that need an authority at once. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { permissionFlags } from "../../.ci/permissions.ts";
import { peerTest, placeArguments, runPeer, runPython, startPythonServer } from "../peer.ts";
import { runProgram, startProgram } from "../program.ts";
import { runsOn } from "../program_runtime.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** A folder, and the environment of somebody whose data folder is in it. */
async function somebody() {
  const folder = await temporaryFolder();
  const data = `${folder.path}/data`;
  const own = { env: { SOCKDOCK_DATA_FOLDER: data }, cwd: folder.path };
  return {
    path: folder.path,
    own,
    authority: `${data}/authority/authority.pem`,
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}

Deno.test("a server without a certificate shows one of the local authority, which --tls-ca local trusts", async () => {
  await using ada = await somebody();
  let fingerprint: unknown;
  for (const start of [1, 2]) {
    await using server = await startProgram(
      ["serve", "echo", "tls://127.0.0.1:0", "--json"],
      ada.own,
    );
    const first = JSON.parse(server.stdout.text.split("\n")[0] ?? "");
    assertEquals(first.event, "listening", "nothing comes before it");
    fingerprint ??= first.fingerprint;
    assertEquals(first.fingerprint, fingerprint, `start ${start}`);
    const sent = await runProgram(["send", server.url, "--tls-ca", "local", "ahoy"], ada.own);
    assertEquals({ code: sent.code, stdout: sent.stdout }, { code: 0, stdout: "ahoy" });
    const stranger = await runProgram(["send", server.url, "ahoy"], ada.own);
    assertEquals(stranger.code, 1, "nothing trusts the authority by itself");
    await using bob = await somebody();
    const other = await runProgram(["send", server.url, "--tls-ca", "local", "ahoy"], bob.own);
    assertEquals(other.code, 2);
    assertStringIncludes(other.stderr, "there is no local authority in");
  }
});

Deno.test("a server that is given a certificate makes no authority, and --json says nothing of one", async () => {
  await using ada = await somebody();
  await using bob = await somebody();
  assertEquals((await runProgram(["cert", "server", "127.0.0.1"], ada.own)).code, 0);
  const files = [
    "--tls-cert",
    `${ada.path}/127.0.0.1.pem`,
    "--tls-key",
    `${ada.path}/127.0.0.1.key`,
  ];
  await using _given = await startProgram(
    ["serve", "echo", "tls://127.0.0.1:0", ...files],
    bob.own,
  );
  await using _plain = await startProgram(["serve", "echo", "tcp://127.0.0.1:0"], bob.own);
  assertEquals([...Deno.readDirSync(bob.path)], []);
});

Deno.test("whoever makes an authority by serving is told so once, and not when serving fails", async () => {
  await using ada = await somebody();
  const wrong = await runProgram(["serve", "echo", "tls://127.0.0.1:0", "--until", "q"], ada.own);
  assertEquals(wrong.code, 2);
  assertMatch(wrong.stderr, /^error: [^\n]*until\n$/);
  await using bob = await somebody();
  await using first = await startProgram(["serve", "echo", "tls://127.0.0.1:0"], bob.own);
  await first.stderr.line(/^made a local authority in \S+\/data for certificates of servers; /);
  await using second = await startProgram(["serve", "echo", "tls://127.0.0.1:0"], bob.own);
  second.interrupt();
  assert(!(await second.ended()).stderr.includes("made"));
});

Deno.test("of many programs that need an authority at once one makes it, and all have that one", async () => {
  await using ada = await somebody();
  const ended = await Promise.all(
    Array.from({ length: 4 }, () => runProgram(["cert", "authority", "--json"], ada.own)),
  );
  const said = ended.map(({ stdout }) => JSON.parse(stdout));
  assertEquals(said.filter(({ made }) => made).length, 1);
  assertEquals(new Set(said.map(({ fingerprint }) => fingerprint)).size, 1);
});

Deno.test({
  name: "a server does not start with an authority whose key others can read",
  ignore: Deno.build.os === "windows",
}, async () => {
  await using ada = await somebody();
  await runProgram(["cert", "authority"], ada.own);
  await Deno.chmod(ada.authority.replace(".pem", ".key"), 0o604);
  const served = await runProgram(["serve", "echo", "tls://127.0.0.1:0"], ada.own);
  assertEquals({ code: served.code, stdout: served.stdout }, { code: 2, stdout: "" });
  assertMatch(served.stderr, /^error: \S+\.key can be read .* chmod go= \S+\.key\n$/);
});

Deno.test("where no authority can be kept, the certificate is made on the spot", async () => {
  await using ada = await somebody();
  await Deno.writeTextFile(`${ada.path}/data`, "in the way");
  await using server = await startProgram(["serve", "echo", "tls://127.0.0.1:0"], ada.own);
  await server.stderr.line(/^no local authority can be kept in \S+\/data \(/);
  const sent = await runProgram(["send", server.url, "--insecure", "ahoy"], ada.own);
  if (await runsOn("2.7.14")) assertEquals(sent.stdout, "ahoy");
});

Deno.test({
  name: "the data folder is found without SOCKDOCK_DATA_FOLDER, by the place of the system",
  ignore: Deno.build.os !== "linux" || !permissionFlags().join().includes("XDG_DATA_HOME"),
}, async () => {
  await using ada = await somebody();
  const env = { SOCKDOCK_DATA_FOLDER: "", XDG_DATA_HOME: `${ada.path}/xdg` };
  const { stdout } = await runProgram(["cert", "authority", "--json"], { env });
  assertEquals(
    JSON.parse(stdout).certificate,
    `${ada.path}/xdg/sockdock/authority/authority.pem`,
  );
});

peerTest("Python's ssl client believes the local authority for every name of the server", [
  "python3",
], async () => {
  await using ada = await somebody();
  await using server = await startProgram(
    ["serve", "echo", "tls://127.0.0.1:0", "--json"],
    ada.own,
  );
  for (const name of ["localhost", "127.0.0.1", "::1"]) {
    const trust = ["--cafile", ada.authority, "--name", name];
    const client = await runPython("tls_client.py", [...placeArguments(server.url), ...trust]);
    assertEquals(client.stdout, "TLSv1.3\nReceived b'Hello, world'\n");
  }
  const wrong = ["--cafile", ada.authority, "--name", "quay.example"];
  const refused = await runPython("tls_client.py", [...placeArguments(server.url), ...wrong]);
  assertStringIncludes(refused.stderr, "Hostname mismatch");
});

for (const keyType of ["ecdsa", "rsa"]) {
  peerTest(
    `a Python ssl server with a certificate of ours (${keyType}) is believed by our client`,
    [
      "python3",
    ],
    async () => {
      await using ada = await somebody();
      const made = await runProgram(
        ["cert", "server", "localhost", "127.0.0.1", "--key-type", keyType],
        ada.own,
      );
      assertEquals(made.code, 0, made.stderr);
      const files = ["--cert", `${ada.path}/localhost.pem`, "--key", `${ada.path}/localhost.key`];
      await using server = await startPythonServer("tls_server.py", [...files, "127.0.0.1", "0"]);
      const url = `tls://${server.place}`;
      const sent = await runProgram(["send", url, "--tls-ca", "local", "ahoy"], ada.own);
      assertEquals({ code: sent.code, stdout: sent.stdout }, { code: 0, stdout: "ahoy" });
    },
  );
}

peerTest("curl believes the local authority on https", ["curl"], async () => {
  await using ada = await somebody();
  await using server = await startProgram(
    ["serve", "hello", "https://127.0.0.1:0", "--json"],
    ada.own,
  );
  const page = await runPeer("curl", ["-s", "--cacert", ada.authority, server.url]);
  assertEquals(page.code, 0, page.stderr);
  assertStringIncludes(page.stdout, "Hello, World");
  assertEquals((await runPeer("curl", ["-s", server.url])).code, 60, "an unknown issuer");
});

peerTest("openssl's strictest check accepts what cert writes, and its requests", [
  "openssl",
], async () => {
  await using ada = await somebody();
  for (
    const args of [
      ["server", "*.harbour.example", "::1"],
      ["client", "ada@harbour.example"],
      ["request", "quay.example"],
      ["sign", "quay.example.csr"],
    ]
  ) {
    const { code, stderr } = await runProgram(["cert", ...args], ada.own);
    assertEquals(code, 0, stderr);
  }
  const run = (...args: readonly string[]) => runPeer("openssl", args, { cwd: ada.path });
  for (
    const [purpose, file] of [
      ["sslserver", "_wildcard.harbour.example.pem"],
      ["sslserver", "quay.example.pem"],
      ["sslclient", "ada@harbour.example.pem"],
    ] as const
  ) {
    const strict = ["-x509_strict", "-purpose", purpose, "-CAfile", ada.authority];
    const { stdout, stderr } = await run("verify", ...strict, file);
    assertEquals({ stdout, stderr }, { stdout: `${file}: OK\n`, stderr: "" });
  }
  const request = await run("req", "-verify", "-noout", "-in", "quay.example.csr");
  assertEquals(request.code, 0);
  const [ours, theirs] = await Promise.all([
    run("pkey", "-in", "quay.example.key", "-pubout"),
    run("x509", "-in", "quay.example.pem", "-noout", "-pubkey"),
  ]);
  assert(ours.stdout !== "");
  assertEquals(theirs.stdout, ours.stdout, "the key of the request is that of the certificate");
});
