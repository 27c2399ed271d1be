/** Paths that try to leave the folder that is served: none may ever lead to a byte of what lies
 * beside it, and none may make the server fail. */

import { assert, assertEquals } from "@std/assert";
import { serve } from "../../dock/serve.ts";
import { files } from "../../web/files.ts";
import type { Located } from "../../web/files/access/located.ts";
import { FileRoot } from "../../web/files/access/root.ts";
import { newSeed, seeded } from "../seeded.ts";
import { RawHttp } from "../servers/raw_http.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const SECRET = "THIS IS BESIDE THE ROOT";

/** A root with links that lead out of it, and a secret in every place that a path may climb to. */
async function site() {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const root = `${folder.path}/outer/root`;
  await Deno.mkdir(`${root}/sub/deep`, { recursive: true });
  await Deno.mkdir(`${root}/.git`);
  for (
    const place of [
      ...[folder.path, `${folder.path}/outer`, `${root}/.git`].map((path) => `${path}/secret.txt`),
      ...[`${root}/.secret.txt`, `${folder.path}/outer/rootsecret.txt`],
    ]
  ) await Deno.writeTextFile(place, SECRET);
  await Deno.writeTextFile(`${root}/open.txt`, "open");
  await Deno.writeTextFile(`${root}/sub/deep/open.txt`, "open");
  for (
    const [name, target] of [
      ["out", ".."],
      ["out.txt", "../secret.txt"],
      ["sub/out", "../../.."],
      ["open.txt.gz", "../secret.txt"],
      ["loop", "loop"],
      ["sub/up", ".."],
      ["root", `${folder.path}/outer/root`],
      ["absolute", `${folder.path}/secret.txt`],
      ["system", "/etc"],
      ["hidden", ".git"],
    ] as const
  ) await Deno.symlink(target, `${root}/${name}`);
  const server = starting.use(await serve("http://127.0.0.1:0", files, { root }));
  const owned = starting.move();
  return {
    root,
    folder: folder.path,
    server,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const TABLE: readonly string[] = [
  "/../secret.txt",
  "/../../secret.txt",
  "/sub/../../secret.txt",
  "/sub/../open.txt",
  "/..",
  "/../",
  "/.",
  "/./open.txt",
  "/sub/..",
  "/%2e%2e/secret.txt",
  "/%2E%2E/secret.txt",
  "/.%2e/secret.txt",
  "/%2e./secret.txt",
  "/..%2fsecret.txt",
  "/..%2Fsecret.txt",
  "/%2e%2e%2fsecret.txt",
  "/sub%2f..%2f..%2fsecret.txt",
  "/sub%2fdeep/open.txt",
  "/..\\secret.txt",
  "/..%5csecret.txt",
  "/%2e%2e%5Csecret.txt",
  "/sub\\deep\\open.txt",
  "/\\..\\secret.txt",
  "/%252e%252e/secret.txt",
  "/%252e%252e%252fsecret.txt",
  "/..%252fsecret.txt",
  "/%25%32%65%25%32%65/secret.txt",
  "/%c0%ae%c0%ae/secret.txt",
  "/%c0%ae%c0%ae%c0%afsecret.txt",
  "/..%c0%afsecret.txt",
  "/..%c1%9csecret.txt",
  "/%e0%80%ae%e0%80%ae/secret.txt",
  "/%f0%80%80%ae%f0%80%80%ae/secret.txt",
  "/%uff0e%uff0e/secret.txt",
  "/%ef%bc%8e%ef%bc%8e/secret.txt",
  "/..%ef%bc%8fsecret.txt",
  "/%00",
  "/open.txt%00",
  "/open.txt%00.html",
  "/%00/../secret.txt",
  "/../secret.txt%00.txt",
  "//open.txt",
  "//../secret.txt",
  "/sub//deep/open.txt",
  "///",
  "//secret.txt",
  "//etc/passwd",
  "/etc/passwd/../../secret.txt",
  "/%2fetc%2fpasswd",
  "/system/passwd",
  "/system/",
  "/out/secret.txt",
  "/out/",
  "/out/root/open.txt/",
  "/out.txt",
  "/sub/out/secret.txt",
  "/absolute",
  "/root/out/secret.txt",
  "/loop",
  "/loop/",
  "/loop/x",
  "/hidden/secret.txt",
  "/hidden/",
  "/.git/secret.txt",
  "/%2egit/secret.txt",
  "/.secret.txt",
  "/sub/up/.secret.txt",
  "/rootsecret.txt",
  "/../rootsecret.txt",
  "/../root/open.txt",
  "/open.txt/",
  "/open.txt/.",
  "/open.txt/..",
  "/open.txt/../open.txt",
  "/open.txt.",
  "/open.txt%20",
  "/open.txt::$DATA",
  "/con",
  "/nul.txt",
  "/c:/secret.txt",
  "/%",
  "/%2",
  "/%zz",
  "/%ff%fe",
  "/open.txt%",
  "/;/../secret.txt",
  "/..;/secret.txt",
  "/?/../secret.txt",
  "/#/../../secret.txt",
  "/~root/secret.txt",
  `/${"../".repeat(40)}etc/passwd`,
  `/${"sub/../".repeat(40)}open.txt`,
  `/${"%2e%2e/".repeat(40)}etc/passwd`,
  `/${"a".repeat(255)}`,
  `/${"a".repeat(256)}`,
  `/${"a".repeat(8000)}`,
  `/${"a/".repeat(4000)}`,
  `/${"sub/up/".repeat(10)}open.txt`,
  `/${"root/".repeat(10)}open.txt`,
  `/${"root/".repeat(100)}open.txt`,
];

/** What of these may be found: nothing but what is in the root and not hidden. */
const FOUND: ReadonlySet<string> = new Set([
  "/?/../secret.txt",
  `/${"sub/up/".repeat(10)}open.txt`,
  `/${"root/".repeat(10)}open.txt`,
]);

Deno.test("no path of the table leads out of the root, and none breaks the server", async (t) => {
  await using place = await site();
  for (const path of TABLE) {
    await t.step(path.slice(0, 80), async () => {
      // A listing would come compressed, which is no text.
      for (const lines of path.includes("?") ? [[]] : [[], ["Accept-Encoding: gzip"]]) {
        using connection = await RawHttp.open(place.server.url);
        await connection.get(path, "localhost", ...lines);
        const { status, body, headers } = await connection.answer();
        assert(!body.includes(SECRET) && !body.includes("root:"), body);
        // The engine itself refuses what is no target of a request.
        const expected = FOUND.has(path) ? [200] : [400, 404];
        assert(expected.includes(status), `${status} ${headers.get("location")}`);
      }
    });
  }
});

const PIECES: readonly string[] = [
  ..."/ / / / . .. ... open.txt secret.txt sub deep out out.txt root up loop .git .secret.txt"
    .split(" "),
  ..."\\ %2e %2E %2e%2e %2f %5c %00 %25 %252e %252f %c0%ae %e0%80%af %ff % %zz ; : ? # & ~ é".split(
    " ",
  ),
  ..."%20 .gz .br absolute system hidden passwd etc . .. %2e. nul con aux.txt ::$DATA ?zip ?json"
    .split(" "),
];

/** A path of random pieces, each of whose letters may be encoded. */
function randomPath(random: () => number): string {
  let path = random() < 0.95 ? "/" : "";
  for (let left = Math.floor(random() * 12); left > 0; left--) {
    const piece = PIECES[Math.floor(random() * PIECES.length)]!;
    path += random() < 0.2
      ? piece.replace(
        /[\w.]/g,
        (letter) =>
          random() < 0.5 ? letter : `%${letter.charCodeAt(0).toString(16).padStart(2, "0")}`,
      )
      : piece;
    if (random() < 0.5) path += "/";
  }
  return path;
}

Deno.test("whatever locate() finds lies in the root and is not hidden, for 20,000 paths", async () => {
  await using place = await site();
  const root = await FileRoot.open(place.root, { hidden: false });
  const random = seeded(newSeed());
  let found = 0;
  for (let run = 0; run < 20_000; run++) {
    const path = randomPath(random);
    const located = await root.locate(path);
    if (located === null) continue;
    found++;
    assert(located.path === root.path || located.path.startsWith(`${root.path}/`), path);
    assert(!located.path.slice(root.path.length).includes("/."), path);
    assertEquals(await Deno.realPath(located.path), located.path, path);
  }
  assert(found > 100, `only ${found} were found`);
});

Deno.test("nothing outside is ever served and nothing answers 5xx, for 4,000 paths", async () => {
  await using place = await site();
  const random = seeded(newSeed());
  const authority = new URL(place.server.url).host;
  const statuses = new Map<number, number>();
  let connection = await RawHttp.open(place.server.url);
  using _last = { [Symbol.dispose]: () => connection[Symbol.dispose]() };
  for (let run = 0; run < 4000; run++) {
    // What is not ASCII could not stand in a request line.
    let path = randomPath(random).replaceAll("é", "%c3%a9");
    if (!path.startsWith("/")) path = `http://${authority}/${path}`;
    // Archives come in chunks that are no text.
    if (/(?:z|%7a)(?:i|%69)(?:p|%70)/.test(path)) path = path.replaceAll("?", "%3f");
    await connection.get(path, "localhost");
    const { status, body, headers } = await connection.answer();
    // The server goes on with nothing after a target that is malformed.
    if (headers.get("connection") === "close") {
      connection[Symbol.dispose]();
      connection = await RawHttp.open(place.server.url);
    }
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    assert(!body.includes(SECRET) && !body.includes("root:x:0"), path);
    assert(status < 500, `${status} for ${path}`);
  }
  assert((statuses.get(200) ?? 0) > 20, `${[...statuses]}`);
});

Deno.test("a file swapped for a link to the outside again and again is never served", async () => {
  await using place = await site();
  const path = `${place.root}/swapped.txt`;
  const toFile = async () => {
    await Deno.writeTextFile(`${place.folder}/file`, "open");
    await Deno.rename(`${place.folder}/file`, path);
  };
  const toLink = async () => {
    await Deno.symlink(`${place.folder}/secret.txt`, `${place.folder}/link`);
    await Deno.rename(`${place.folder}/link`, path);
  };
  const root = await FileRoot.open(place.root, { hidden: false });
  const locate = () => root.locate("/swapped.txt");
  const read = async (located: Located | null) => {
    const opened = located && await root.openFile(located);
    if (opened === null) return null;
    using handle = opened.file;
    const buffer = new Uint8Array(100);
    const count = await handle.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, count ?? 0));
  };
  const random = seeded(newSeed());
  /** Swaps after so many calls to the disk, so that it happens at any step of what runs beside
   * it. */
  const late = async (swap: () => Promise<void>) => {
    for (let calls = Math.floor(random() * 5); calls > 0; calls--) await Deno.lstat(place.root);
    await swap();
  };
  for (let run = 0; run < 300; run++) {
    await toFile();
    const file = await locate();
    assertEquals(await read(file), "open");
    // While it is opened.
    const [text] = await Promise.all([read(file), late(toLink)]);
    assert(text === null || text === "open", `${text}`);
    assertEquals(await read(file), null);
    assertEquals(await locate(), null);
    // While it is looked for, in both directions.
    const [found] = await Promise.all([locate(), late(toFile)]);
    assertEquals(await read(found), found === null ? null : "open");
    const [before] = await Promise.all([locate(), late(toLink)]);
    assertEquals(await read(before), null);
  }
});
