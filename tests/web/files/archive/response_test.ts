/** Folders as zip and tar: sound for the programs that unpack them, and holding nothing that is not
 * below the folder. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { archiveResponse, attachment } from "../../../../web/files/archive/response.ts";
import {
  type ArchiveContent,
  type ArchiveMember,
  ContentShrunkError,
} from "../../../../web/files/archive/member.ts";
import { archiveName } from "../../../../web/files/archive/walk.ts";
import type { Located } from "../../../../web/files/access/located.ts";
import { FileRoot } from "../../../../web/files/access/root.ts";
import { tar } from "../../../../web/files/archive/tar.ts";
import { zip } from "../../../../web/files/archive/zip.ts";
import { FakeTime } from "../../../fake_time.ts";
import { peerTest, runPeer } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";

const MODIFIED_MS = Date.UTC(2021, 4, 6, 7, 8, 10);
const LONG = "n".repeat(240);

const LIMITS = { maxEntries: 1000, maxDepth: 20, maxArchives: 2, stallTimeoutMs: 60_000 };

interface Site extends AsyncDisposable {
  readonly path: string;
  readonly root: FileRoot;
  locate(path: string): Promise<Located>;
}

/** A folder with what is easy and what is not. */
async function site(): Promise<Site> {
  await using starting = new AsyncDisposableStack();
  const { path: outside } = starting.use(await temporaryFolder());
  const path = `${outside}/site`;
  await Deno.mkdir(`${path}/docs/empty`, { recursive: true });
  await Deno.mkdir(`${path}/docs/${LONG}`);
  await Deno.writeTextFile(`${outside}/secret`, "secret");
  await Deno.writeTextFile(`${path}/docs/a.txt`, "hello");
  await Deno.writeTextFile(`${path}/docs/none`, "");
  await Deno.writeTextFile(`${path}/docs/.hidden`, "hidden");
  await Deno.writeTextFile(`${path}/docs/run.sh`, "#!/bin/sh\n", { mode: 0o755 });
  await Deno.writeTextFile(`${path}/docs/${LONG}/${LONG}.txt`, "deep");
  await Deno.writeTextFile(`${path}/docs/日本 ü.txt`, "names");
  await Deno.writeFile(`${path}/docs/large`, largeContent());
  await Deno.utime(`${path}/docs/a.txt`, MODIFIED_MS / 1000, MODIFIED_MS / 1000);
  await Deno.symlink("..", `${path}/docs/loop`);
  await Deno.symlink(".", `${path}/docs/self`);
  await Deno.symlink(`${outside}/secret`, `${path}/docs/leak`);
  await Deno.symlink(outside, `${path}/docs/leaks`);
  await Deno.symlink("a.txt", `${path}/docs/link`);
  const root = await FileRoot.open(path, { hidden: false });
  const owned = starting.move();
  return {
    path,
    root,
    async locate(path) {
      const found = await root.locate(path);
      assert(found !== null);
      return found;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** More than one piece, and none like the one before. */
function largeContent(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 700_001 }, (_, index) => index * 7 + (index >> 8));
}

const request = new Request("http://localhost/docs/?zip");

/** Writes the folder's archive to a file, and returns its path. */
async function archived(site: Site, format: "zip" | "tar"): Promise<string> {
  const response = await archiveResponse(request, await site.locate("/docs/"), format, site.root);
  assertEquals(response.status, 200);
  const path = `${site.path}/../out.${format}`;
  await Deno.writeFile(path, response.body ?? new Uint8Array());
  return path;
}

/** What Python sees in an archive, and does when it unpacks it. */
const PYTHON = `
import hashlib, json, sys, tarfile, zipfile
path = sys.argv[1]
found = {}
if path.endswith("zip"):
    with zipfile.ZipFile(path) as z:
        assert z.testzip() is None
        for i in z.infolist():
            content = z.read(i)
            found[i.filename] = [len(content), hashlib.sha256(content).hexdigest(), i.external_attr >> 16 & 0o777]
            if i.filename.endswith("a.txt"): found["time"] = list(i.date_time)
else:
    with tarfile.open(path) as t:
        for i in t:
            content = t.extractfile(i).read() if i.isfile() else b""
            found[i.name + ("/" if i.isdir() else "")] = [len(content), hashlib.sha256(content).hexdigest(), i.mode]
            if i.name.endswith("a.txt"): found["time"] = i.mtime
print(json.dumps(found))
`;

for (const format of ["zip", "tar"] as const) {
  peerTest(
    `python unpacks a folder's ${format}, and only what is below it`,
    ["python3"],
    async () => {
      await using folder = await site();
      const path = await archived(folder, format);
      const { stdout, stderr } = await runPeer("python3", ["-c", PYTHON, path]);
      assertEquals(stderr, "");
      const { time, ...found } = JSON.parse(stdout) as Record<string, [number, string, number]>;
      // A link that leads inside is the file it leads to. "loop" leads to the root, which holds
      // docs itself once more, and there the walk ends.
      const names = [
        "",
        "a.txt",
        "link",
        "none",
        "run.sh",
        "large",
        "日本 ü.txt",
        "empty/",
        "loop/",
      ]
        .concat(`${LONG}/`, `${LONG}/${LONG}.txt`).map((name) => `docs/${name}`);
      assertEquals(Object.keys(found).sort(), names.sort());
      assertEquals(found["docs/large"]?.[0], 700_001);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", largeContent()));
      assertEquals(found["docs/large"]?.[1], digest.toHex());
      assertEquals(found["docs/none"]?.[0], 0);
      assertEquals(found["docs/run.sh"]?.[2], 0o755);
      assertEquals(found["docs/a.txt"]?.[2], 0o644);
      assertEquals(time as unknown, format === "zip" ? [2021, 5, 6, 7, 8, 10] : MODIFIED_MS / 1000);
    },
  );
}

peerTest("unzip finds no fault in a folder's zip", ["unzip"], async () => {
  await using folder = await site();
  const { code, stdout } = await runPeer("unzip", ["-t", await archived(folder, "zip")]);
  assertEquals(code, 0);
  assertStringIncludes(stdout, "No errors detected");
});

Deno.test("an archive is called as its folder, and a HEAD has its head alone", async () => {
  await using folder = await site();
  const head = new Request(request, { method: "HEAD" });
  for (const [path, name] of [["/docs/", "docs"], ["/", "site"]] as const) {
    const { status, headers, body } = await archiveResponse(
      head,
      await folder.locate(path),
      "zip",
      folder.root,
    );
    assertEquals({ status, body }, { status: 200, body: null });
    assertEquals(headers.get("content-type"), "application/zip");
    assertStringIncludes(headers.get("content-disposition") ?? "", `filename="${name}.zip"`);
  }
});

Deno.test("a name of any characters stays in its header", () => {
  assertEquals(
    attachment(`naïve "a\\b"\r\n;x.zip`),
    `attachment; filename="na_ve _a_b___;x.zip"; ` +
      `filename*=UTF-8''na%C3%AFve%20%22a%5Cb%22%0D%0A%3Bx.zip`,
  );
  new Headers({ "content-disposition": attachment("\ud800\0'()*%.zip") });
});

Deno.test("no name in an archive can lead out of where it is unpacked", () => {
  const names: [name: string, inside: string][] = [
    ["..", "_"],
    [".", "_"],
    ["", "_"],
    ["a/../b", "a%2F..%2Fb"],
    ["..\\..\\evil", "..%5C..%5Cevil"],
    ["C:\\evil", "C%3A%5Cevil"],
    ["c:", "c%3A"],
    ["12:30.log", "12:30.log"],
    ["new\nline\0", "new%0Aline%00"],
    ["...", "..."],
  ];
  for (const [name, inside] of names) assertEquals(archiveName(name), inside);
});

Deno.test("a folder that holds too much or is too deep is refused in a sentence", async () => {
  await using folder = await site();
  const docs = await folder.locate("/docs/");
  for (
    const [limits, reason] of [[{ maxEntries: 5 }, "more than 5"], [{ maxDepth: 1 }, "1 deep"]]
  ) {
    const all = { ...LIMITS, ...limits as Partial<typeof LIMITS> };
    const response = await archiveResponse(request, docs, "zip", folder.root, all);
    assertEquals(response.status, 403);
    assertStringIncludes(await response.text(), String(reason));
  }
});

Deno.test("links that lead round and round end at the limit of entries", async () => {
  await using folder = await site();
  // Every folder links to every other: far more ways than could ever be walked.
  for (let from = 0; from < 12; from++) {
    await Deno.mkdir(`${folder.path}/web/${from}`, { recursive: true });
    for (let to = 0; to < 12; to++) {
      await Deno.symlink(`../${to}`, `${folder.path}/web/${from}/${to}`);
    }
  }
  const web = await folder.locate("/web/");
  const response = await archiveResponse(request, web, "zip", folder.root, LIMITS);
  assertEquals(response.status, 403);
  await response.body?.cancel();
});

Deno.test("only so many archives are made at a time, and one that is left makes room", async () => {
  await using folder = await site();
  const docs = await folder.locate("/docs/");
  const ask = () => archiveResponse(request, docs, "tar", folder.root, LIMITS);
  const first = await ask();
  const second = await ask();
  const third = await ask();
  assertEquals([first.status, second.status, third.status], [200, 200, 503]);
  assertMatch(await third.text(), /try again/);
  // In the middle of a file; the sanitizer sees whether it is closed.
  const reader = first.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  const fourth = await ask();
  assertEquals(fourth.status, 200);
  await second.body?.cancel();
  await fourth.body?.cancel();
});

Deno.test("a stalled archive gives way to another client, one that is taken does not", async () => {
  await using folder = await site();
  using time = new FakeTime();
  const docs = await folder.locate("/docs/");
  const ask = () => archiveResponse(request, docs, "tar", folder.root, LIMITS);
  const stalled = (await ask()).body!.getReader();
  const taken = (await ask()).body!.getReader();
  await stalled.read();
  await time.advance(4000);
  await taken.read();
  assertEquals((await ask()).status, 503);
  await time.advance(1000);
  const next = await ask();
  assertEquals(next.status, 200);
  await assertRejects(() => stalled.read(), Error, "others were waiting");
  assertEquals((await taken.read()).done, false);
  assertEquals((await ask()).status, 503);
  await taken.cancel();
  await next.body?.cancel();
});

Deno.test("HEAD of an archive has the status of GET", async () => {
  await using folder = await site();
  const docs = await folder.locate("/docs/");
  const head = new Request("http://localhost/docs/?zip", { method: "HEAD" });
  const ask = async (request: Request, limits: Partial<typeof LIMITS> = {}) => {
    const response = await archiveResponse(request, docs, "zip", folder.root, {
      ...LIMITS,
      ...limits,
    });
    await response.body?.cancel();
    return [response.status, response.headers.get("content-type")];
  };
  for (const limits of [{}, { maxEntries: 2 }, { maxDepth: 1 }]) {
    assertEquals(await ask(head, limits), await ask(request, limits));
  }
  // It holds no place.
  for (let count = 0; count < 5; count++) assertEquals((await ask(head))[0], 200);
  const [one, other] = [await open(), await open()];
  assertEquals((await ask(head))[0], 503);
  await one.body?.cancel();
  await other.body?.cancel();

  function open(): Promise<Response> {
    return archiveResponse(request, docs, "zip", folder.root, LIMITS);
  }
});

Deno.test("a client that takes nothing is given up", async () => {
  await using folder = await site();
  const docs = await folder.locate("/docs/");
  const impatient = { ...LIMITS, maxArchives: 1, stallTimeoutMs: 1 };
  const { body } = await archiveResponse(request, docs, "tar", folder.root, impatient);
  await assertRejects(async () => await body?.getReader().closed, DOMException, "Nobody took");
  const again = await archiveResponse(request, docs, "tar", folder.root, LIMITS);
  assertEquals(again.status, 200);
  await again.body?.cancel();
});

/** A file that pretends to have some bytes and holds others. */
function fakeMember(path: string, bytes: number, held = bytes): ArchiveMember {
  return {
    kind: "file",
    path,
    modifiedMs: MODIFIED_MS,
    open(): Promise<ArchiveContent> {
      let left = held;
      return Promise.resolve({
        bytes,
        executable: false,
        read(into) {
          const count = Math.min(left, into.length);
          left -= count;
          return Promise.resolve(count === 0 ? null : count);
        },
        [Symbol.dispose]() {},
      });
    },
  };
}

async function* members(...given: ArchiveMember[]): AsyncGenerator<ArchiveMember> {
  yield* given;
}

/** Writes an archive without its zeros, which are most of it. */
async function writeSparse(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (piece.length > 50_000) await file.seek(piece.length, Deno.SeekMode.Current);
    else await file.write(piece);
  }
  await file.truncate(bytes);
}

