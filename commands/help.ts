// The command `sockdock help`: prints the overview, one command, or the whole reference.

import { flag } from "../core/options/option.ts";
import { didYouMean } from "../core/options/nearest.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand } from "./command.ts";
import { exitCodes } from "./exit_code.ts";
import { helpText } from "./line/help_text.ts";
import { commands } from "./index.ts";

export const help = defineCommand({
  name: "help",
  summary: "explains sockdock or one of its commands",
  usage: "[command]",
  options: {
    markdown: flag({ help: "print the whole reference as Markdown", negatable: false }),
  },
  examples: [{ run: "sockdock help serve", does: "explains serve and all its options" }],
  maxArguments: 1,
  complete: () => commands.map((entry) => entry.name),
  async run({ arguments: [name], options, io }) {
    if (options.markdown) {
      const { referenceMarkdown } = await import("./line/reference.ts");
      const all = await Promise.all(commands.map((entry) => entry.load()));
      io.printRaw(referenceMarkdown(all));
      return exitCodes.ok;
    }
    if (name === undefined) {
      io.print(helpText(commands, { widthColumns: io.columns }));
      return exitCodes.ok;
    }
    const entry = commands.find((entry) => entry.name === name);
    if (entry === undefined) {
      throw new UsageError(
        `unknown command "${name}"${didYouMean(name, commands.map((entry) => entry.name))}`,
      );
    }
    io.print(helpText(await entry.load(), { widthColumns: io.columns }));
    return exitCodes.ok;
  },
});
