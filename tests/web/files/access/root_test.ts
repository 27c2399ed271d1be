/** The folder that is served, and what lies in it. */

import { assertEquals, assertNotEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../../../core/usage_error.ts";
import type { Located } from "../../../../web/files/access/located.ts";
import { FileRoot } from "../../../../web/files/access/root.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";

/** A folder with everything that can go wrong, and beside it what must never be seen. */
async function tree() {
  const outer = await temporaryFolder();
  const inside = `${outer.path}/root`;
  await Deno.mkdir(`${inside}/folder/deep`, { recursive: true });
  await Deno.mkdir(`${inside}/.hidden`);
  await Deno.mkdir(`${outer.path}/rootless`);
  await Deno.writeTextFile(`${outer.path}/secret.txt`, "SECRET");
  await Deno.writeTextFile(`${outer.path}/rootless/secret.txt`, "SECRET");
  await Deno.writeTextFile(`${inside}/a.txt`, "hello");
  await Deno.writeTextFile(`${inside}/folder/b.txt`, "world!");
  await Deno.writeTextFile(`${inside}/.hidden/c.txt`, "hidden");
  await Deno.writeTextFile(`${inside}/.env`, "hidden");
  const links: Record<string, string> = {
    "inward": "folder/b.txt",
    "inward-folder": "folder",
    "outward": "../secret.txt",
    "outward-absolute": `${outer.path}/secret.txt`,
    "outward-folder": "..",
    "sibling": "../rootless",
    "self": "self",
    "dangling": "nothing",
    "around": "../root/a.txt",
    "to-hidden": ".env",
  };
  for (const [name, target] of Object.entries(links)) {
    await Deno.symlink(target, `${inside}/${name}`);
  }
  return {
    path: inside,
    outside: outer.path,
    [Symbol.asyncDispose]: () => outer[Symbol.asyncDispose](),
  };
}

async function names(root: FileRoot, folder: Located | null): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of root.entries(folder!)) found.push(name);
  return found.sort();
}

Deno.test("FileRoot.open() refuses what is no folder, and says which", async () => {
  await using folder = await tree();
  const open = (path: string) => FileRoot.open(path, { hidden: false });
  const missing = await assertRejects(() => open(`${folder.path}/nothing`), UsageError);
  assertStringIncludes(missing.message, "there is no such folder");
  const file = await assertRejects(() => open(`${folder.path}/a.txt`), UsageError);
  assertStringIncludes(file.message, `a.txt": it is a file`);
});

Deno.test("locate() finds files and folders, and tells how to call them", async () => {
  await using folder = await tree();
  const root = await FileRoot.open(folder.path, { hidden: false });
  const file = await root.locate("/folder/b%2Etxt");
  assertEquals([file?.kind, file?.urlPath, file?.bytes], ["file", "/folder/b.txt", 6]);
  assertEquals((await root.locate("/"))?.urlPath, "/");
  for (const path of ["/folder", "/folder/"]) {
    const found = await root.locate(path);
    assertEquals([found?.kind, found?.urlPath], ["folder", "/folder/"]);
  }
  assertEquals(
    (await root.locate("/inward"))?.path,
    await Deno.realPath(`${folder.path}/folder/b.txt`),
  );
  assertEquals((await root.locate("/inward-folder/b.txt"))?.urlPath, "/inward-folder/b.txt");
  assertEquals((await root.locate("/around"))?.bytes, 5);
});

Deno.test("locate() finds nothing outside, hidden, broken or of the wrong kind", async () => {
  await using folder = await tree();
  const root = await FileRoot.open(folder.path, { hidden: false });
  const paths = [
    ..."/nothing|/a.txt/|/a.txt/x|/inward/|/outward|/outward-absolute|/outward-folder".split("|"),
    ..."/outward-folder/|/outward-folder/secret.txt|/sibling/secret.txt|/self|/self/x".split("|"),
    ..."/dangling|/.env|/%2eenv|/.hidden/|/.hidden/c.txt|/to-hidden|//a.txt|/../secret.txt".split(
      "|",
    ),
    `/${"x".repeat(255)}/${"x".repeat(255)}`,
    `/${"folder/../".repeat(20)}a.txt`,
  ];
  for (const path of paths) assertEquals(await root.locate(path), null, path);
  const open = await FileRoot.open(folder.path, { hidden: true });
  for (const path of ["/.env", "/.hidden/c.txt", "/to-hidden"]) {
    assertNotEquals(await open.locate(path), null, path);
  }
  assertEquals(await open.locate("/outward"), null);
});

