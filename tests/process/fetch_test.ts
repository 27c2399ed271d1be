/** `sockdock fetch` against servers that nobody here wrote, and beside curl. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeCertificate } from "../certificate.ts";
import { answerOf, startRawServer } from "../clients/raw_server.ts";
import { httpbinTest, startHttpbin } from "../httpbin_peer.ts";
import { peerTest, runPeer, startPeer, startPythonServer } from "../peer.ts";
import { runProgram } from "../program.ts";
import { runsOn } from "../program_runtime.ts";
import { temporaryFolder } from "../temporary_folder.ts";

httpbinTest("fetch proves its password to httpbin by every digest that it offers", async () => {
  await using httpbin = await startHttpbin();
  const env = { SOCKDOCK_USER: "klem:kadidd!ehopper" };
  for (const qop of ["auth", "auth-int", "undefined"]) {
    for (const algorithm of ["MD5", "SHA-256"]) {
      const url = `${httpbin.url}/digest-auth/${qop}/klem/kadidd!ehopper/${algorithm}/never`;
      const proved = await runProgram(["fetch", url, "--digest", "--fail"], { env });
      assertEquals(proved.code, 0, `${qop} ${algorithm} ${proved.stderr}`);
      assertEquals(JSON.parse(proved.stdout).authenticated, true);
      const wrong = await runProgram(["fetch", url, "--digest", "--fail"], {
        env: { SOCKDOCK_USER: "klem:wrong" },
      });
      assertEquals(wrong.code, 1);
      assertMatch(wrong.stderr, /^error: the server answered 401 unauthorized\n$/i);
    }
  }
});

httpbinTest("fetch opens httpbin's basic realm by a file of credentials", async () => {
  await using httpbin = await startHttpbin();
  await using folder = await temporaryFolder();
  const path = `${folder.path}/passwords`;
  const write = (realm: string) =>
    Deno.writeTextFile(path, `${httpbin.url}/basic-auth klem secret ${realm}\n`, { mode: 0o600 });
  const argv = ["fetch", `${httpbin.url}/basic-auth/klem/secret`, "--credentials", path, "--json"];
  await write('"Fake Realm"');
  assertEquals(JSON.parse((await runProgram(argv)).stdout).status, 200);
  await write('"Other Realm"');
  assertEquals(JSON.parse((await runProgram(argv)).stdout).status, 401);
});

httpbinTest("httpbin reads what fetch sends: a form, a form with a file, an upload", async () => {
  await using httpbin = await startHttpbin();
  await using folder = await temporaryFolder();
  const path = `${folder.path}/log.txt`;
  await Deno.writeTextFile(path, "line one\r\nline two");
  const seen = async (place: string, ...argv: string[]) => {
    const { stdout, stderr } = await runProgram(["fetch", httpbin.url + place, ...argv]);
    assertEquals(stderr, "");
    const { form, files, data } = JSON.parse(stdout);
    return { form, files, data };
  };
  assertEquals(await seen("/post", "--form", "a=b c"), { form: { a: "b c" }, files: {}, data: "" });
  assertEquals(await seen("/post", "--form", "a=b", "--form", `log=@${path}`), {
    form: { a: "b" },
    files: { log: "line one\r\nline two" },
    data: "",
  });
  assertEquals(await seen("/put", "-T", path), {
    form: {},
    files: {},
    data: "line one\r\nline two",
  });
});

httpbinTest(
  "fetch follows httpbin's redirects with its cookies, and curl reads the jar",
  async () => {
    await using httpbin = await startHttpbin();
    await using folder = await temporaryFolder();
    const jar = `${folder.path}/jar`;
    const url = `${httpbin.url}/cookies/set?a=b&c=d`;
    const { stdout, code } = await runProgram(["fetch", url, "-L", "-c", jar]);
    assertEquals([code, JSON.parse(stdout)], [0, { cookies: { a: "b", c: "d" } }]);
    assertEquals((await Deno.stat(jar)).mode! & 0o777, 0o600);
    const curl = await runPeer("curl", ["-s", "-b", jar, "-c", jar, `${httpbin.url}/cookies`]);
    assertEquals(JSON.parse(curl.stdout), { cookies: { a: "b", c: "d" } });
    const again = await runProgram(["fetch", `${httpbin.url}/cookies`, "-b", jar]);
    assertEquals(JSON.parse(again.stdout), { cookies: { a: "b", c: "d" } });
  },
);

httpbinTest("fetch -C does not go by httpbin's ETag, which is none, and starts anew", async () => {
  await using httpbin = await startHttpbin();
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const url = `${httpbin.url}/range/3000`;
  const whole = await runPeer("curl", ["-s", url]);
  await Deno.writeFile(`${path}.part`, whole.bytes.subarray(0, 1234));
  await Deno.writeTextFile(`${path}.part.json`, JSON.stringify({ url, validator: '"range3000"' }));
  const { code, stderr } = await runProgram(["fetch", url, "-o", path, "-C"]);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /starts anew/);
  assertEquals(await Deno.readFile(path), whole.bytes);
});

peerTest(
  "fetch opens the guide's protected page by realm and URL prefix",
  ["python3"],
  async () => {
    const flags = ["--user", "klem", "--password", "kadidd!ehopper", "127.0.0.1", "0"];
    await using server = await startPythonServer("http_server.py", flags);
    await using folder = await temporaryFolder();
    const path = `${folder.path}/passwords`;
    const line = `http://${server.place}/site klem kadidd!ehopper "PDQ Application"\n`;
    await Deno.writeTextFile(path, line, { mode: 0o600 });
    const get = async (place: string) => {
      const argv = ["fetch", `http://${server.place}${place}`, "--credentials", path, "--fail"];
      return (await runProgram(argv)).code;
    };
    assertEquals([await get("/site/updates.py"), await get("/site"), await get("/sites")], [
      0,
      0,
      1,
    ]);
  },
);

/** Older runtimes dial by themselves, without a proxy or a certificate of ours, and say so. */
const dials = await runsOn("2.7.14");
const diallingTest = (name: string, body: () => Promise<void>) =>
  dials ? peerTest(name, ["openssl"], body) : Deno.test({ name, ignore: true, fn: body });

