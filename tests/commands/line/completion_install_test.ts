import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { completionsScript } from "../../../commands/line/completion.ts";
import { installCompletions, shellInUse } from "../../../commands/line/completion_install.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const variables = (values: Readonly<Record<string, string>>) => (name: string) => values[name];

Deno.test("installCompletions() writes to the user's folders, by HOME or XDG", async () => {
  await using folder = await temporaryFolder();
  const { path: home } = folder;
  for (
    const [shell, set, place] of [
      ["bash", {}, "/.local/share/bash-completion/completions/sockdock"],
      ["bash", { XDG_DATA_HOME: `${home}/d` }, "/d/bash-completion/completions/sockdock"],
      ["fish", {}, "/.config/fish/completions/sockdock.fish"],
      ["fish", { XDG_CONFIG_HOME: `${home}/c` }, "/c/fish/completions/sockdock.fish"],
    ] as const
  ) {
    const env = variables({ HOME: home, ...set });
    const installed = await installCompletions(shell, { env });
    assertEquals(installed, { path: home + place, lines: [] });
    assertEquals(await Deno.readTextFile(home + place), completionsScript(shell));
  }
});

Deno.test("installCompletions() uses a folder where zsh looks, or says what .zshrc needs", async () => {
  await using folder = await temporaryFolder();
  const env = variables({ HOME: folder.path });
  const missing = `${folder.path}/missing`;
  assertEquals(await installCompletions("zsh", { env, zshFolders: [missing] }), {
    path: `${folder.path}/.local/share/zsh/site-functions/_sockdock`,
    lines: [
      `fpath=(${folder.path}/.local/share/zsh/site-functions $fpath)`,
      "autoload -U compinit && compinit",
    ],
  });
  assertEquals(await installCompletions("zsh", { env, zshFolders: [missing, folder.path] }), {
    path: `${folder.path}/_sockdock`,
    lines: [],
  });
});

Deno.test("installCompletions() says what is missing", async () => {
  await using folder = await temporaryFolder();
  const lost = await assertRejects(
    () => installCompletions("bash", { env: variables({}) }),
    UsageError,
  );
  assertStringIncludes(lost.message, "neither XDG_DATA_HOME nor HOME is set");
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const refused = await assertRejects(
    () =>
      installCompletions("fish", { env: variables({ XDG_CONFIG_HOME: `${folder.path}/file` }) }),
    UsageError,
  );
  assertStringIncludes(refused.message, `cannot write ${folder.path}/file/fish/completions`);
});

Deno.test("shellInUse() reads $SHELL", () => {
  assertEquals(shellInUse(variables({ SHELL: "/usr/bin/zsh" })), "zsh");
  assertEquals(shellInUse(variables({ SHELL: "fish" })), "fish");
  assertThrows(() => shellInUse(variables({})), UsageError, "SHELL is not set; name it");
});
