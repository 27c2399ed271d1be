/** `cert`, in this process. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runCommandLine } from "../../commands/run.ts";
import { pemBlocks } from "../../core/certificates/pem.ts";
import { loadX509, makeKeys } from "../../core/certificates/x509.ts";
import { serve } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { type FakeParts, FakeStdio } from "./fake_stdio.ts";

/** A folder to make things in, and `cert` with a data folder below it. */
async function making() {
  const folder = await temporaryFolder();
  const data = `${folder.path}/data`;
  const env = (name: string) => name === "SOCKDOCK_DATA_FOLDER" ? data : undefined;
  const cert = async (args: readonly string[], parts: FakeParts = {}) => {
    const io = new FakeStdio(parts);
    const code = await runCommandLine(["cert", ...args], io, env);
    return { code, stdout: io.stdoutText, stderr: io.stderrText };
  };
  const into = ["--folder", folder.path];
  return { ...folder, data, into, cert, [Symbol.asyncDispose]: folder[Symbol.asyncDispose] };
}

const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("cert authority makes the authority once and shows it", async () => {
  await using at = await making();
  const first = await at.cert(["authority"]);
  assertEquals([first.code, first.stderr], [0, `made a local authority in ${at.data}\n`]);
  assertMatch(
    first.stdout,
    /^certificate +\S+\/authority\.pem\nkey +\S+\/authority\.key\nvalid to +20\d\d-\d\d-\d\d, 36\d\d days left\nSHA-256 +[0-9a-f]{64}\n$/,
  );
  assertEquals(await at.cert(["authority"]), { ...first, stderr: "" });
  const { made, certificate } = JSON.parse((await at.cert(["authority", "--json"])).stdout);
  assertEquals({ made, certificate }, {
    made: false,
    certificate: `${at.data}/authority/authority.pem`,
  });
});

Deno.test("cert server writes a chain and a key that its owner alone can read", async () => {
  await using at = await making();
  const { code, stdout } = await at.cert([
    "server",
    "*.harbour.example",
    "::1",
    ...at.into,
    "--json",
  ]);
  assertEquals(code, 0);
  const { event, certificate, key, names } = JSON.parse(stdout);
  assertEquals(
    { event, certificate, key, names },
    {
      event: "issued",
      certificate: `${at.path}/_wildcard.harbour.example.pem`,
      key: `${at.path}/_wildcard.harbour.example.key`,
      names: ["DNS:*.harbour.example", "IP:::1"],
    },
  );
  assertEquals(pemBlocks(await Deno.readTextFile(certificate)).length, 2);
  if (Deno.build.os !== "windows") assertEquals([mode(key), mode(certificate)], [0o600, 0o644]);
});

Deno.test("what is there already is replaced only with --overwrite", async () => {
  await using at = await making();
  const args = ["server", "localhost", ...at.into];
  const key = `${at.path}/localhost.key`;
  await Deno.writeTextFile(key, "precious");
  const refused = await at.cert(args);
  assertEquals(refused.code, 2);
  assertStringIncludes(
    refused.stderr,
    "localhost.key is there already; replace it with --overwrite",
  );
  assertEquals(await Deno.readTextFile(key), "precious");
  assertEquals(await Deno.stat(`${at.path}/localhost.pem`).catch(({ name }) => name), "NotFound");
  assertEquals((await at.cert([...args, "--overwrite"])).code, 0);
  assertStringIncludes(await Deno.readTextFile(key), "PRIVATE KEY");
  if (Deno.build.os !== "windows") assertEquals(mode(key), 0o600);
});

Deno.test("cert request and cert sign go together, and names that climb out do not", async () => {
  await using at = await making();
  assertEquals((await at.cert(["request", "quay.example", ...at.into])).code, 0);
  const file = `${at.path}/quay.example.csr`;
  const { code, stdout } = await at.cert(["sign", file, ...at.into]);
  assertEquals(code, 0);
  assertMatch(stdout, /^certificate +\S+quay\.example\.pem\nnames +DNS:quay\.example\n/);
  const shown = await at.cert(["show", file]);
  assertMatch(shown.stdout, /^certificate request\n +subject +CN=quay\.example\n/);
  assertMatch(shown.stdout, / signed +by its own key\n/);
  const uri = await at.cert(["client", "file://../../etc/passwd", ...at.into, "--json"]);
  assertEquals(JSON.parse(uri.stdout).key, `${at.path}/file-..-..-etc-passwd.key`);
});

Deno.test("cert show prints every certificate of a file, PEM and DER", async () => {
  await using at = await making();
  await at.cert(["server", "localhost", "--days", "9", ...at.into]);
  const pem = `${at.path}/localhost.pem`;
  const { code, stdout } = await at.cert(["show", pem]);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^certificate 1 of 2\n +subject +CN=localhost\n +issuer +CN=sockdock authority \w{8}\n +names +DNS:localhost\n +valid +\S+ \S+ to \S+ \S+ UTC, 8 days left\n +key +ECDSA P-256\n +signature +ECDSA with SHA-256\n +usages +digitalSignature, serverAuth\n +serial +\w{32}\n +SHA-256 +\w{64}\n\ncertificate 2 of 2\n/,
  );
  assertStringIncludes(stdout, "issuer     itself (self-signed)");
  const [leaf] = pemBlocks(await Deno.readTextFile(pem));
  await Deno.writeFile(`${at.path}/leaf.der`, leaf!.der);
  const der = await at.cert(["show", `${at.path}/leaf.der`, "--json"]);
  const { event, place, subject, state } = JSON.parse(der.stdout);
  assertEquals([event, place, subject, state], ["certificate", 1, "CN=localhost", "valid"]);
});