const PYTHON_SIZES = `
import json, sys, tarfile, zipfile
path = sys.argv[1]
if path.endswith("zip"):
    z = zipfile.ZipFile(path)
    found = [[i.filename, i.file_size] for i in z.infolist()]
    z.open(z.infolist()[-1]).read()
else:
    found = [[i.name, i.size] for i in tarfile.open(path)]
print(json.dumps(found))
`;

for (
  const [format, make, bytes] of [["zip", zip, 2 ** 32 + 5], ["tar", tar, 2 ** 33 + 5]] as const
) {
  peerTest(`files past the old limits of ${format} keep their sizes`, ["python3"], async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/large.${format}`;
    const given = members(fakeMember("huge", bytes), fakeMember("after", 3));
    await writeSparse(path, make(given));
    const { stdout, stderr } = await runPeer("python3", ["-c", PYTHON_SIZES, path]);
    assertEquals(stderr, "");
    assertEquals(JSON.parse(stdout), [["huge", bytes], ["after", 3]]);
  });
}

peerTest("a zip of 70,000 files is read whole", ["python3"], async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/many.zip`;
  const given = Array.from({ length: 70_000 }, (_, index) => fakeMember(`f${index}`, 1));
  await writeSparse(path, zip(members(...given)));
  const { stdout } = await runPeer("python3", ["-c", PYTHON_SIZES, path]);
  assertEquals((JSON.parse(stdout) as unknown[]).length, 70_000);
});

