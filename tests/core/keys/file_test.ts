import { assertEquals, assertRejects } from "@std/assert";
import { readKeyFile } from "../../../core/keys/file.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const BASE64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

Deno.test({
  name: "a device that never ends is no file of keys",
  ignore: Deno.build.os === "windows",
  async fn() {
    await assertRejects(() => readKeyFile("--key", "/dev/zero"), UsageError, "too large");
    await assertRejects(() => readKeyFile("--key", "/dev/null"), UsageError, "holds no key");
  },
});

Deno.test("a file is read whole, and what cannot be read is named", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/keys`;
  const lines = Array.from({ length: 3000 }, (_, index) => `é${index}:aes-gcm:${BASE64}\n`);
  await Deno.writeTextFile(path, lines.join(""), { mode: 0o600 });
  const keys = await readKeyFile("--key", path);
  assertEquals(keys.map(({ name }) => name), lines.map((_, index) => `é${index}`));
  for (const other of [folder.path, `${folder.path}/none`]) {
    await assertRejects(
      () => readKeyFile("--key", other),
      UsageError,
      `--key: cannot read ${other}`,
    );
  }
});
