/** `sockdock key`: lines for a file of users. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { key } from "../../commands/key.ts";
import { passwordCheck } from "../../core/password_hash.ts";
import { UsageError } from "../../core/usage_error.ts";
import { FakeConsole } from "./fake_console.ts";

const bare = { options: {}, given: new Set<string>(), flags: new Set<string>() };

async function lineOf(user: string, stdin: string): Promise<string> {
  const console = new FakeConsole({ stdin: [stdin] });
  await key.run({ arguments: ["password", user], console, ...bare });
  return console.stdoutText;
}

Deno.test("a password becomes one line of user and hash, whatever ended its own line", async () => {
  for (const stdin of ["sesame\n", "sesame\r\n", "sesame"]) {
    const line = await lineOf("alice", stdin);
    assertMatch(line, /^alice:\$pbkdf2-sha256\$600000\$[^\s$]+\$[^\s$]+\n$/);
    assertEquals(await passwordCheck(line.trim().slice("alice:".length))("sesame"), true);
  }
});

Deno.test("a name that the file would not give back is refused", async () => {
  for (const user of ["", "a:b", "a\nb", "#alice", " alice", "alice "]) {
    await assertRejects(() => lineOf(user, "sesame\n"), UsageError, "a user name");
  }
});
