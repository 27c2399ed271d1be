/** `sockdock fetch` for users of curl: the same options send the same requests, and those that it
 * lacks are refused with the name of ours. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fetch as fetchCommand } from "../../../commands/fetch.ts";
import { curlHabits } from "../../../commands/fetch/curl_habits.ts";
import { flagName } from "../../../core/options/option.ts";
import { optionNames } from "../../../commands/line/words.ts";
import { runCommandLine } from "../../../commands/run.ts";
import { serve } from "../../../dock/serve.ts";
import { answerOf, type RawRequest, startRawServer } from "../../clients/raw_server.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { type FakeParts, FakeStdio } from "../fake_stdio.ts";

async function fetch(argv: readonly string[], parts: FakeParts = {}) {
  const io = new FakeStdio(parts);
  const code = await runCommandLine(["fetch", ...argv], io, () => undefined);
  return { code, stdout: io.stdoutText, stderr: io.stderrText };
}

const page = await Deno.readTextFile(new URL("../../../docs/fetch.md", import.meta.url));

/** What a server sees of a request, without what programs say of themselves. */
function seen({ line, fields, body }: RawRequest) {
  const boundary = /boundary=(\S+)/.exec(fields.map(([, value]) => value).join("\n"))?.[1];
  const plain = (text: string) => boundary === undefined ? text : text.replaceAll(boundary, "B");
  const own = fields.filter(([name, value]) =>
    !/^(?:connection|expect)$/i.test(name) && !/^(?:curl|sockdock)\b/.test(value) &&
    // Boundaries differ in length, and with them the lengths of bodies.
    (boundary === undefined || !/^content-length$/i.test(name))
  ).map(([name, value]) => `${name.toLowerCase()}: ${plain(value)}`);
  return { line, fields: own.sort(), body: plain(body) };
}

peerTest("fetch sends what curl sends for the same options", ["curl"], async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/data.bin`;
  await Deno.writeTextFile(file, "a&b = c");
  await using server = startRawServer(() => answerOf("200 OK", ""));
  const lines: readonly (readonly string[])[] = [
    ["-I"],
    ["-I", "-X", "GET"],
    ["-G", "-d", "a=1", "-d", "b=2"],
    ["-G", "-I", "--data-urlencode", "q=a b&c"],
    ["--get", "--data-raw", "@a=b"],
    ["-d", "a=1", "-d", "b=2"],
    ["-d", `@${file}`],
    ["--data-raw", "@no=file"],
    ["--data-binary", `@${file}`],
    ["--data-urlencode", "one two"],
    ["--data-urlencode", "=a=b"],
    ["--data-urlencode", "name=ä&ö"],
    ["--data-urlencode", `name@${file}`],
    ["-F", "a=b c", "--form-string", "c=@d"],
    ["-F", `f=@${file};type=text/x-a;filename=other.txt`],
    ["-F", `f=<${file}`],
    ["-F", 'm={"a":1};type=application/json'],
    ["-F", `f=<${file};type=text/x-a`],
    ["-F", `f=@${file};type=text/x-a;filename="a;b\\"c"`],
    ["-F", 'a="b;type=text/x-a \\" c"'],
    ["-F", `f=@"${file}";filename=a`],
    ["--form-string", "a=b;type=text/x-a"],
    ["-H", "Accept:", "-H", "X-Empty;", "-A", ""],
    ["-d", "a=b", "-H", "Content-Type:"],
    ["-T", file],
    ["-A", "seafarer/1", "-e", "http://harbour.example/"],
    ["-b", "a=b; c=d"],
    ["-X", "DELETE", "-H", "X-A: b"],
    ["-u", "ada:secret"],
    ["--header", "Accept: text/html", "--user-agent", "x", "--referer", "y"],
  ];
  for (const argv of lines) {
    for (const url of [`${server.url}/place`, `${server.url}/place?p=0`]) {
      const before = server.requests.length;
      const { code, stderr } = await fetch([url, ...argv]);
      assertEquals(code, 0, stderr);
      await runPeer("curl", ["-s", "-m", "30", ...argv, url]);
      const [ours, theirs] = server.requests.slice(before);
      assert(ours !== undefined && theirs !== undefined, argv.join(" "));
      assertEquals(seen(ours), seen(theirs), argv.join(" "));
    }
  }
});

