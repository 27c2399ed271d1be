/** `completions` as a process, and bash using what it prints. */

import { assertEquals } from "@std/assert";
import { completionsScript } from "../../commands/line/completion.ts";
import { putSockdock } from "../program_on_path.ts";
import { runProgram } from "../program.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

for (const shell of ["bash", "zsh", "fish"] as const) {
  Deno.test(`completions ${shell} prints the script for ${shell}, as it is`, async () => {
    const { code, stdout, stderr } = await runProgram(["completions", shell]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(stdout, completionsScript(shell));
  });
}

async function hasBash(): Promise<boolean> {
  try {
    await using bash = new RunningProcess("bash", ["-c", "true"]);
    return (await bash.finish()).code === 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** A half-typed line and what bash offers in place of its last word. */
const TYPED: readonly [line: string, offered: string][] = [
  ["sockdock se", "serve send"],
  ["sockdock serve ec", "echo"],
  ["sockdock serve echo unix", "unix:// unixgram://"],
  ["sockdock serve echo --rec", "--record"],
  ["sockdock send --color=n", "never"],
  ["sockdock completions ", "bash zsh fish"],
  ["sockdock up ", ""],
];

Deno.test("bash completes a half-typed line with what the program answers", {
  ignore: !await hasBash(),
}, async () => {
  await using folder = await temporaryFolder();
  await putSockdock(folder.path);
  const lines = TYPED.map(([line]) => `complete_line '${line}'`).join("\n");
  const script = `
    compopt() { :; }
    source <(sockdock completions bash)
    complete_line() {
      COMP_LINE=$1 COMP_POINT=\${#1}
      _sockdock sockdock
      echo "\${COMPREPLY[*]}"
    }
    ${lines}`;
  await using bash = new RunningProcess("bash", ["-c", script], {
    env: { PATH: `${folder.path}:${Deno.env.get("PATH") ?? ""}` },
  });
  const { code, stdout, stderr } = await bash.finish();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(stdout, TYPED.map(([, offered]) => `${offered}\n`).join(""));
});
