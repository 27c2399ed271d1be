/** `sockdock fetch`: what it prints and writes, and its exit codes. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runCommandLine } from "../../commands/run.ts";
import { answerOf, type RawRequest, startRawServer } from "../clients/raw_server.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { type FakeParts, FakeStdio } from "./fake_stdio.ts";

type Parts = FakeParts & { readonly env?: Readonly<Record<string, string>> };

/** Runs `sockdock fetch` in this process. */
async function fetch(argv: readonly string[], { env = {}, ...parts }: Parts = {}) {
  const io = new FakeStdio(parts);
  const code = await runCommandLine(["fetch", ...argv], io, (name) => env[name]);
  return { code, stdout: io.stdoutText, stderr: io.stderrText, io };
}

/** Runs it against a server that answers with these bytes. */
async function fetchFrom(answer: string, argv: readonly string[] = [], parts: Parts = {}) {
  await using server = startRawServer(() => answer);
  const { code, stdout, stderr, io } = await fetch([server.url, ...argv], parts);
  return { code, stdout, stderr, io, url: server.url, request: server.requests[0] };
}

/** What arrives at a server. */
async function sent(argv: readonly string[], parts: Parts = {}): Promise<RawRequest> {
  const { code, stderr, request } = await fetchFrom(answerOf("200 OK", ""), argv, parts);
  assertEquals(code, 0, stderr);
  assert(request !== undefined);
  return request;
}

Deno.test("fetch prints the body as it is in a pipe, and harmless on a terminal", async () => {
  await using server = startRawServer(async (_request, peer) => {
    await peer.send("HTTP/1.1 200 OK\r\n\r\n\x1b[31m");
    await peer.send(new Uint8Array([0xff, 0x00]));
  });
  const { code, io } = await fetch([server.url]);
  assertEquals(code, 0);
  assertEquals([...io.stdoutBytes], [0x1b, 0x5b, 0x33, 0x31, 0x6d, 0xff, 0x00]);
  const terminal = await fetch([server.url], { stdoutIsTerminal: true });
  assert(!terminal.stdout.includes("\x1b"), terminal.stdout);
});

Deno.test("fetch --include prints the head first", async () => {
  const answer = "HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 4\r\n\r\nbody";
  assertEquals((await fetchFrom(answer, ["-i"])).stdout, answer);
  const harmful = "HTTP/1.1 200 OK\r\nX-A: \x9b31m\r\nContent-Length: 0\r\n\r\n";
  const { stdout } = await fetchFrom(harmful, ["--include"], { stdoutIsTerminal: true });
  assert(!stdout.includes("\x9b"), stdout);
});

Deno.test("fetch --bytes prints the first bytes and no more", async () => {
  const answer = answerOf("200 OK", "first bytes and more");
  assertEquals((await fetchFrom(answer, ["--bytes", "11"])).stdout, "first bytes");
  assertEquals((await fetchFrom(answer, ["--bytes", "0"])).stdout, "");
  assertEquals((await fetchFrom(answer, ["--bytes", "1k"])).stdout, "first bytes and more");
});

Deno.test("fetch sends method, headers and data", async () => {
  const request = await sent([
    "-X",
    "put",
    "-H",
    "X-A: b",
    "-H",
    "X-C:d",
    "-d",
    "one",
    "-d",
    "two",
  ]);
  assertEquals(request.line, "PUT / HTTP/1.1");
  assertEquals([request.field("x-a"), request.field("x-c")], ["b", "d"]);
  assertEquals(request.body, "one&two");
  assertEquals((await sent(["-d", "x"])).line, "POST / HTTP/1.1");
});

Deno.test("fetch -d sends a form, as curl does, unless a header says another type", async () => {
  const typesOf = (request: RawRequest) =>
    request.fields.filter(([name]) => name.toLowerCase() === "content-type").map(([, type]) =>
      type
    );
  assertEquals(typesOf(await sent(["-d", "a=1"])), ["application/x-www-form-urlencoded"]);
  assertEquals(typesOf(await sent(["-d", "{}", "-H", "content-TYPE: x/y"])), ["x/y"]);
  assertEquals(typesOf(await sent([])), []);
});

Deno.test("fetch sends JSON and forms", async () => {
  const json = await sent(["--data-json", `{ "a": 1 }`]);
  assertEquals([json.field("content-type"), json.body], ["application/json", `{"a":1}`]);
  const form = await sent(["--form", "a=b c", "--form", "d=&e"]);
  assertMatch(form.field("content-type") ?? "", /^multipart\/form-data; boundary=/);
  assertStringIncludes(form.body, 'name="a"\r\n\r\nb c\r\n');
  assertStringIncludes(form.body, 'name="d"\r\n\r\n&e\r\n');
});

