// The command `sockdock completions`: prints the completion script of a shell, or installs it.

import { knownAre } from "../core/options/nearest.ts";
import { flag } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand } from "./command.ts";
import { completionsScript, type Shell, shells } from "./line/completion.ts";
import { installCompletions, shellInUse } from "./line/completion_install.ts";
import { exitCodes } from "./exit_code.ts";

export const completions = defineCommand({
  name: "completions",
  summary: "prints or installs the completion script of a shell",
  usage: "[shell]",
  details:
    `The script asks the program that it completes, so it stays as it is when options change. It
completes the word sockdock, which therefore has to be on PATH.`,
  options: {
    install: flag({
      help: "write the script where the shell looks for it, by default that of $SHELL",
      negatable: false,
    }),
  },
  examples: [
    { run: "sockdock completions --install", does: "installs them for the shell in use" },
    { run: "source <(sockdock completions bash)", does: "uses them in this bash alone" },
  ],
  maxArguments: 1,
  complete: () => shells,
  async run({ arguments: [name], options, io }) {
    if (name === undefined && !options.install) {
      throw new UsageError(
        `which shell? name one of ${shells.join(", ")}, or install the right one with --install`,
      );
    }
    const shell = name === undefined ? shellInUse() : shellByName(name);
    if (!options.install) {
      io.printRaw(completionsScript(shell));
      return exitCodes.ok;
    }
    const { path, lines } = await installCompletions(shell);
    io.print(`wrote ${path}`);
    if (lines.length === 0) {
      io.print(`${shell} completes sockdock from the next shell on`);
    } else {
      io.print(`add to .zshrc, if it is not there yet:`);
      for (const line of lines) io.print(`  ${line}`);
    }
    return exitCodes.ok;
  },
});

function shellByName(name: string): Shell {
  const shell = shells.find((shell) => shell === name);
  if (shell !== undefined) return shell;
  throw new UsageError(
    `unknown shell "${name}"${knownAre(name, shells)}`,
  );
}
