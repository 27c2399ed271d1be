/** Paths that no link can lead astray. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { LinklessPaths } from "../../../core/files/linkless_paths.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const { FilesystemLoop, NotFound } = Deno.errors;

/** A folder with a file, and links to both. */
async function tree() {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const path = await Deno.realPath(folder.path);
  await Deno.mkdir(`${path}/folder/deep`, { recursive: true });
  await Deno.writeTextFile(`${path}/folder/file`, "content");
  await Deno.symlink("folder", `${path}/link`);
  await Deno.symlink("folder/file", `${path}/to-file`);
  const owned = starting.move();
  return { path, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const ignore = Deno.build.os === "windows";

Deno.test({ name: "the system refuses a link anywhere in a path", ignore }, async () => {
  await using place = await tree();
  const linkless = LinklessPaths.open();
  assert(linkless.isSure);
  const at = (path: string) => linkless.of(`${place.path}/${path}`);
  assertEquals((await linkless.lstat(`${place.path}/folder/file`)).size, 7);
  assertEquals((await linkless.lstat(`${place.path}/link`)).isSymlink, true);
  await Deno.mkdir(at("folder/new"));
  await Deno.link(at("folder/file"), at("folder/second"));
  await Deno.rename(at("folder/second"), at("folder/third"));
  await Deno.chmod(at("folder/third"), 0o600);
  assertEquals([...Deno.readDirSync(at("folder"))].length, 4);
  const work: readonly (() => Promise<unknown>)[] = [
    () => linkless.lstat(`${place.path}/link/file`),
    () => Deno.readFile(at("to-file")),
    () => Array.fromAsync(Deno.readDir(at("link"))),
    () => Deno.mkdir(at("link/another")),
    () => Deno.link(at("folder/file"), at("link/second")),
    () => Deno.rename(at("folder/third"), at("link/second")),
    () => Deno.rename(at("link/third"), at("folder/second")),
    () => Deno.remove(at("link/third")),
    () => Deno.chmod(at("to-file"), 0o600),
    () => linkless.createFile(`${place.path}/link`, "new-"),
  ];
  for (const step of work) await assertRejects(step, FilesystemLoop);
  const names = [...Deno.readDirSync(`${place.path}/folder`)].map(({ name }) => name).sort();
  assertEquals(names, ["deep", "file", "new", "third"]);
});

Deno.test("a file is created with a new name and the usual permissions", async () => {
  await using place = await tree();
  const linkless = LinklessPaths.open();
  const { path, file } = await linkless.createFile(`${place.path}/folder`, "new-");
  file.close();
  assert(path.startsWith(`${place.path}/folder/new-`), path);
  await Deno.writeTextFile(`${place.path}/usual`, "");
  assertEquals((await Deno.stat(path)).mode, (await Deno.stat(`${place.path}/usual`)).mode);
  await linkless.removeFile(path);
  await linkless.removeFile(path);
  await assertRejects(() => Deno.lstat(path), NotFound);
});

Deno.test("an opened file is told from another that has its place", async () => {
  await using place = await tree();
  const linkless = LinklessPaths.open();
  const path = `${place.path}/folder/file`;
  using file = await Deno.open(path);
  const info = await file.stat();
  assertEquals(await linkless.isAt(path, info), true);
  await Deno.remove(path);
  await Deno.writeTextFile(path, "another");
  assertEquals(await linkless.isAt(path, info), false);
});

Deno.test({ name: "our links are made anew when a program has removed them", ignore }, async () => {
  await using place = await tree();
  let nowMs = 0;
  const linkless = LinklessPaths.open({ now: () => nowMs, temporaryFolder: place.path });
  const file = `${place.path}/folder/file`;
  const before = linkless.of(file);
  const folder = before.slice(0, before.indexOf("/l/"));
  for (const taken of [folder, `${folder}/l`, `${folder}/r`]) {
    await Deno.remove(taken, { recursive: true });
    assertThrows(() => Deno.lstatSync(linkless.of(file)), NotFound);
    nowMs += 1001;
    assertEquals(Deno.lstatSync(linkless.of(file)).size, 7);
    assertEquals(linkless.of(file), before);
  }
  assertEquals([...Deno.readDirSync(place.path)].length, 4);
  assertThrows(() => Deno.lstatSync(linkless.of(`${place.path}/link/file`)), FilesystemLoop);
});

Deno.test({ name: "a folder that others can write to is not used", ignore }, async () => {
  await using place = await tree();
  const at = () => {
    const path = LinklessPaths.open({ temporaryFolder: place.path }).of("/x");
    return path.slice(0, path.indexOf("/l/"));
  };
  const shared = at();
  await Deno.chmod(shared, 0o777);
  assert(at() !== shared);
});

Deno.test({ name: "all programs of a user share one folder of links", ignore }, () => {
  const folders = Array.from({ length: 3 }, () => {
    const path = LinklessPaths.open().of("/x");
    return path.slice(0, path.indexOf("/l/"));
  });
  assertEquals(new Set(folders).size, 1);
  assertEquals(Deno.lstatSync(folders[0]!).mode! & 0o777, 0o700);
});

Deno.test({
  name: "a program that may not write everywhere checks paths after their use",
  ignore,
  permissions: { read: true },
}, async () => {
  const linkless = LinklessPaths.open();
  assertEquals(linkless.isSure, false);
  assertEquals((await linkless.lstat(import.meta.filename!)).isFile, true);
  // Most systems have this link.
  if (!(await Deno.lstat("/bin")).isSymlink) return;
  await assertRejects(() => linkless.lstat("/bin/cat"), NotFound);
});