Deno.test("locate() follows a root that is itself a link, or lies in a hidden folder", async () => {
  await using folder = await tree();
  await Deno.symlink(folder.path, `${folder.outside}/link`);
  const linked = await FileRoot.open(`${folder.outside}/link`, { hidden: false });
  assertEquals((await linked.locate("/a.txt"))?.bytes, 5);
  const hidden = await FileRoot.open(`${folder.path}/.hidden`, { hidden: false });
  assertEquals((await hidden.locate("/c.txt"))?.bytes, 6);
});

Deno.test("locate() and entries() pass by what is neither file nor folder", async () => {
  await using folder = await tree();
  const root = await FileRoot.open(folder.path, { hidden: false });
  using _socket = Deno.listen({ transport: "unix", path: `${folder.path}/socket` });
  await Deno.symlink("/dev/null", `${folder.path}/device`);
  assertEquals(await root.locate("/socket"), null);
  assertEquals(await root.locate("/device"), null);
  assertEquals((await names(root, await root.locate("/"))).includes("socket"), false);
});

Deno.test("entries() lists what can be seen", async () => {
  await using folder = await tree();
  const shown = ["a.txt", "around", "folder", "inward", "inward-folder"];
  const root = await FileRoot.open(folder.path, { hidden: false });
  assertEquals(await names(root, await root.locate("/")), shown);
  assertEquals(await names(root, await root.locate("/inward-folder/")), ["b.txt", "deep"]);
  const open = await FileRoot.open(folder.path, { hidden: true });
  const all = [...shown, ".env", ".hidden", "to-hidden"].sort();
  assertEquals(await names(open, await open.locate("/")), all);
});

Deno.test("entries() lists nothing of a folder that a link has taken the place of", async () => {
  await using folder = await tree();
  const root = await FileRoot.open(folder.path, { hidden: false });
  const located = await root.locate("/folder/");
  await Deno.remove(`${folder.path}/folder`, { recursive: true });
  await Deno.symlink("../rootless", `${folder.path}/folder`);
  await assertRejects(() => names(root, located), Deno.errors.NotFound);
});

Deno.test("openFile() opens no file that took the place of the one that was found", async () => {
  await using folder = await tree();
  const root = await FileRoot.open(folder.path, { hidden: false });
  const located = await root.locate("/a.txt");
  await Deno.remove(`${folder.path}/a.txt`);
  assertEquals(await root.openFile(located!), null);
  await Deno.symlink("../secret.txt", `${folder.path}/a.txt`);
  assertEquals(await root.openFile(located!), null);
  await Deno.remove(`${folder.path}/a.txt`);
  await Deno.mkdir(`${folder.path}/a.txt`);
  assertEquals(await root.openFile(located!), null);
  await Deno.remove(`${folder.path}/a.txt`);
  await Deno.copyFile(`${folder.path}/folder/b.txt`, `${folder.path}/c.txt`);
  const third = await root.locate("/c.txt");
  await Deno.rename(`${folder.path}/.env`, `${folder.path}/c.txt`);
  assertEquals(await root.openFile(third!), null);
  const other = await root.openFile((await root.locate("/folder/b.txt"))!);
  other?.file.close();
  assertEquals(other?.info.size, 6);
});

Deno.test("openFile() opens nothing below a folder that a link has taken the place of", async () => {
  await using folder = await tree();
  const root = await FileRoot.open(folder.path, { hidden: false });
  const located = await root.locate("/folder/b.txt");
  // Even where the same file is at the other end.
  await Deno.link(`${folder.path}/folder/b.txt`, `${folder.outside}/rootless/b.txt`);
  await Deno.rename(`${folder.path}/folder`, `${folder.outside}/moved`);
  await Deno.symlink("../rootless", `${folder.path}/folder`);
  assertEquals(await root.openFile(located!), null);
});

Deno.test("newFile() gives the folder and the name, for names that a file may have", async () => {
  await using folder = await tree();
  const root = await FileRoot.open(folder.path, { hidden: false });
  const place = await root.newFile("/folder/new%20file.txt");
  assertEquals([place?.folder.urlPath, place?.name], ["/folder/", "new file.txt"]);
  assertEquals((await root.newFile("/a.txt"))?.name, "a.txt");
  const paths = [
    ..."/|/folder/|/nothing/new|/a.txt/new|/.new|/.hidden/new|/%2e%2e|/..%2fnew|/%00new".split("|"),
    ..."/outward-folder/new|/sibling/new|/../new|/new%0aname|/%7f|/a%5cb".split("|"),
  ];
  for (const path of paths) assertEquals(await root.newFile(path), null, path);
});
