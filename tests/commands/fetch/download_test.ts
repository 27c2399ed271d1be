/** `sockdock fetch` into files: names, going on with what broke off, and trying again. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { nameInUrl, proposedName } from "../../../commands/fetch/file_name.ts";
import { runCommandLine } from "../../../commands/run.ts";
import {
  answerOf,
  type RawRequest,
  type RawServer,
  startRawServer,
} from "../../clients/raw_server.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { FakeStdio } from "../fake_stdio.ts";

async function fetch(...argv: string[]) {
  const io = new FakeStdio();
  const code = await runCommandLine(["fetch", ...argv], io, () => undefined);
  return { code, stdout: io.stdoutText, stderr: io.stderrText };
}

const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

/** What a server of one file does wrong, if anything. */
interface FileServer {
  content: string;
  etag: string;
  /** Break off after so many bytes of a body. */
  breakAfter?: number | undefined;
  /** Fields in the place of the usual ones. */
  fields?: readonly string[];
  /** Honour Range whatever If-Range says. */
  ignoresIfRange?: boolean;
}

/** Serves one file with ranges. Change `file` between two requests. */
function fileServer(file: FileServer): RawServer {
  return startRawServer((request) => answerFile(file, request));
}

function answerFile(file: FileServer, { field }: RawRequest): string {
  const { content } = file;
  const cut = (answer: string, body: string) =>
    file.breakAfter === undefined ? answer + body : answer + body.slice(0, file.breakAfter);
  const head = (status: string, length: number, ...more: string[]) =>
    [
      `HTTP/1.1 ${status}`,
      `Content-Length: ${length}`,
      ...(file.fields ?? [`ETag: ${file.etag}`]),
      ...more,
      "",
      "",
    ].join("\r\n");
  const from = /^bytes=(\d+)-$/.exec(field("range") ?? "")?.[1];
  const isSame = file.ignoresIfRange || field("if-range") === undefined ||
    field("if-range") === file.etag ||
    (file.fields ?? []).includes(`Last-Modified: ${field("if-range")}`);
  if (from === undefined || !isSame) return cut(head("200 OK", content.length), content);
  if (Number(from) >= content.length) {
    return head("416 Range Not Satisfiable", 0, `Content-Range: bytes */${content.length}`);
  }
  const rest = content.slice(Number(from));
  const range = `Content-Range: bytes ${from}-${content.length - 1}/${content.length}`;
  return cut(head("206 Partial Content", rest.length, range), rest);
}

Deno.test("fetch -C goes on with a download that broke off", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const file: FileServer = { content: "0123456789", etag: '"v1"', breakAfter: 4 };
  await using server = fileServer(file);
  const broken = await fetch(server.url, "-o", path, "-C");
  assertEquals(broken.code, 1);
  assertMatch(broken.stderr, /6 bytes early/);
  assertEquals(namesIn(folder.path), ["file.part", "file.part.json"]);
  assertEquals(Deno.readTextFileSync(`${path}.part`), "0123");
  const second = await fetch(server.url, "-o", path, "-C");
  assertEquals(second.code, 1);
  assertEquals(Deno.readTextFileSync(`${path}.part`), "01234567");
  file.breakAfter = undefined;
  assertEquals((await fetch(server.url, "-o", path, "-C")).code, 0);
  assertEquals(Deno.readTextFileSync(path), "0123456789");
  assertEquals(namesIn(folder.path), ["file"]);
  assertEquals(server.requests.map(({ field }) => [field("range"), field("if-range")]), [
    [undefined, undefined],
    ["bytes=4-", '"v1"'],
    ["bytes=8-", '"v1"'],
  ]);
});

