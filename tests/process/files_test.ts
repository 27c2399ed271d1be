/** `serve files` as a program, read by curl and by Python's urllib. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { peerTest, runPeer } from "../peer.ts";
import { runProgram, startProgram } from "../program.ts";
import { putSockdock } from "../program_on_path.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const TEXT = "one line of many\n".repeat(20_000);

/** A folder with a large text file and a page. */
async function site() {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/text.txt`, TEXT);
  await Deno.mkdir(`${folder.path}/public`);
  await Deno.writeTextFile(`${folder.path}/public/index.html`, "<h1>Hello</h1>");
  return folder;
}

Deno.test("the folder can be named after the URL, by --root, and by a configuration", async () => {
  await using folder = await site();
  const root = `${folder.path}/public`;
  const config = `${folder.path}/sockdock.json`;
  await Deno.writeTextFile(
    config,
    JSON.stringify({ server: [{ serve: "files", on: "http://127.0.0.1:0", root }] }),
  );
  for (
    const words of [
      ["serve", "files", "http://127.0.0.1:0", root],
      ["serve", "files", "http://127.0.0.1:0", "--root", root],
      ["up", config],
    ]
  ) {
    await using program = await startProgram([...words, "--json"]);
    const response = await fetch(program.url);
    assertEquals(await response.text(), "<h1>Hello</h1>", words.join(" "));
  }
});

Deno.test("a folder that is not there is a mistake of usage", async () => {
  const { code, stderr } = await runProgram(["serve", "files", "http://127.0.0.1:0", "not-there"]);
  assertEquals(code, 2);
  assertMatch(stderr, /^.*Cannot serve the folder "not-there": there is no such folder\n$/);
});

Deno.test("a wrong header, origin or index is a mistake of usage", async () => {
  for (
    const [flag, value] of [["--response-header", "x"], ["--cors-origin", "x"], ["--index", "a/b"]]
  ) {
    const words = ["serve", "files", "http://127.0.0.1:0", ".", flag!, value!];
    const { code, stderr } = await runProgram(words);
    assertEquals(code, 2);
    assertStringIncludes(stderr, `${flag}: expected`);
  }
});

peerTest("curl resumes, asks for ranges, compression and only what is new", ["curl"], async () => {
  await using folder = await site();
  await using program = await startProgram([
    ...["serve", "files", "http://127.0.0.1:0", folder.path, "--json"],
  ]);
  const url = `${program.url.replace(/\/$/, "")}/text.txt`;
  const curl = async (...args: string[]) => {
    const { code, stdout, stderr } = await runPeer("curl", ["-sS", ...args]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" }, args.join(" "));
    return stdout;
  };
  const saved = `${folder.path}/saved`;
  await Deno.writeTextFile(saved, TEXT.slice(0, 100_000));
  await curl("-C", "-", "-o", saved, url);
  assertEquals(await Deno.readTextFile(saved), TEXT);
  assertEquals(await curl("-r", "-5", url), "many\n");
  assertMatch(await curl("-r", "0-2,-4", url), /\r\none\r\n--[\s\S]*\r\nany\n\r\n--/);
  assertEquals(await curl("--compressed", url), TEXT);
  const status = ["-o", `${folder.path}/other`, "-w", "%{http_code} %{size_download}"];
  assertMatch(await curl("--compressed", ...status, url), /^200 \d{1,4}$/);
  const tag = `${folder.path}/tag`;
  assertMatch(await curl("--etag-save", tag, ...status, url), /^200 340000$/);
  assertEquals(await curl("--etag-compare", tag, ...status, url), "304 0");
  assertEquals(await curl("-z", saved, ...status, url), "304 0");
  assertMatch(await curl("-I", url), /^HTTP\/1\.1 200 [\s\S]*\r\ncontent-length: 340000\r\n/);
  assertEquals(await curl("-L", `${program.url.replace(/\/$/, "")}/public`), "<h1>Hello</h1>");
  assertEquals(
    await curl("--path-as-is", ...status, `${program.url.replace(/\/$/, "")}/../etc/passwd`),
    "404 10",
  );
});

peerTest(
  "urllib reads a file, follows to a folder, and sees what has not changed",
  ["python3"],
  async () => {
    await using folder = await site();
    await using program = await startProgram([
      ...["serve", "files", "http://127.0.0.1:0", folder.path, "--json"],
    ]);
    const script = `
import sys, urllib.error, urllib.request
url = sys.argv[1].rstrip("/")
with urllib.request.urlopen(url + "/text.txt", timeout=10) as response:
    print(response.status, response.headers["Content-Type"], len(response.read()))
    tag = response.headers["ETag"]
with urllib.request.urlopen(url + "/public", timeout=10) as response:
    print(response.geturl()[len(url):], response.read().decode())
try:
    request = urllib.request.Request(url + "/text.txt", headers={"If-None-Match": tag})
    urllib.request.urlopen(request, timeout=10)
except urllib.error.HTTPError as error:
    print(error.code)
`;
    const { code, stdout, stderr } = await runPeer("python3", ["-c", script, program.url]);
    assert(code === 0, stderr);
    assertEquals(stdout, "200 text/plain; charset=utf-8 340000\n/public/ <h1>Hello</h1>\n304\n");
  },
);

peerTest(
  "a folder that may not be read is refused before anything listens",
  ["setpriv"],
  async () => {
    await using folder = await temporaryFolder();
    const program = await putSockdock(folder.path);
    const locked = `${folder.path}/locked`;
    await Deno.mkdir(locked);
    // Root may read everything, unless it gives that up.
    const privileges = ["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"];
    const serving = (...flags: string[]) =>
      runPeer("setpriv", [
        ...(Deno.uid() === 0 ? privileges : []),
        ...[program, "serve", "files", "http://127.0.0.1:0", locked, ...flags],
      ], { env: { NO_COLOR: "1" } });
    for (const mode of [0o000, 0o311]) {
      await Deno.chmod(locked, mode);
      const { code, stderr } = await serving();
      assertEquals(code, 2, stderr);
      assertMatch(stderr, /^error: Cannot serve the folder .*locked": it may not be read/);
    }
    await Deno.chmod(locked, 0o000);
    const unlisted = await serving("--no-listing", "--no-archive");
    assertEquals(unlisted.code, 2, unlisted.stderr);
    await Deno.chmod(locked, 0o700);
  },
);
