import { assertEquals, assertStringIncludes } from "@std/assert";
import { referenceMarkdown } from "../../../commands/line/reference.ts";
import { environmentName, text } from "../../../core/options/option.ts";
import { RunningProcess } from "../../running_process.ts";
import { options, serve } from "../example_command.ts";

Deno.test("referenceMarkdown() lists every option with its variable and default", () => {
  const page = referenceMarkdown([serve]);
  assertStringIncludes(
    page,
    "## sockdock serve\n\nStarts one protocol on one or several endpoints.",
  );
  assertStringIncludes(
    page,
    "- `--idle-timeout <duration>`, `SOCKDOCK_IDLE_TIMEOUT`: end a session that says nothing (default\n  `1m`)",
  );
  assertStringIncludes(page, "### Limits of serve\n\n- `--max-connections <number>`");
  for (const key of Object.keys(options)) {
    assertStringIncludes(page, `\`${environmentName(key)}\`:`);
  }
});

Deno.test("referenceMarkdown() passes the format check unchanged", async () => {
  const odd = {
    ...serve,
    details: `Takes <any> *number* of snake_case words, 1 < 2, \`a <b>\`. ${
      "More words. ".repeat(30)
    }`,
    options: {
      ...options,
      until: text({ help: "end * on <this> message, with `--until q` the letter q ".repeat(4) }),
    },
  };
  const page = referenceMarkdown([odd, { ...serve, name: "send" }]);
  assertStringIncludes(page, "Takes \\<any> \\*number\\* of snake\\_case words, 1 \\< 2, `a <b>`.");
  const format = ["fmt", "--line-width=100", "--ext=md", "-"];
  await using deno = new RunningProcess(Deno.execPath(), format);
  assertEquals((await deno.finish(page)).stdout, page);
});