Deno.test("fetch sends a file or stdin", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/data`, new Uint8Array([0, 1, 255]));
  assertEquals((await sent(["-d", `@${folder.path}/data`])).body, "\0\x01\xff");
  assertEquals((await sent(["-d", "@-"], { stdin: ["from ", "stdin"] })).body, "from stdin");
});

Deno.test("fetch -u sends a password and warns that others can read it", async () => {
  const { request, stderr, code } = await fetchFrom(answerOf("200 OK", ""), ["-u", "me:se:cret"]);
  assertEquals(code, 0);
  assertEquals(request?.field("authorization"), `Basic ${btoa("me:se:cret")}`);
  assertMatch(stderr, /^warning: .*command line.*\n$/);
  assert(!stderr.includes("se:cret"));
  const quiet = await fetchFrom(answerOf("200 OK", ""), [], {
    env: { SOCKDOCK_USER: "me:secret" },
  });
  assertEquals(quiet.request?.field("authorization"), `Basic ${btoa("me:secret")}`);
  assertEquals(quiet.stderr, "");
  const unasked = await fetchFrom(answerOf("200 OK", ""), ["-u", "me"]);
  assertEquals(unasked.code, 2);
  assertStringIncludes(unasked.stderr, "no terminal to ask");
});

Deno.test("fetch follows redirects when told to, and shows each with --include", async () => {
  await using server = startRawServer(({ line }) =>
    line.startsWith("GET /a ")
      ? answerOf("302 Found", "moved", "Location: /b")
      : answerOf("200 OK", "arrived")
  );
  assertEquals((await fetch([`${server.url}/a`])).stdout, "moved");
  assertEquals((await fetch([`${server.url}/a`, "-L"])).stdout, "arrived");
  const { stdout } = await fetch([`${server.url}/a`, "-L", "-i"]);
  assertMatch(stdout, /^HTTP\/1\.1 302 Found\r\n[^]*HTTP\/1\.1 200 OK\r\n[^]*arrived$/);
});

Deno.test("fetch exits with 0 whatever the status, and with 1 when --fail says so", async () => {
  const missing = answerOf("404 Not Found", "no such page");
  const lenient = await fetchFrom(missing);
  assertEquals([lenient.code, lenient.stdout], [0, "no such page"]);
  const strict = await fetchFrom(missing, ["-f"]);
  assertEquals(strict.code, 1);
  assertEquals(strict.stderr, "error: the server answered 404 Not Found\n");
  assertEquals((await fetchFrom(answerOf("399 Odd", ""), ["--fail"])).code, 0);
});

Deno.test("fetch -o writes a file, whole or not at all", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const names = () => Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
  const half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
  const broken = await fetchFrom(half, ["-o", path]);
  assertEquals(broken.code, 1);
  assertMatch(broken.stderr, /^error: Cannot fetch http:.*6 bytes early\n$/);
  assertEquals(names(), []);
  const whole = await fetchFrom(answerOf("200 OK", "whole"), ["-o", path]);
  assertEquals([whole.code, whole.stdout, whole.stderr], [0, "", ""]);
  assertEquals(Deno.readTextFileSync(path), "whole");
  assertEquals(names(), ["file"]);
  const nowhere = await fetchFrom(answerOf("200 OK", "x"), ["-o", `${folder.path}/no/file`]);
  assertEquals(nowhere.code, 1);
  assertStringIncludes(nowhere.stderr, `Cannot write ${folder.path}/no/file`);
});

Deno.test("fetch -o shows its progress on a terminal", async () => {
  await using folder = await temporaryFolder();
  const argv = ["-o", `${folder.path}/file`];
  const answer = answerOf("200 OK", "x".repeat(2048));
  const { stderr } = await fetchFrom(answer, argv, { stderrIsTerminal: true });
  assertMatch(stderr, /100% {2}2\.00 KiB of 2\.00 KiB/);
  const quiet = await fetchFrom(answer, [...argv, "--quiet"], { stderrIsTerminal: true });
  assertEquals(quiet.stderr, "");
});

Deno.test("fetch --json prints the whole response as one object", async () => {
  const { stdout, url } = await fetchFrom(answerOf("200 OK", "hi", "X-A: b"), ["--json"]);
  const { timing, ...rest } = JSON.parse(stdout);
  assertEquals(Object.keys(timing), ["connectMs", "firstByteMs", "totalMs"]);
  assertEquals(rest, {
    event: "response",
    url: `${url}/`,
    status: 200,
    statusText: "OK",
    httpVersion: "1.1",
    headers: [["Content-Length", "2"], ["X-A", "b"]],
    text: "hi",
  });
});

Deno.test("fetch exits with 4 when time is up", async () => {
  await using server = startRawServer((_request, peer) => peer.gone());
  const { code, stderr } = await fetch([server.url, "--max-time", "50ms"]);
  assertEquals(code, 4);
  assertMatch(stderr, /^error: Cannot fetch http:.* 50 ms\n$/);
  await using folder = await temporaryFolder();
  await using slow = startRawServer(async (_request, peer) => {
    await peer.send("HTTP/1.1 200 OK\r\n\r\nhalf");
    await peer.gone();
  });
  const argv = [slow.url, "--max-time", "50ms", "-o", `${folder.path}/file`];
  assertEquals((await fetch(argv)).code, 4);
});

Deno.test("fetch refuses what cannot be, in one line", async () => {
  const url = "http://127.0.0.1:1/";
  const wrong: readonly (readonly string[])[] = [
    ["nonsense"],
    ["tcp://127.0.0.1:1"],
    ["http://127.0.0.1:0/"],
    [url, "-x", "http://127.0.0.1:0"],
    ["http://me:secret@127.0.0.1:1/"],
    [url, "-H", "no colon"],
    [url, "-H", "X: a\nEvil: b"],
    [url, "-X", "GET /"],
    [url, "--data-json", "{"],
    [url, "--form", "no equals"],
    [url, "-d", "a", "--form", "b=c"],
    [url, "-d", "@/no/such/file"],
    [url, "--bytes", "-1"],
    [url, "-4", "-6"],
  ];
  for (const argv of wrong) {
    const { code, stdout, stderr } = await fetch(argv);
    assertEquals([code, stdout], [2, ""], argv.join(" "));
    assertMatch(stderr, /^error: [^\n]+\n$/);
    assert(!stderr.includes("secret"), stderr);
  }
});
