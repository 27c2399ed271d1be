import { assertEquals } from "@std/assert";
import { Console } from "../../../commands/terminal/console.ts";
import { hasTerminal } from "../../../commands/terminal/foreground.ts";

function consoleWith(isTerminal: boolean): Console {
  const output = { isTerminal: false, writeSync: () => {} };
  return new Console({
    stdout: output,
    stderr: output,
    stdin: { isTerminal, read: () => Promise.resolve(null) },
    columns: 80,
    noColor: true,
    promptSecret: () => null,
  });
}

Deno.test("nobody types where stdin is no terminal", () => {
  assertEquals(hasTerminal(consoleWith(false)), false);
});

Deno.test("a terminal in whose foreground we are not is not ours", {
  ignore: Deno.build.os !== "linux",
}, () => {
  const fields = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /s, "").split(" ");
  assertEquals(hasTerminal(consoleWith(true)), fields[2] === fields[5]);
});