peerTest("fetch -x goes through a proxy as curl does", ["curl"], async () => {
  await using proxy = startRawServer(() => answerOf("200 OK", "by proxy"));
  const argv = ["http://harbour.example/x?y", "-x", proxy.url, "-U", "ada:secret"];
  assertEquals((await fetch(argv)).stdout, "by proxy");
  await runPeer("curl", ["-s", ...argv]);
  const [ours, theirs] = proxy.requests;
  assertEquals(ours?.line, theirs?.line);
  assertEquals(ours?.field("proxy-authorization"), theirs?.field("proxy-authorization"));
});

peerTest("fetch -w prints what curl prints", ["curl"], async () => {
  await using server = startRawServer(() =>
    answerOf("302 Found", "body", "Location: /next", "X-A: b", "Content-Type: text/x-c")
  );
  const format = "%{http_code} %{response_code} %{size_download} %{content_type} %{scheme}" +
    "\\t%{redirect_url} %{remote_ip} %{method} %{num_redirects} %{url_effective} 100%% %{http_version}\\n";
  const argv = ["-w", format, `${server.url}/a`];
  const theirs = await runPeer("curl", ["-s", ...argv]);
  // curl writes a scheme in capitals.
  assertEquals((await fetch(argv)).stdout, theirs.stdout.replace(/HTTP\t/, "http\t"));
  assertEquals(
    (await fetch(["-w", "%header{x-a}|%{time_total}", "-I", server.url])).stdout
      .split("\r\n\r\n")[1]?.replace(/\d+\.\d{6}$/, "T"),
    "b|T",
  );
  const { code, stderr } = await fetch(["-w", "%{http_cod}", server.url]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "did you mean http_code?");
});

Deno.test("fetch -v shows the heads of each exchange, and no secrets", async () => {
  await using server = startRawServer(({ line }) =>
    line.startsWith("GET /a ")
      ? answerOf("302 Found", "", "Location: /b", "Set-Cookie: sid=deep; Path=/")
      : answerOf("200 OK", "body", "X-Token: deep")
  );
  const argv = [
    `${server.url}/a`,
    "-L",
    "-v",
    "-u",
    "ada:deep",
    "-b",
    "one=deep",
    "-H",
    "X-Api-Key: deep",
  ];
  const { stdout, stderr } = await fetch(argv);
  assertEquals(stdout, "body");
  assertEquals(
    stderr.split("\n").filter((line) => /^[<>*] (?:GET|HTTP|connected|set-cookie)/i.test(line))
      .map((line) => line.replace(/127.0.0.1:\d+/g, "H")),
    [
      "* connected to H, for http://H",
      "> GET /a HTTP/1.1",
      "< HTTP/1.1 302 Found",
      "< Set-Cookie: sid=***; Path=/",
      "* connected to H, for http://H",
      "> GET /b HTTP/1.1",
      "< HTTP/1.1 200 OK",
    ],
  );
  assertStringIncludes(stderr, "> authorization: Basic ***\n");
  assertStringIncludes(stderr, "> cookie: one=***; sid=***\n");
  assert(!stderr.includes("deep") && !stderr.includes(btoa("ada:deep")), stderr);
  const shown = await fetch([...argv, "--show-secrets"]);
  assertStringIncludes(shown.stderr, `> authorization: Basic ${btoa("ada:deep")}\n`);
  assertStringIncludes(shown.stderr, "X-Api-Key: deep");
  assertEquals(
    (await fetch([...argv, "-q"])).stderr,
    (await fetch([...argv.slice(0, 2), "-q", ...argv.slice(3)])).stderr,
  );
});

