// The command `sockdock list`: prints protocols, transports, layers and their valid combinations.

import { mergeTables } from "../core/options/option.ts";
import { catalogue } from "../dock/catalogue.ts";
import { defineCommand } from "./command.ts";
import { printingOptions } from "./line/common_options.ts";
import { exitCodes } from "./exit_code.ts";
import { type Row, rowsText } from "./manual/text.ts";

export const list = defineCommand({
  name: "list",
  summary: "lists protocols, transports and layers, and which go together",
  usage: "",
  options: mergeTables(printingOptions),
  examples: [{ run: "sockdock list", does: "shows what can be served where" }],
  maxArguments: 0,
  run({ io }) {
    const all = catalogue();
    if (io.json) {
      io.printJson(all);
      return Promise.resolve(exitCodes.ok);
    }
    const sections: readonly (readonly [string, readonly Row[]])[] = [
      [
        "Protocols",
        all.protocols.map((one) => [one.name, `${one.summary}; on ${one.transports.join(" ")}`]),
      ],
      [
        "Transports",
        all.transports.map(({ name, summary, layers }) => [
          `${name}://`,
          layers.length === 0 ? summary : `${summary}; layers: ${layers.join(" ")}`,
        ]),
      ],
      ["Layers", all.layers.map((one) => [one.name, one.summary])],
      ["Not to be had on Deno", all.impossible.map((one) => [one.name, one.reason])],
    ];
    // In a pipe each row is a line, for grep.
    const width = io.stdoutIsTerminal ? io.columns : Infinity;
    for (const [title, rows] of sections) {
      if (rows.length === 0) continue;
      io.print(io.paintStdout("bold", title));
      io.print(`${rowsText(rows, width)}\n`);
    }
    return Promise.resolve(exitCodes.ok);
  },
});
