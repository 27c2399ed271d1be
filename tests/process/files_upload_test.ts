/** Uploads into the program from curl and Python, and folders downloaded from it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { peerTest, runPeer, startPeer } from "../peer.ts";
import { type Program, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

interface Serving extends AsyncDisposable {
  readonly program: Program;
  readonly url: string;
  /** What is served. */
  readonly path: string;
  /** A folder beside it. */
  readonly own: string;
  names(): Promise<string[]>;
}

async function serving(...flags: string[]): Promise<Serving> {
  await using starting = new AsyncDisposableStack();
  const { path: own } = starting.use(await temporaryFolder());
  const path = `${own}/served`;
  await Deno.mkdir(path);
  const args = ["serve", "files", "http://127.0.0.1:0", path, "--upload", "--json", ...flags];
  const program = starting.use(await startProgram(args));
  const owned = starting.move();
  return {
    program,
    url: program.url.replace(/\/$/, ""),
    path,
    own,
    names: async () => (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort(),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Runs curl; its output, then the status. */
async function curl(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await runPeer("curl", ["-sS", "-w", "%{http_code}", ...args]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

peerTest("curl -T stores a file, and replaces it only with --overwrite", ["curl"], async () => {
  for (const overwrite of [false, true]) {
    await using server = await serving(...overwrite ? ["--overwrite"] : []);
    const file = `${server.own}/naïve file.bin`;
    const content = crypto.getRandomValues(new Uint8Array(60_000));
    await Deno.writeFile(file, content);
    const to = `${server.url}/naïve%20file.bin`;
    assertStringIncludes(await curl("-T", file, to), "Stored naïve file.bin (60000 bytes)\n201");
    assertEquals(await Deno.readFile(`${server.path}/naïve file.bin`), content);
    await Deno.writeTextFile(file, "again");
    const answer = await curl("-T", file, to);
    assertStringIncludes(answer, overwrite ? "204" : "is there already");
    const stored = await Deno.readFile(`${server.path}/naïve file.bin`);
    assertEquals(stored.length, overwrite ? 5 : 60_000);
    assertEquals((await server.names()).length, 1);
  }
});

peerTest("curl -F stores several files, also chunked and from a pipe", ["curl"], async () => {
  await using server = await serving();
  for (const name of ["one", "two"]) await Deno.writeTextFile(`${server.own}/${name}`, name);
  const files = ["one", "two"].flatMap((name) => ["-F", `file=@${server.own}/${name}`]);
  assertStringIncludes(await curl(...files, `${server.url}/`), "201");
  const renamed = ["-F", `file=@${server.own}/one;filename=../../say "hi".txt`, "-F", "note=x"];
  assertStringIncludes(await curl(...renamed, `${server.url}/`), `Stored say "hi".txt`);
  const chunked = ["-H", "Transfer-Encoding: chunked", "-H", "Accept: application/json"];
  const answer = await curl(...chunked, "-F", "file=@-;filename=piped", `${server.url}/`);
  assertEquals(answer, '{"files":[{"name":"piped","bytes":0,"replaced":false}]}\n201');
  assertEquals(await server.names(), ["one", "piped", 'say "hi".txt', "two"]);
});

peerTest("what may not be is refused, and curl is told why", ["curl"], async () => {
  await using server = await serving("--max-upload", "1k");
  const file = `${server.own}/large`;
  await Deno.writeFile(file, new Uint8Array(1_000_000));
  assertStringIncludes(await curl("-T", file, `${server.url}/large`), "at most 1024 bytes.\n413");
  assertStringIncludes(
    await curl("-F", `f=@${file}`, `${server.url}/`),
    "at most 1024 bytes.\n413",
  );
  assertStringIncludes(await curl("-F", "f=text", `${server.url}/`), "no file.\n400");
  assertStringIncludes(await curl("-T", file, `${server.url}/none/large`), "404");
  assertStringIncludes(await curl("-T", file, `${server.url}/.hidden`), "404");
  const evil = ["-H", "Origin: http://evil.example", "-T", "/dev/null"];
  assertStringIncludes(await curl(...evil, `${server.url}/x`), "403");
  for (const path of ["/..%2fx", "/%00", "/a%5cb", "//x", "/a%2f..%2f..%2fx"]) {
    assertStringIncludes(await curl("--path-as-is", "-T", "/dev/null", server.url + path), "404");
  }
  assertEquals(await server.names(), []);
  // A URL ends at its root, however many steps up it takes.
  for (const path of ["/../up", "/%2e%2e/dots"]) {
    await curl("--path-as-is", "-T", "/dev/null", server.url + path);
  }
  const beside = await Array.fromAsync(Deno.readDir(server.own), ({ name }) => name);
  assertEquals(beside.sort(), ["large", "served"]);
});

const URLLIB = `
import sys, urllib.request, urllib.error, uuid
base = sys.argv[1]
def ask(path, data, method, **headers):
    request = urllib.request.Request(base + path, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer: print(answer.status, answer.read().decode().strip())
    except urllib.error.HTTPError as error: print(error.code, error.read().decode().strip())
ask("/put", b"x" * 100000, "PUT")
ask("/put", b"y", "PUT")
boundary = uuid.uuid4().hex
body = b"".join(b'--%s\\r\\nContent-Disposition: form-data; name="f"; filename="%s"\\r\\n\\r\\n%s\\r\\n' % (boundary.encode(), n, c) for n, c in [(b"a", b"one"), ("ü".encode(), b"two")])
kind = {"Content-Type": "multipart/form-data; boundary=" + boundary}
ask("/", body + b"--%s--\\r\\n" % boundary.encode(), "POST", **kind)
ask("/", body, "POST", **kind)
ask("/", body[:-40], "POST", **{"Content-Type": "multipart/form-data"})
`;

peerTest("urllib stores files with PUT and with a form", ["python3"], async () => {
  await using server = await serving();
  const { stdout, stderr } = await runPeer("python3", ["-c", URLLIB, server.url]);
  assertEquals(stderr, "");
  assertEquals(stdout.split("\n").slice(0, -1), [
    "201 Stored put (100000 bytes)",
    '409 "put" is there already, and nothing is replaced here.',
    "201 Stored a (3 bytes)",
    "Stored ü (3 bytes)",
    '409 "a" is there already, and nothing is replaced here.',
    "400 The form cannot be read: the Content-Type names no boundary.",
  ]);
  assertEquals(await server.names(), ["a", "put", "ü"]);
});

/** Sends the beginning of an upload with curl, and returns when some of it is on the disk. */
async function beginUpload(server: Serving) {
  using watcher = Deno.watchFs(server.path);
  const client = startPeer("curl", ["-sS", "-T", "-", `${server.url}/slow`]);
  await client.write(new Uint8Array(100_000));
  for await (const { paths } of watcher) {
    if (paths.some((path) => path.includes("/.sockdock-upload-"))) break;
  }
  return client;
}

/** Waits until a folder is empty. */
async function emptied(server: Serving): Promise<void> {
  using watcher = Deno.watchFs(server.path);
  if ((await server.names()).length === 0) return;
  for await (const _ of watcher) if ((await server.names()).length === 0) return;
}

peerTest("a client that leaves in the middle leaves nothing behind", ["curl"], async () => {
  await using server = await serving();
  await using client = await beginUpload(server);
  client.signal("SIGKILL");
  await emptied(server);
});

peerTest("a server that is stopped in the middle leaves nothing behind", ["curl"], async () => {
  await using server = await serving();
  await using client = await beginUpload(server);
  // The second one is impatience; another signal, because the same one twice may count once.
  server.program.signal("SIGINT");
  server.program.signal("SIGTERM");
  await server.program.status;
  assertEquals(await server.names(), []);
  await client.closeInput();
});

peerTest(
  "a client that stops sending is given up, and leaves nothing behind",
  ["curl"],
  async () => {
    await using server = await serving("--body-timeout", "3s");
    await using client = await beginUpload(server);
    await emptied(server);
    await client.closeInput();
  },
);

/** A disk of a megabyte, or null where this user may not make one. */
async function tinyDisk(path: string): Promise<AsyncDisposable | null> {
  const run = (command: string, ...args: string[]) =>
    new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output().catch(() => null);
  const mounted = await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path);
  if (mounted?.success !== true) return null;
  return {
    async [Symbol.asyncDispose]() {
      await run("umount", path);
    },
  };
}

peerTest("a disk that is full says so, and nothing is left on it", ["curl"], async () => {
  await using server = await serving();
  await Deno.mkdir(`${server.path}/disk`);
  await using disk = await tinyDisk(`${server.path}/disk`);
  if (disk === null) return console.log("skipped: no disk can be mounted here");
  const file = `${server.own}/large`;
  await Deno.writeFile(file, new Uint8Array(2_000_000));
  assertStringIncludes(await curl("-T", file, `${server.url}/disk/large`), "507");
  assertStringIncludes(await curl("-F", `f=@${file}`, `${server.url}/disk/`), "507");
  assertEquals(await Array.fromAsync(Deno.readDir(`${server.path}/disk`)), []);
});

peerTest("what curl downloads as zip and tar, Python and unzip read", [
  "curl",
  "python3",
  "unzip",
], async () => {
  await using server = await serving();
  await Deno.mkdir(`${server.path}/docs/empty`, { recursive: true });
  const content = crypto.getRandomValues(new Uint8Array(50_000));
  await Deno.writeFile(`${server.path}/docs/ü.bin`, content);
  for (const format of ["zip", "tar"]) {
    const fetched = ["-OJ", "--output-dir", server.own, `${server.url}/docs/?${format}`];
    assertEquals(await curl(...fetched), "200");
    const script = `import shutil, sys; shutil.unpack_archive(*sys.argv[1:3])`;
    const unpacked = `${server.own}/${format}`;
    // The name that the server gave it.
    const archive = `${server.own}/docs.${format}`;
    await runPeer("python3", ["-c", script, archive, unpacked]);
    assertEquals(await Deno.readFile(`${unpacked}/docs/ü.bin`), content);
    assert((await Deno.stat(`${unpacked}/docs/empty`)).isDirectory);
  }
  assertEquals((await runPeer("unzip", ["-tq", `${server.own}/docs.zip`])).code, 0);
});