Deno.test("fetch -v hides what is named like a secret, and no more", async () => {
  await using server = startRawServer(() =>
    answerOf("200 OK", "", "WWW-Authenticate: Basic realm=x", "X-Author: Ada")
  );
  const secret = ["X-Auth", "X-Auth-Key", "X-Access-Key", "X-Session-Id", "Signature", "X-JWT"];
  const plain = ["Access-Control-Allow-Credentials", "X-Monkeys", "X-Compass"];
  const { stderr } = await fetch([
    ...["-v", server.url],
    ...[...secret, ...plain].flatMap((name) => ["-H", `${name}: seen`]),
  ]);
  for (const name of secret) assertStringIncludes(stderr, `> ${name}: ***\n`);
  for (const name of plain) assertStringIncludes(stderr, `> ${name}: seen\n`);
  assertStringIncludes(stderr, "< WWW-Authenticate: Basic realm=x\n");
  assertStringIncludes(stderr, "< X-Author: Ada\n");
});

Deno.test("fetch -v shows each try, and a harmless head", async () => {
  let count = 0;
  await using server = startRawServer(() =>
    answerOf(count++ === 0 ? "503 Busy" : "200 OK", "", "Retry-After: 0", "X-A: \x9b31m")
  );
  const { stderr } = await fetch([server.url, "-v", "--retry", "1"]);
  assertMatch(stderr, /^< HTTP\/1.1 503 Busy$[^]*try 1 of 1[^]*^< HTTP\/1.1 200 OK$/m);
  assert(!stderr.includes("\x9b") && stderr.includes("\\x9b31m"), stderr);
});

Deno.test("fetch -v says what TLS agreed on, and whether the server was verified", async () => {
  await using server = await serve("https://127.0.0.1:0", () => new Response("ahoy"));
  const { fingerprint } = server.certificate!;
  const { stdout, stderr } = await fetch([server.url, "-v", "--tls-fingerprint", fingerprint]);
  assertEquals(stdout, "ahoy");
  assertMatch(stderr, /^\* TLSv1.3, TLS_\w+, ALPN http\/1.1\n\* certificate .*IP:127.0.0.1/m);
  assertMatch(stderr, /^\* issued by .* trusted by its fingerprint\n> GET \/ HTTP\/1.1$/m);
  const unverified = await fetch([server.url, "-v", "-k"]);
  assertMatch(unverified.stderr, /^\* issued by .* not verified \(--insecure\)$/m);
});

Deno.test("fetch -I prints the head alone, of redirects too", async () => {
  await using server = startRawServer(({ line }) =>
    line.includes(" /a ")
      ? answerOf("302 Found", "", "Location: /b")
      : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" + (line.startsWith("GET") ? "12345" : "")
  );
  const { code, stdout } = await fetch([`${server.url}/a`, "-I", "-L"]);
  assertEquals([code, stdout], [
    0,
    "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /b\r\n\r\n" +
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
  ]);
  assertEquals(server.requests.map(({ line }) => line), ["HEAD /a HTTP/1.1", "HEAD /b HTTP/1.1"]);
  assertMatch((await fetch([server.url, "-I", "-X", "GET"])).stdout, /Content-Length: 5\r\n\r\n$/);
  assertEquals((await fetch([server.url, "-I", "-o", "file"])).code, 2);
});

Deno.test("fetch -s says nothing but the body, and -S brings errors back", async () => {
  await using server = startRawServer(() => answerOf("404 Not Found", "body"));
  const url = server.url;
  assertEquals(await fetch([url, "-s", "-f", "-v", "-u", "a:b"]), {
    code: 1,
    stdout: "body",
    stderr: "",
  });
  assertMatch((await fetch([url, "-sSf"])).stderr, /^error: the server answered 404 Not Found\n$/);
  assertEquals((await fetch([url, "-sf", "--quiet"])).stderr, "");
});

