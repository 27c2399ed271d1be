import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { UsageError } from "../../../core/usage_error.ts";
import { parsePsks, readPskFile } from "../../../layers/dtls/psk_file.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const KEY = "000102030405060708090a0b0c0d0e0f";

Deno.test("each line is an identity, a colon and a key; the rest says nothing", () => {
  const keys = parsePsks(`# ours\nalice:${KEY}\r\n\nurn:dev:1:${KEY.toUpperCase()}\n`, "keys");
  assertEquals([...keys.keys()], ["alice", "urn:dev:1"]);
  assertEquals(keys.get("alice"), Uint8Array.from({ length: 16 }, (_, at) => at));
});

for (
  const [text, complaint] of [
    ["alice", "keys:1: expected identity:key"],
    [`\n:${KEY}`, "keys:2: expected identity:key"],
    ["alice:secret", "the key of alice is not hexadecimal"],
    ["alice:00ff", "the key of alice has 2 bytes; use 16 to 256"],
    [`alice:${KEY}\nalice:${KEY}`, "keys:2: alice is there twice"],
    ["# nothing", "keys holds no key"],
  ] as const
) {
  Deno.test(`a file that says ${JSON.stringify(text.slice(0, 20))} is refused: ${complaint}`, () => {
    const error = assertThrows(() => parsePsks(text, "keys"), UsageError, complaint);
    assertEquals(error.message.includes("secret"), false, "no message shows a key");
  });
}

Deno.test({
  name: "a file that others can read is refused, with the command that forbids it",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const file = `${folder.path}/keys`;
    await Deno.writeTextFile(file, `alice:${KEY}\n`, { mode: 0o644 });
    await assertRejects(() => readPskFile(file), UsageError, `chmod 600 ${file}`);
    await Deno.chmod(file, 0o600);
    assertEquals((await readPskFile(file)).size, 1);
    await assertRejects(() => readPskFile(`${file}2`), UsageError, "there is no such file");
  },
});