peerTest(
  "a zip stays sound when files grow or shrink while they are read",
  ["python3"],
  async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/changing.zip`;
    const given = [
      fakeMember("shrunk small", 100, 10),
      fakeMember("shrunk", 400_000, 300_000),
      fakeMember("grown", 300_000, 400_000),
      fakeMember("after", 3),
    ];
    const zipped = await Array.fromAsync(zip(members(...given)));
    await Deno.writeFile(path, new Uint8Array(await new Blob(zipped).arrayBuffer()));
    const { stdout } = await runPeer("python3", ["-c", PYTHON, path]);
    const { time: _, ...found } = JSON.parse(stdout) as Record<string, [number]>;
    const sizes = Object.fromEntries(Object.entries(found).map(([name, [size]]) => [name, size]));
    assertEquals(sizes, { "shrunk small": 10, shrunk: 300_000, grown: 300_000, after: 3 });
  },
);

Deno.test("a tar breaks off when a file shrinks, for its size was told before", async () => {
  const given = members(fakeMember("shrunk", 400_000, 300_000));
  await assertRejects(() => Array.fromAsync(tar(given)), ContentShrunkError, "shrunk");
  const grown = await Array.fromAsync(tar(members(fakeMember("grown", 10, 20))));
  assertEquals(grown.reduce((sum, { length }) => sum + length, 0), 512 + 512 + 1024);
});