diallingTest(
  "fetch goes through the proxy that the environment names, in lower case alone",
  async () => {
    await using proxy = startRawServer(() => answerOf("200 OK", "by proxy"));
    const get = async (env: Readonly<Record<string, string>>, ...argv: string[]) => {
      const clean = { http_proxy: "", all_proxy: "", no_proxy: "", HTTP_PROXY: "", ...env };
      const url = "http://host.invalid/x";
      const { code, stdout } = await runProgram(["fetch", url, ...argv], { env: clean });
      return [code, stdout];
    };
    assertEquals(await get({ http_proxy: proxy.url }), [0, "by proxy"]);
    assertEquals(await get({ all_proxy: proxy.url }), [0, "by proxy"]);
    assertEquals(await get({ HTTP_PROXY: proxy.url }), [1, ""]);
    assertEquals(await get({ http_proxy: proxy.url, no_proxy: "host.invalid" }), [1, ""]);
    assertEquals(await get({ http_proxy: proxy.url }, "--no-proxy"), [1, ""]);
    assertEquals(proxy.requests.length, 2);
    const loopback = await runProgram(
      ["fetch", proxy.url.replace("127.0.0.1", "localhost"), "-4"],
      {
        env: { http_proxy: "http://127.0.0.1:1", no_proxy: "" },
      },
    );
    assertEquals(loopback.stdout, "by proxy");
  },
);

Deno.test("fetch -O writes a file of the URL's name where it runs", async () => {
  await using server = startRawServer(() => answerOf("200 OK", "the file"));
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await runProgram(["fetch", `${server.url}/a/b.txt?c`, "-O"], {
    cwd: folder.path,
  });
  assertEquals([code, stdout, stderr], [0, "", ""]);
  assertEquals(await Deno.readTextFile(`${folder.path}/b.txt`), "the file");
});

// Client certificates.

/** openssl's server with `-Verify`, which lets nobody in without a certificate that it trusts. */
async function verifyingServer(folder: string, ...what: string[]) {
  const { cert, key } = await makeCertificate(folder);
  const process = startPeer("openssl", [
    ...["s_server", "-accept", "127.0.0.1:0", "-cert", cert, "-key", key],
    ...["-Verify", "1", "-verify_return_error", "-CAfile", cert, ...what],
  ]);
  const [, place = ""] = await process.stdout.line(/^ACCEPT (.+)$/);
  return { cert, key, process, port: place.split(":").at(-1) };
}

diallingTest("fetch shows its certificate to openssl s_server -Verify", async () => {
  await using folder = await temporaryFolder();
  const { cert, key, process, port } = await verifyingServer(folder.path, "-www");
  await using _server = process;
  const argv = ["fetch", `https://127.0.0.1:${port}/`, "--tls-ca", cert];
  const shown = await runProgram([...argv, "--tls-cert", cert, "--tls-key", key]);
  assertEquals(shown.code, 0, shown.stderr);
  assertStringIncludes(shown.stdout, "Client certificate");
  const hidden = await runProgram(argv);
  assertEquals([hidden.code, hidden.stdout], [1, ""]);
  assertMatch(hidden.stderr, /^error: Cannot [^\n]+\n$/);
});

diallingTest("send and connect show theirs too", async () => {
  await using folder = await temporaryFolder();
  const { cert, key, process, port } = await verifyingServer(folder.path, "-rev");
  await using _server = process;
  const url = `tls://127.0.0.1:${port}`;
  const files = ["--tls-ca", cert, "--tls-cert", cert, "--tls-key", key];
  const sent = await runProgram(["send", url, "--line", "stressed", ...files]);
  assertStringIncludes(sent.stdout, "desserts");
  const typed = await runProgram(["connect", url, ...files], { stdin: "drawer\n" });
  assertStringIncludes(typed.stdout, "reward");
});

peerTest(
  "a certificate and a key that do not belong together are refused",
  ["openssl"],
  async () => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    const { cert, key } = await makeCertificate(folder.path);
    const wrong = await makeCertificate(other.path);
    const cases: readonly (readonly string[])[] = [
      ["--tls-cert", cert],
      ["--tls-key", key],
      ["--tls-cert", cert, "--tls-key", wrong.key],
      ["--tls-cert", key, "--tls-key", key],
      ["--tls-cert", cert, "--tls-key", `${folder.path}/none`],
    ];
    for (const flags of cases) {
      const { code, stderr } = await runProgram(["fetch", "https://127.0.0.1:1/", ...flags]);
      assertEquals(code, 2, flags.join(" "));
      assertMatch(stderr, /^error: --tls-(?:cert|key)[^\n]+\n$/);
    }
    assert(cases.length > 0);
  },
);
