import { assertEquals, assertThrows } from "@std/assert";
import { readArguments } from "../../commands/line/arguments.ts";
import { defineCommand } from "../../commands/command.ts";
import type { Stdio } from "../../commands/terminal/stdio.ts";
import { text } from "../../core/options/option.ts";
import { invocations, serve } from "./example_command.ts";

Deno.test("a command runs with the values that were read for it", async () => {
  const io: Stdio = Object.create(null);
  const call = { ...readArguments(serve, ["--json", "echo"], () => undefined), io };
  assertEquals(await serve.run(call), 0);
  assertEquals(invocations.at(-1)?.options.json, true);
});

Deno.test("defineCommand() keeps --help and -h for itself", () => {
  const shared = {
    name: "x",
    summary: "x",
    usage: "",
    examples: [],
    run: () => Promise.resolve(0),
  };
  assertThrows(
    () => defineCommand({ ...shared, options: { host: text({ help: "x", short: "h" }) } }),
    TypeError,
    "two options claim -h",
  );
});
