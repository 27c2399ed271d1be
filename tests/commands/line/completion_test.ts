import { assertEquals } from "@std/assert";
import { complete, completionsScript, type Shell } from "../../../commands/line/completion.ts";
import { RunningProcess } from "../../running_process.ts";
import { entries } from "../example_command.ts";

Deno.test("complete() offers commands, options, their words and arguments", async () => {
  assertEquals(await complete(entries, ["se"]), ["serve", "send"]);
  assertEquals(await complete(entries, []), ["serve", "send"]);
  assertEquals(await complete(entries, ["serve", ""]), ["echo", "upper"]);
  assertEquals(await complete(entries, ["serve", "--json", "u"]), ["upper"]);
  assertEquals(await complete(entries, ["serve", "echo", "-k", "x", "tcp"]), ["tcp://:3"]);
  assertEquals(await complete(entries, ["serve", "--max"]), ["--max-connections", "--max-message"]);
  assertEquals(await complete(entries, ["serve", "--color", "a"]), ["auto", "always"]);
  assertEquals(await complete(entries, ["serve", "--color=n"]), ["--color=never"]);
  assertEquals(await complete(entries, ["serve", "--key", ""]), [], "a file, for the shell");
  assertEquals(await complete(entries, ["serve", "--json", "--j"]), [], "used already");
  assertEquals(await complete(entries, ["serve", "-H", "a", "--he"]), ["--header", "--help"]);
  assertEquals(await complete(entries, ["serve", "--no-j"]), ["--no-json"]);
  assertEquals((await complete(entries, ["serve", "--"])).includes("--no-compress"), true);
  assertEquals((await complete(entries, ["serve", "--"])).includes("--no-json"), false);
  assertEquals(await complete(entries, ["serve", "--", "--"]), []);
  assertEquals(await complete(entries, ["unheard-of", ""]), []);
});

async function isInstalled(shell: string): Promise<boolean> {
  try {
    await using process = new RunningProcess(shell, ["-c", "true"]);
    return (await process.finish()).code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

for (const shell of ["bash", "zsh", "fish"] as const satisfies readonly Shell[]) {
  const ignore = !await isInstalled(shell);
  Deno.test(`the completions script for ${shell} is one that ${shell} can read`, {
    ignore,
  }, async () => {
    await using process = new RunningProcess(shell, ["-n"]);
    const { code, stderr } = await process.finish(completionsScript(shell));
    assertEquals([code, stderr], [0, ""]);
  });
}

Deno.test("in bash the beginning of a URL is completed across its colon, with no space behind it", {
  ignore: !await isInstalled("bash"),
}, async () => {
  const script = `
    program() { [[ "$*" == "__complete -- serve echo --json tcp:" ]] && echo tcp://; }
    complete() { :; }
    compopt() { echo "compopt $*"; }
    ${completionsScript("bash")}
    COMP_LINE="program serve echo --json tcp:"
    COMP_POINT=\${#COMP_LINE}
    COMP_LINE+="//behind the cursor"
    _sockdock program
    printf '[%s]' "\${COMPREPLY[@]}"`;
  await using bash = new RunningProcess("bash", ["-c", script]);
  assertEquals((await bash.finish()).stdout, "compopt -o nospace\n[//]");
});
