// The command `sockdock list`: prints protocols, transports, layers and their valid combinations.

import { mergeTables } from "../core/options/option.ts";
import { catalogue } from "../dock/catalogue.ts";
import { defineCommand } from "./command.ts";
import { printingOptions } from "./line/common_options.ts";
import type { Stdio } from "./terminal/stdio.ts";
import { exitCodes } from "./exit_code.ts";
import { alignedRows } from "./terminal/table.ts";

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
    section(
      "Protocols",
      all.protocols.map((one) => [one.name, one.summary, one.transports.join(" ")]),
      io,
    );
    section(
      "Transports",
      all.transports.map((one) => [
        `${one.name}://`,
        one.summary,
        one.layers.length === 0 ? "" : `layers: ${one.layers.join(" ")}`,
      ]),
      io,
    );
    section("Layers", all.layers.map((one) => [one.name, one.summary]), io);
    section("Not to be had on Deno", all.impossible.map((one) => [one.name, one.reason]), io);
    return Promise.resolve(exitCodes.ok);
  },
});

function section(title: string, rows: readonly (readonly string[])[], io: Stdio): void {
  if (rows.length === 0) return;
  io.print(io.paintStdout("bold", title));
  for (const line of alignedRows(rows)) io.print(`  ${line}`);
  io.print("");
}
