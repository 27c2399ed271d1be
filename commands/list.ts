// `sockdock list`: what there is and what goes with what.

import { mergeTables } from "../core/options/option.ts";
import { catalogue } from "../dock/catalogue.ts";
import { defineCommand } from "./command.ts";
import { consoleOptions } from "./line/common_options.ts";
import type { Console } from "./terminal/console.ts";
import { exitCodes } from "./exit_code.ts";
import { alignedRows } from "./terminal/table.ts";

export const list = defineCommand({
  name: "list",
  summary: "lists protocols, transports and layers, and which go together",
  usage: "",
  options: mergeTables(consoleOptions),
  examples: [{ run: "sockdock list", does: "shows what can be served where" }],
  maxArguments: 0,
  run({ console }) {
    const all = catalogue();
    if (console.json) {
      console.printJson(all);
      return Promise.resolve(exitCodes.ok);
    }
    section(
      "Protocols",
      all.protocols.map((one) => [one.name, one.summary, one.transports.join(" ")]),
      console,
    );
    section(
      "Transports",
      all.transports.map((one) => [
        `${one.name}://`,
        one.summary,
        one.layers.length === 0 ? "" : `layers: ${one.layers.join(" ")}`,
      ]),
      console,
    );
    section("Layers", all.layers.map((one) => [one.name, one.summary]), console);
    section("Not to be had on Deno", all.impossible.map((one) => [one.name, one.reason]), console);
    return Promise.resolve(exitCodes.ok);
  },
});

function section(title: string, rows: readonly (readonly string[])[], console: Console): void {
  if (rows.length === 0) return;
  console.print(console.paintStdout("bold", title));
  for (const line of alignedRows(rows)) console.print(`  ${line}`);
  console.print("");
}
