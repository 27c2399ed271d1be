/** `sockdock fetch`: uploads, forms, passwords, cookies, tries and timing on the command line. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runCommandLine } from "../../commands/run.ts";
import { answerOf, startRawServer } from "../clients/raw_server.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { type FakeParts, FakeStdio } from "./fake_stdio.ts";

type Parts = FakeParts & { readonly env?: Readonly<Record<string, string>> };

async function fetch(argv: readonly string[], { env = {}, ...parts }: Parts = {}) {
  const io = new FakeStdio(parts);
  const code = await runCommandLine(["fetch", ...argv], io, (name) => env[name]);
  return { code, stdout: io.stdoutText, stderr: io.stderrText };
}

const BASIC = 'WWW-Authenticate: Basic realm="PDQ Application"';

// Uploads.

Deno.test("fetch -T puts a file, under its name where the URL ends in a slash", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/a b.bin`;
  const bytes = new Uint8Array(200_000).map((_, index) => index * 7);
  await Deno.writeFile(path, bytes);
  await using server = startRawServer(() => answerOf("201 Created", ""));
  for (const place of ["/x", "/dir/", "/dir/?q"]) {
    const { code, stderr } = await fetch([server.url + place, "-T", path], {
      stderrIsTerminal: true,
    });
    assertEquals(code, 0, stderr);
    assertMatch(stderr, /100% {2}195 KiB of 195 KiB/);
  }
  assertEquals(server.requests.map(({ line }) => line), [
    "PUT /x HTTP/1.1",
    "PUT /dir/a%20b.bin HTTP/1.1",
    "PUT /dir/a%20b.bin?q HTTP/1.1",
  ]);
  assertEquals(server.requests[0]?.field("content-length"), "200000");
  const sent = Uint8Array.from(server.requests[0]?.body ?? "", (one) => one.charCodeAt(0));
  // The raw server reads bytes as windows-1252, in which 0x80 to 0x9f are not themselves.
  assertEquals(sent.length, bytes.length);
});

Deno.test("fetch -T - sends stdin as it comes", async () => {
  await using server = startRawServer(async (_request, peer) => {
    await peer.send(answerOf("200 OK", "thanks"));
  });
  const { code } = await fetch([server.url, "-T", "-", "-X", "POST"], {
    stdin: ["from ", "stdin"],
  });
  assertEquals(code, 0);
  assertEquals(server.requests[0]?.line, "POST / HTTP/1.1");
  assertEquals(server.requests[0]?.field("transfer-encoding"), "chunked");
});

Deno.test("fetch --form name=@file sends a form with a file, --form-string text that looks so", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/log.txt`;
  await Deno.writeTextFile(path, "line");
  await using server = startRawServer(() => answerOf("200 OK", ""));
  const argv = ["--form", "a=b", "--form", `log=@${path};type=text/plain`, "--form-string", "c=@d"];
  assertEquals((await fetch([server.url, ...argv])).code, 0);
  const [request] = server.requests;
  assertMatch(request?.field("content-type") ?? "", /^multipart\/form-data; boundary=/);
  const parts = request?.body.split(/--sockdock-[-0-9a-f]+(?:--)?\r\n/) ?? [];
  assertEquals(parts, [
    "",
    'Content-Disposition: form-data; name="a"\r\n\r\nb\r\n',
    'Content-Disposition: form-data; name="log"; filename="log.txt"\r\n' +
    "Content-Type: text/plain\r\n\r\nline\r\n",
    'Content-Disposition: form-data; name="c"\r\n\r\n@d\r\n',
    "",
  ]);
  assertEquals((await fetch([server.url, "--form-string", "c=@d"])).code, 0);
  assertStringIncludes(server.requests[1]?.body ?? "", 'name="c"\r\n\r\n@d\r\n');
});

// Passwords.

Deno.test("fetch --realm gives the password to that realm alone", async () => {
  await using server = startRawServer(({ field }) =>
    field("authorization") === undefined
      ? answerOf("401 Unauthorized", "", BASIC)
      : answerOf("200 OK", "in")
  );
  const env = { SOCKDOCK_USER: "klem:x" };
  assertEquals((await fetch([server.url, "--realm", "PDQ Application"], { env })).stdout, "in");
  assertEquals((await fetch([server.url, "--realm", "Other"], { env })).stdout, "");
  assertEquals(server.requests.length, 3);
  assertEquals((await fetch([server.url, "--realm", "x"])).code, 2);
  assertEquals((await fetch([server.url, "--digest"])).code, 2);
});

Deno.test("fetch --credentials reads a file that its owner alone may read", async () => {
  await using folder = await temporaryFolder();
  await using server = startRawServer(({ field }) =>
    field("authorization") === `Basic ${btoa('klem:a "pass" with spaces')}`
      ? answerOf("200 OK", "in")
      : answerOf("401 Unauthorized", "out", BASIC)
  );
  const path = `${folder.path}/passwords`;
  const lines = [
    "# of the harbour",
    "",
    "http://other.example/ somebody else",
    `${server.url}/a klem "a \\"pass\\" with spaces" "PDQ Application"`,
    `  ${server.url}/b  klem\t"a \\"pass\\" with spaces"`,
  ];
  await Deno.writeTextFile(path, lines.join("\n"), { mode: 0o600 });
  const get = async (place: string) =>
    (await fetch([server.url + place, "--credentials", path])).stdout;
  assertEquals([await get("/a/x"), await get("/b"), await get("/ab")], ["in", "in", "out"]);
  await Deno.chmod(path, 0o640);
  const open = await fetch([server.url, "--credentials", path]);
  assertEquals(open.code, 2);
  assertStringIncludes(open.stderr, `chmod 600 ${path}`);
  await Deno.chmod(path, 0o600);
  for (
    const line of [
      "http://host/ me",
      'http://host/ me "secret',
      "http://host/ me secret realm more",
      "host me secret",
      'http://host/ me "sec\\qret"',
    ]
  ) {
    await Deno.writeTextFile(path, `\n${line}\n`);
    const { code, stderr } = await fetch([server.url, "--credentials", path]);
    assertEquals(code, 2, line);
    assert(!/secret|sec.ret/.test(stderr), stderr);
  }
});

// Cookies.

Deno.test("fetch -c keeps cookies from one call to the next, -b sends some", async () => {
  await using folder = await temporaryFolder();
  const jar = `${folder.path}/jar`;
  await using server = startRawServer(({ line, field }) =>
    line.includes("/set")
      ? answerOf("200 OK", "", "Set-Cookie: a=b; Max-Age=100", "Set-Cookie: c=d; HttpOnly")
      : answerOf("200 OK", field("cookie") ?? "none")
  );
  assertEquals((await fetch([`${server.url}/set`, "-c", jar])).code, 0);
  assertEquals((await Deno.stat(jar)).mode! & 0o777, 0o600);
  const get = async (...argv: string[]) => (await fetch([server.url, ...argv])).stdout;
  assertEquals(await get("-c", jar), "a=b; c=d");
  assertEquals(await get("-b", jar, "-b", "e=f"), "e=f; a=b; c=d");
  assertEquals(await get("--cookie", "e=f; g=h"), "e=f; g=h");
  assertEquals(await get(), "none");
  assertMatch(Deno.readTextFileSync(jar), /^#HttpOnly_127\.0\.0\.1\tFALSE\t\/\tFALSE\t0\tc\td$/m);
  assertEquals((await fetch([server.url, "-b", `${folder.path}/none`])).code, 2);
  assertEquals((await fetch([server.url, "-b", "a=b\nEvil: c"])).code, 2);
});

// Tries, redirects, timing.

Deno.test("fetch --retry tells each further try on stderr", async () => {
  let count = 0;
  await using server = startRawServer(() =>
    ++count < 3 ? answerOf("503 Service Unavailable", "busy") : answerOf("200 OK", "there")
  );
  const argv = [server.url, "--retry", "2", "--retry-delay", "1ms"];
  const { code, stdout, stderr } = await fetch(argv);
  assertEquals([code, stdout], [0, "there"]);
  assertMatch(stderr, /^the server answered 503; try 1 of 2 in \d+ms\n.*try 2 of 2.*\n$/);
});

Deno.test("fetch -L ends a circle of redirects with an error", async () => {
  await using server = startRawServer(() => answerOf("302 Found", "", "Location: /"));
  const { code, stderr } = await fetch([server.url, "-L", "--max-redirects", "3"]);
  assertEquals(code, 1);
  assertMatch(stderr, /in a circle, back to .* after 3 redirects/);
});

Deno.test("fetch --timing prints how long each step took, on stderr", async () => {
  await using server = startRawServer(() => answerOf("200 OK", "hi"));
  const { stdout, stderr } = await fetch([server.url, "--timing"]);
  assertEquals(stdout, "hi");
  assertMatch(stderr, /^connect +[\d.]+ ms\nfirst byte +[\d.]+ ms\ntotal +[\d.]+ ms\n$/);
});

Deno.test("fetch --proxy goes through it, and warns of a password on the command line", async () => {
  await using proxy = startRawServer(() => answerOf("200 OK", "by proxy"));
  const argv = ["http://host.example/x", "--proxy", proxy.url, "--proxy-user", "me:secret"];
  const { stdout, stderr } = await fetch(argv);
  assertEquals(stdout, "by proxy");
  assertMatch(stderr, /^warning: .*SOCKDOCK_PROXY_USER\n$/);
  assert(!stderr.includes("secret"));
  assertEquals(proxy.requests[0]?.line, "GET http://host.example/x HTTP/1.1");
  assertEquals(proxy.requests[0]?.field("proxy-authorization"), `Basic ${btoa("me:secret")}`);
});

Deno.test("fetch refuses what cannot be sent, in one line", async () => {
  const url = "http://127.0.0.1:1/";
  const wrong: readonly (readonly string[])[] = [
    [url, "-T", "/no/such/file"],
    [url, "-T", "/"],
    [url, "-T", "/dev/null", "-d", "x"],
    [url, "--form", "a=@/no/such/file"],
    [url, "--form", "a=@/dev/null"],
    [url, "--form-string", "x"],
    [url, "--proxy", "socks5://127.0.0.1:1"],
    [url, "--proxy", "127.0.0.1:1", "--no-proxy"],
    [url, "-o", "a", "-O"],
    [url, "-X", "CONNECT"],
    ["https://127.0.0.1:1/", "--tls-cert", "/dev/null"],
  ];
  for (const argv of wrong) {
    const { code, stdout, stderr } = await fetch(argv);
    assertEquals([code, stdout], [2, ""], argv.join(" "));
    assertMatch(stderr, /^error: [^\n]+\n$/);
  }
});