Deno.test("what a terminal would obey in a certificate is escaped", async () => {
  await using at = await making();
  const x509 = await loadX509();
  const hostile = "quay\x1b[2J\u202e\nforged";
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [hostile] }],
    keys: await makeKeys("ecdsa"),
    signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "a\x1b]0;x\x07\nb" }]),
    ],
  });
  const file = `${at.path}/hostile.pem`;
  await Deno.writeTextFile(file, certificate.toString("pem"));
  for (const stdoutIsTerminal of [true, false]) {
    const { stdout } = await at.cert(["show", file, "--color", "never"], { stdoutIsTerminal });
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x09\x0b-\x1f\u202e]/.test(stdout), JSON.stringify(stdout));
    assertStringIncludes(stdout, "\\x1b");
    assertEquals(stdout.match(/^forged|^b/m), null);
  }
});

Deno.test("cert show verifies a server with --tls-ca, and says why when it cannot", async () => {
  await using at = await making();
  await at.cert(["server", "127.0.0.1", ...at.into]);
  const files = { tlsCert: `${at.path}/127.0.0.1.pem`, tlsKey: `${at.path}/127.0.0.1.key` };
  await using server = await serve("tls://127.0.0.1:0", echo, files);
  const ca = ["--tls-ca", `${at.data}/authority/authority.pem`];
  const good = await at.cert(["show", server.url, ...ca]);
  assertEquals(good.code, 0);
  assertMatch(good.stdout, /^certificate 1 of 2\n[^]*\nTLSv1\.3, verified by \S+authority\.pem\n$/);
  const unknown = await at.cert(["show", server.url]);
  assertEquals(unknown.code, 3);
  assertMatch(unknown.stdout, /TLSv1\.3, not verified: no authority known here issued its cert/);
  const named = await at.cert([
    "show",
    server.url,
    ...ca,
    "--server-name",
    "quay.example",
    "--json",
  ]);
  const { event, verified, error } = JSON.parse(named.stdout.trimEnd().split("\n").at(-1) ?? "");
  assertEquals({ event, verified }, { event: "verified", verified: false });
  assertStringIncludes(error, "its certificate is not for quay.example");
});

Deno.test("a server that says nothing is given up in time, and named", async () => {
  await using at = await making();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `tls://127.0.0.1:${listener.addr.port}`;
  const accepted = listener.accept();
  const { code, stderr } = await at.cert(["show", url, "--connect-timeout", "50ms"]);
  (await accepted).close();
  assertEquals([code, stderr], [4, `error: ${url}: not done within 50 ms\n`]);
});

Deno.test("cert trust names the authority's file for every system, and needs one", async () => {
  await using at = await making();
  const none = await at.cert(["trust"]);
  assertEquals(none.code, 2);
  assertStringIncludes(none.stderr, "make one with: sockdock cert authority");
  await at.cert(["authority"]);
  const file = `${at.data}/authority/authority.pem`;
  const { stdout } = await at.cert(["trust"]);
  for (
    const line of [
      `sudo cp ${file} /usr/local/share/ca-certificates/sockdock.crt`,
      `-k /Library/Keychains/System.keychain ${file}`,
      `export NODE_EXTRA_CA_CERTS=${file}`,
      "--tls-ca local",
    ]
  ) assertStringIncludes(stdout, line);
  const { recipes } = JSON.parse((await at.cert(["trust", "--json"])).stdout);
  assert(recipes.length >= 10);
});

for (
  const [args, message] of [
    [["harbour"], 'unknown subject "harbour"; known are authority, server, client'],
    [["serve"], 'unknown subject "serve" (did you mean server?)'],
    [["server"], "a certificate is for at least one name, such as: localhost 127.0.0.1"],
    [["server", "a b"], '"a b" is no name for a certificate'],
    [["authority", "--days", "3"], "--days has no effect on cert authority; leave it out"],
    [["authority", "x"], 'cert authority takes no more words, got "x"'],
    [["server", "a", "--days", "398"], "--days: expected a whole number"],
    [["show"], "cert show takes one file or URL, got 0"],
    [["show", "none.pem"], "cannot read none.pem: there is no such file"],
    [["show", "quay:443"], "for a server write tls://quay:443"],
    [["show", "deno.json"], "deno.json: it holds no certificate, neither in PEM nor in DER"],
    [["show", "tcp://127.0.0.1:1"], 'unknown scheme "tcp"'],
    [["sign", "deno.json"], "make one with: sockdock cert request NAME"],
    [["server", "a", "--folder", "/nowhere/at/all"], "cannot write to /nowhere/at/all:"],
    [["show", "/dev/zero"], "/dev/zero is larger than 1 MiB, and so no certificate"],
  ] as const
) {
  Deno.test({
    name: `cert ${args.join(" ")} is refused with what to do`,
    ignore: Deno.build.os === "windows" && args.join().includes("/"),
  }, async () => {
    await using at = await making();
    const { code, stdout, stderr } = await at.cert(args);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message);
  });
}

Deno.test("a folder that cannot hold the authority is named", async () => {
  await using at = await making();
  await Deno.writeTextFile(`${at.path}/file`, "");
  const { code, stderr } = await at.cert(["authority", "--data-folder", `${at.path}/file`]);
  assertEquals(code, 2);
  assertMatch(stderr, /^error: cannot keep the local authority in \S+\/file: .*--data-folder\n$/);
});