Deno.test("fetch -C never glues a changed file to an old part", async () => {
  const changes: readonly Partial<FileServer>[] = [
    { content: "abcdefghij", etag: '"v2"' },
    { content: "abc", etag: '"v2"' },
    { content: "abcdefghij", etag: '"v2"', ignoresIfRange: true },
    { content: "abc", etag: '"v2"', ignoresIfRange: true },
    { content: "abcdefghij", fields: [], ignoresIfRange: true },
    { content: "abcdefghij", fields: ['ETag: W/"v1"'], ignoresIfRange: true },
  ];
  for (const change of changes) {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/file`;
    const file: FileServer = { content: "0123456789", etag: '"v1"', breakAfter: 4 };
    await using server = fileServer(file);
    await fetch(server.url, "-o", path, "-C");
    Object.assign(file, { breakAfter: undefined, ...change });
    const { code, stderr } = await fetch(server.url, "-o", path, "-C");
    assertEquals(code, 0, stderr);
    assertEquals(Deno.readTextFileSync(path), file.content, JSON.stringify(change));
    assertMatch(stderr, /starts anew/);
    assertEquals(namesIn(folder.path), ["file"]);
  }
});

Deno.test("fetch -C keeps no part that could not be known again", async () => {
  const weak: readonly (readonly string[])[] = [
    [],
    ['ETag: W/"v1"'],
    ["ETag: unquoted"],
    ["Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT"],
    [
      "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT",
      "Date: Thu, 01 Jan 2026 00:00:00 GMT",
    ],
  ];
  for (const fields of weak) {
    await using folder = await temporaryFolder();
    await using server = fileServer({ content: "0123456789", etag: "", breakAfter: 4, fields });
    assertEquals((await fetch(server.url, "-o", `${folder.path}/file`, "-C")).code, 1);
    assertEquals(namesIn(folder.path), [], fields.join());
  }
});

Deno.test("fetch -C knows a file by the date of its last change too", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const fields = [
    "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT",
    "Date: Thu, 01 Jan 2026 00:00:09 GMT",
  ];
  const file: FileServer = { content: "0123456789", etag: "", breakAfter: 4, fields };
  await using server = fileServer(file);
  await fetch(server.url, "-o", path, "-C");
  file.breakAfter = undefined;
  assertEquals((await fetch(server.url, "-o", path, "-C")).code, 0);
  assertEquals(Deno.readTextFileSync(path), "0123456789");
  assertEquals(server.requests[1]?.field("if-range"), "Thu, 01 Jan 2026 00:00:00 GMT");
});

Deno.test("fetch -C takes a part that is whole for the file", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await using server = fileServer({ content: "0123456789", etag: '"v1"' });
  const note = JSON.stringify({ url: server.url, validator: '"v1"' });
  await Deno.writeTextFile(`${path}.part`, "0123456789");
  await Deno.writeTextFile(`${path}.part.json`, note);
  const { code, stderr } = await fetch(server.url, "-o", path, "-C", "--fail");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(namesIn(folder.path), ["file"]);
  // A longer one is of something else.
  await Deno.writeTextFile(`${path}.part`, "0123456789 and more");
  await Deno.writeTextFile(`${path}.part.json`, note);
  assertEquals((await fetch(server.url, "-o", path, "-C")).code, 0);
  assertEquals(Deno.readTextFileSync(path), "0123456789");
});

Deno.test("fetch -C starts anew where what was kept is of another URL, or no note at all", async () => {
  const notes = [
    JSON.stringify({ url: "http://other.example/", validator: '"v1"' }),
    JSON.stringify({ url: "URL", validator: '"v1"\r\nEvil: x' }),
    JSON.stringify({ url: "URL" }),
    "null",
    "{",
    undefined,
  ];
  for (const note of notes) {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/file`;
    await using server = fileServer({ content: "0123456789", etag: '"v1"' });
    await Deno.writeTextFile(`${path}.part`, "abcd");
    if (note !== undefined) {
      await Deno.writeTextFile(`${path}.part.json`, note.replace("URL", server.url));
    }
    assertEquals((await fetch(server.url, "-o", path, "-C")).code, 0);
    assertEquals(Deno.readTextFileSync(path), "0123456789", note);
    assertEquals(server.requests[0]?.field("range"), undefined);
  }
});

Deno.test("fetch -C takes no error page for the file", async () => {
  await using folder = await temporaryFolder();
  await using server = startRawServer(() => answerOf("404 Not Found", "no such page"));
  const argv = ["-o", `${folder.path}/file`, "-C", "--retry", "3"];
  const { code, stderr } = await fetch(server.url, ...argv);
  assertEquals([code, namesIn(folder.path)], [1, []]);
  assertMatch(stderr, /^error: the server answered 404 Not Found; .* left as it was\n$/);
  assertEquals(server.requests.length, 1);
});

