// The command `sockdock completions`: prints a completion script for a shell.

import { didYouMean } from "../core/options/nearest.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand } from "./command.ts";
import { completionsScript, type Shell } from "./line/completion.ts";
import { exitCodes } from "./exit_code.ts";

const shells: readonly Shell[] = ["bash", "zsh", "fish"];

export const completions = defineCommand({
  name: "completions",
  summary: "prints the completion script of a shell",
  usage: "<shell>",
  options: {},
  examples: [
    { run: "sockdock completions bash > ~/.sockdock.bash", does: "makes a script to source" },
  ],
  minArguments: 1,
  maxArguments: 1,
  complete: () => shells,
  run({ arguments: [name = ""], io }) {
    const shell = shells.find((shell) => shell === name);
    if (shell === undefined) {
      throw new UsageError(
        `unknown shell "${name}"${didYouMean(name, shells)}; known are ${shells.join(", ")}`,
      );
    }
    io.printRaw(completionsScript(shell));
    return Promise.resolve(exitCodes.ok);
  },
});
