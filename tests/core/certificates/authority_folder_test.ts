/** The local authority on disk, and the word that stands for it. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { createAuthority } from "../../../core/certificates/authority.ts";
import {
  authorityFile,
  loadAuthority,
  openAuthority,
} from "../../../core/certificates/authority_folder.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const mode = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
const onWindows = Deno.build.os === "windows";

/** A data folder with an authority in it, and what goes wrong when it is loaded. */
async function failing(spoil: (folder: string) => Promise<void>): Promise<string> {
  await using folder = await temporaryFolder();
  await openAuthority(folder.path, Date.now());
  await spoil(`${folder.path}/authority`);
  const before = [...Deno.readDirSync(`${folder.path}/authority`)].map(({ name }) => name).sort();
  const error = await assertRejects(() => openAuthority(folder.path, Date.now()), UsageError);
  const after = [...Deno.readDirSync(`${folder.path}/authority`)].map(({ name }) => name).sort();
  assertEquals(after, before, "nothing is made in its place");
  return error.message.replaceAll(folder.path, "DATA");
}

Deno.test({
  name: "an authority is made once, its key and folder its owner's alone",
  ignore: onWindows,
}, async () => {
  await using folder = await temporaryFolder();
  const data = `${folder.path}/deep/data`;
  assertEquals(await loadAuthority(data), null);
  const { authority, made } = await openAuthority(data, Date.now());
  assert(made);
  assertEquals(authority.certFile, `${data}/authority/authority.pem`);
  assertEquals(await Deno.readTextFile(authority.keyFile), authority.key);
  assertEquals(
    await Promise.all([data, `${data}/authority`, authority.keyFile].map(mode)),
    [0o700, 0o700, 0o600],
  );
  assertEquals(await openAuthority(data, Date.now()), { authority, made: false });
  assertEquals(await loadAuthority(data), authority);
  assertEquals([...Deno.readDirSync(data)].map(({ name }) => name), ["authority"]);
});

Deno.test("of many that make an authority at once one wins, and all have that one", async () => {
  await using folder = await temporaryFolder();
  const opened = await Promise.all(
    Array.from({ length: 8 }, () => openAuthority(folder.path, Date.now())),
  );
  assertEquals(opened.filter(({ made }) => made).length, 1);
  assertEquals(new Set(opened.map(({ authority }) => authority.key)).size, 1);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["authority"]);
});

Deno.test(
  { name: "a key that others can read is refused with the remedy", ignore: onWindows },
  async () => {
    const readable = await failing((folder) => Deno.chmod(`${folder}/authority.key`, 0o640));
    assertEquals(
      readable,
      "DATA/authority/authority.key can be read or changed by other users of this machine " +
        "(mode 640); if none of them did, make it yours alone with: " +
        "chmod go= DATA/authority/authority.key",
    );
    const open = await failing((folder) => Deno.chmod(folder, 0o755));
    assertStringIncludes(open, "DATA/authority can be read or changed by other users");
  },
);

Deno.test({
  name: "no authority is made or used where everyone can write",
  ignore: onWindows,
}, async () => {
  const used = await failing((folder) => Deno.chmod(folder.replace(/\/authority$/, ""), 0o777));
  assertEquals(
    used,
    "everyone on this machine can write to DATA, so no authority is kept there; " +
      "take that away with: chmod o-w DATA",
  );
  await using folder = await temporaryFolder();
  await Deno.chmod(folder.path, 0o1777);
  await assertRejects(() => openAuthority(folder.path, Date.now()), UsageError, "everyone");
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("an authority that is incomplete or damaged is refused, and not replaced", async () => {
  const without = await failing((folder) => Deno.remove(`${folder}/authority.key`));
  assertStringIncludes(without, "one of its files is missing; restore it, or move the folder away");
  const uncertain = await failing((folder) => Deno.remove(`${folder}/authority.pem`));
  assertStringIncludes(uncertain, "one of its files is missing");
  const damaged = await failing((folder) => Deno.writeTextFile(`${folder}/authority.pem`, "x"));
  assertStringIncludes(damaged, "one of its files is damaged");
  const { cert } = await createAuthority();
  const other = await failing((folder) => Deno.writeTextFile(`${folder}/authority.pem`, cert));
  assertStringIncludes(other, "its key is not that of its certificate");
});

Deno.test("a folder that cannot be written is an error that names why", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  await assertRejects(
    () => openAuthority(`${folder.path}/file`, Date.now()),
    Error,
    "ot a directory",
  );
});

async function withAuthority() {
  const folder = await temporaryFolder();
  await Deno.mkdir(`${folder.path}/authority`, { mode: 0o700 });
  await Deno.writeTextFile(`${folder.path}/authority/authority.pem`, "");
  return folder;
}

Deno.test("local is the authority of the folder that is named, and any other word a file", async () => {
  await using folder = await withAuthority();
  assertEquals(authorityFile("local", folder.path), `${folder.path}/authority/authority.pem`);
  assertEquals(authorityFile("./local", folder.path), "./local");
  await using empty = await temporaryFolder();
  assertThrows(() => authorityFile("local", empty.path), UsageError, "there is no local authority");
});

Deno.test({
  name: "an authority that others may have put there is not believed",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await withAuthority();
    await Deno.chmod(`${folder.path}/authority`, 0o770);
    assertThrows(() => authorityFile("local", folder.path), UsageError, "other users");
    await Deno.chmod(`${folder.path}/authority`, 0o700);
    await Deno.chmod(folder.path, 0o777);
    assertThrows(() => authorityFile("local", folder.path), UsageError, "everyone");
  },
});