Deno.test("fetch --retry goes on, or begins again, where a body breaks off", async () => {
  for (const flags of [["-C"], []]) {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/file`;
    const file: FileServer = { content: "0123456789", etag: '"v1"', breakAfter: 4 };
    let count = 0;
    await using server = startRawServer((request) => {
      if (++count === 3) file.breakAfter = undefined;
      return answerFile(file, request);
    });
    const argv = ["-o", path, "--retry", "3", "--retry-delay", "1ms", ...flags];
    const { code, stderr } = await fetch(server.url, ...argv);
    assertEquals(code, 0, stderr);
    assertEquals(Deno.readTextFileSync(path), "0123456789");
    assertMatch(stderr, /early; try 1 of 3 in \d+ms\n.*try 2 of 3/);
    assertEquals(server.requests.map(({ field }) => field("range")), [
      undefined,
      ...(flags.length > 0 ? ["bytes=4-", "bytes=8-"] : [undefined, undefined]),
    ]);
    assertEquals(namesIn(folder.path), ["file"]);
  }
});

Deno.test("fetch -C goes with nothing that it cannot do", async () => {
  for (
    const more of [
      [],
      ["-o", "-"],
      ["-o", "x", "--compressed"],
      ["-o", "x", "--bytes", "3"],
      ["-o", "x", "-d", "y"],
      ["-o", "x", "-X", "HEAD"],
      ["-o", ".", "--remote-header-name"],
    ]
  ) {
    const { code, stderr } = await fetch("http://127.0.0.1:1/a", "-C", ...more);
    assertEquals(code, 2, more.join(" "));
    assertMatch(stderr, /^error: --continue [^\n]+\n$/);
  }
});

// Names.

Deno.test("fetch -o - writes to stdout", async () => {
  await using server = startRawServer(() => answerOf("200 OK", "here"));
  assertEquals((await fetch(server.url, "-o", "-")).stdout, "here");
});

Deno.test("fetch -o FOLDER names the file as the URL does", async () => {
  await using folder = await temporaryFolder();
  await using server = startRawServer(() =>
    answerOf("200 OK", "x", 'Content-Disposition: attachment; filename="other"')
  );
  assertEquals((await fetch(`${server.url}/a/b%20c.txt?d=e/f`, "-o", folder.path)).code, 0);
  assertEquals((await fetch(`${server.url}/d`, "-o", `${folder.path}/`)).code, 0);
  assertEquals(namesIn(folder.path), ["b c.txt", "d"]);
  for (const path of ["/", "/a/", "/..%2f..%2fetc%2fpasswd", "/%2e%2e%2f", "/.bashrc", "/a%00b"]) {
    const { code, stderr } = await fetch(server.url + path, "-o", folder.path);
    assertEquals(code, 2, path);
    assertStringIncludes(stderr, "-o FILE");
  }
  assertEquals(namesIn(folder.path), ["b c.txt", "d"]);
});

Deno.test("fetch --remote-header-name takes the server's name, and overwrites nothing", async () => {
  await using folder = await temporaryFolder();
  await using server = startRawServer(() =>
    answerOf("200 OK", "new", 'Content-Disposition: attachment; filename="../../report.txt"')
  );
  const argv = [`${server.url}/download`, "-o", `${folder.path}/`, "--remote-header-name"];
  assertEquals((await fetch(...argv)).code, 0);
  assertEquals(namesIn(folder.path), ["report.txt"]);
  await Deno.writeTextFile(`${folder.path}/report.txt`, "old");
  const again = await fetch(...argv);
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "it is there already");
  assertEquals(Deno.readTextFileSync(`${folder.path}/report.txt`), "old");
  const file = await fetch(server.url, "-o", `${folder.path}/x`, "--remote-header-name");
  assertEquals(file.code, 2);
});

Deno.test("a name from elsewhere stays in its folder and is seen there", () => {
  const disposition = (value: string) => proposedName(`attachment; filename=${value}`);
  assertEquals(disposition('"a b.txt"'), "a b.txt");
  assertEquals(disposition("plain.txt; x=y"), "plain.txt");
  assertEquals(disposition('"a\\"b"'), undefined);
  assertEquals(disposition('"C:\\\\dir\\\\file.txt"'), "file.txt");
  assertEquals(
    proposedName("attachment; filename=\"x\"; filename*=UTF-8''%e2%82%ac%20rates"),
    "\u20ac rates",
  );
  assertEquals(proposedName("attachment; filename*=UTF-8''%2e%2e%2fpasswd"), "passwd");
  assertEquals(proposedName("attachment; filename*=UTF-8''%ff; filename=good"), "good");
  const wrong = [
    '""',
    '"."',
    '".."',
    '"../"',
    '".ssh"',
    '"a\u202egpj.exe"',
    '"con.txt"',
    '"a."',
    `"${"x".repeat(300)}"`,
    '"a:b"',
    '"-rf"',
    "--help",
    '"../-rf"',
    '"a\u061cb"',
    '"a\u2028b"',
    '"a\u200bb"',
  ];
  for (const value of wrong) assertEquals(disposition(value), undefined, value);
  assertEquals(proposedName("inline"), undefined);
  assertEquals(nameInUrl("http://host/a/b?c#d"), "b");
  assertEquals(nameInUrl("http://host/%ff"), undefined);
  assertEquals(nameInUrl("http://host/%2Drf"), undefined);
  assertEquals(nameInUrl("http://host/a-b"), "a-b");
});

Deno.test("fetch --fail writes no error page to a file", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await Deno.writeTextFile(path, "good");
  await using server = startRawServer(() => answerOf("404 Not Found", "no such page"));
  const failed = await fetch(server.url, "-o", path, "--fail");
  assertEquals([failed.code, failed.stdout], [1, "no such page"]);
  assertEquals(Deno.readTextFileSync(path), "good");
  assertEquals((await fetch(server.url, "-o", path)).code, 0);
  assertEquals(Deno.readTextFileSync(path), "no such page");
});

Deno.test("fetch --json tells where a body went", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await using server = fileServer({ content: "0123456789", etag: '"v1"' });
  for (const flags of [[], ["-C"]]) {
    const { stdout } = await fetch(server.url, "-o", path, "--json", ...flags);
    const { file, fileBytes, text } = JSON.parse(stdout);
    assertEquals([file, fileBytes, text], [path, 10, undefined]);
  }
  assert(Deno.readTextFileSync(path) === "0123456789");
});