Deno.test("fetch indents JSON on a terminal, and leaves it alone elsewhere", async () => {
  const json = '{"big":12345678901234567890,"a":"\\u00e4","a":[],"b":[1,{"c":null}]}';
  await using server = startRawServer(({ line }) =>
    answerOf(
      "200 OK",
      json,
      `Content-Type: ${
        line.includes("/plain") ? "text/plain" : "application/problem+json; charset=utf-8"
      }`,
    )
  );
  const indented = `{
  "big": 12345678901234567890,
  "a": "\\u00e4",
  "a": [],
  "b": [
    1,
    {
      "c": null
    }
  ]
}
`;
  const onTerminal = { stdoutIsTerminal: true, noColor: true };
  assertEquals((await fetch([server.url], onTerminal)).stdout, indented);
  const coloured = (await fetch([server.url], { stdoutIsTerminal: true })).stdout;
  assertStringIncludes(coloured, '\x1b[36m"big"\x1b[39m: \x1b[33m12345678901234567890\x1b[39m');
  assertEquals((await fetch([server.url, "--color", "always"])).stdout, json);
  for (const argv of [["--no-indent"], ["-o", "-"]]) {
    assertEquals((await fetch([server.url, ...argv], onTerminal)).stdout, json);
  }
  assertEquals((await fetch([`${server.url}/plain`], onTerminal)).stdout, json);
});

Deno.test("fetch spares a terminal what is binary, unless -o - asks for it", async () => {
  await using server = startRawServer(() =>
    answerOf("200 OK", "12\0" + "4", "Content-Type: image/png")
  );
  const onTerminal = { stdoutIsTerminal: true };
  const { code, stdout, stderr } = await fetch([server.url], onTerminal);
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^error: the body is binary \(image\/png, 4 bytes\) .*-o FILE .*-o - .*\n$/);
  assertEquals((await fetch([server.url, "-o", "-"], onTerminal)).stdout, "12\\x004");
  assertEquals((await fetch([server.url])).stdout.length, 4);
});

Deno.test("what curl calls otherwise is refused with our name for it", async () => {
  const names = optionNames(fetchCommand.options);
  for (const [name, remedy] of curlHabits.remedies) {
    assert(!names.has(name), `${name} is an option of ours`);
    // Before the URL too, where its value might be taken for one.
    for (const argv of [["http://127.0.0.1:1/", name, "value"], [name, "value", "http://x/"]]) {
      const { code, stderr } = await fetch(argv);
      assertEquals([code, stderr], [2, `error: ${name} is of curl; here ${remedy}\n`]);
    }
    // A remedy names options that exist.
    for (const [flag] of remedy.matchAll(/(?<![\w-])--?[a-zA-Z][\w-]*/g)) {
      assert(names.has(flag) || flag === "--fault" || flag === "--server-name", `${name}: ${flag}`);
    }
    assert(page.includes(`\`${name}\``), `docs/fetch.md lacks ${name}`);
  }
  const json = await fetch(["--json", '{"a":1}', "http://127.0.0.1:1/"]);
  assertMatch(json.stderr, /--data-json/);
  assertMatch((await fetch(["http://x/", "-o", ""])).stderr, /^error: --output: expected the name/);
  assertMatch((await fetch(["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"])).stderr, /one URL/);
});

Deno.test("an option that needs another one is refused without it", async () => {
  const url = "http://127.0.0.1:1/";
  for (const [key, needed] of Object.entries(fetchCommand.needs ?? {})) {
    const flag = `--${flagName(key)}`;
    const words = fetchCommand.options[key]?.kind === "flag" ? [flag] : [flag, "1"];
    const { code, stderr } = await fetch([url, ...words]);
    const other = `--${flagName([needed].flat()[0]!)}`;
    assertEquals([code, stderr], [2, `error: ${flag} has no effect without ${other}\n`]);
  }
  // One of the environment may be meant for other commands.
  const io = new FakeStdio();
  const env = (name: string) => name === "SOCKDOCK_RETRY_DELAY" ? "1s" : undefined;
  await runCommandLine(["fetch", url], io, env);
  assert(!io.stderrText.includes("has no effect"), io.stderrText);
});

Deno.test("docs/fetch.md lists options as the table has them", () => {
  const names = optionNames(fetchCommand.options);
  const rows = [...page.matchAll(/^\| (`-.*?) *\|/gm)].map(([, cell = ""]) => cell);
  const same = page.slice(page.indexOf("## The same"), page.indexOf("## What differs"));
  let count = 0;
  for (const [, name = ""] of same.matchAll(/`(--?[a-zA-Z][\w-]*)`/g)) {
    assert(names.has(name), name);
    count++;
  }
  assert(count > 40 && rows.length > 20, `${count} options in ${rows.length} rows`);
});
