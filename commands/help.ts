// The command `sockdock help`: prints the overview, a page of the manual, all of it, or a man page.

import { flag } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand } from "./command.ts";
import { exitCodes } from "./exit_code.ts";
import { commands } from "./index.ts";

export const help = defineCommand({
  name: "help",
  summary: "explains a command, protocol, transport, layer or topic",
  usage: "[name]...",
  options: {
    man: flag({ help: "print all of it as a man page, sockdock(1)", negatable: false }),
  },
  examples: [
    { run: "sockdock help serve", does: "what can be served, and where" },
    { run: "sockdock help serve chat", does: "the chat and its options" },
    { run: "sockdock help tls", does: "TLS, of servers and clients" },
    { run: "sockdock help all", does: "everything" },
    { run: "sockdock help --man | man -l -", does: "everything, as a man page" },
  ],
  maxArguments: 2,
  async complete([first]) {
    const { manual } = await import("./manual/manual.ts");
    const names = manual(commands).filter(({ folder }) =>
      folder !== "commands" || first === undefined
    )
      .map(({ name }) => name);
    return first === undefined ? [...new Set(names), "all"] : first === "serve" ? names : [];
  },
  async run({ arguments: words, options, io }) {
    const { findPage, manual, overview } = await import("./manual/manual.ts");
    const { pageText } = await import("./manual/text.ts");
    const width = { widthColumns: io.columns };
    if (!options.man && words.length === 0) {
      io.print(pageText(overview(commands), width));
      return exitCodes.ok;
    }
    if (!options.man && words[0] !== "all") {
      io.print(pageText(await findPage(commands, words), width));
      return exitCodes.ok;
    }
    if (options.man && words.length > 0) {
      throw new UsageError(`--man prints all of the manual; leave "${words[0]}" out`);
    }
    const pages = await Promise.all(manual(commands).map((entry) => entry.load()));
    if (options.man) io.printRaw((await import("./manual/roff.ts")).manPage(pages));
    else io.print(pages.map((page) => pageText(page, width)).join(`\n\n${"-".repeat(40)}\n\n`));
    return exitCodes.ok;
  },
});
