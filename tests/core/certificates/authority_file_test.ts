/** The word that stands for the local authority. */

import { assertEquals, assertThrows } from "@std/assert";
import { authorityFile } from "../../../core/certificates/authority_file.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

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
