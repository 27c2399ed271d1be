import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { referencePages, writtenPages } from "../../../.ci/reference.ts";
import { commandPage } from "../../../commands/manual/commands.ts";
import { pageMarkdown } from "../../../.ci/reference/markdown.ts";
import { environmentName, text } from "../../../core/options/option.ts";
import { RunningProcess } from "../../running_process.ts";
import { options, serve } from "../example_command.ts";

Deno.test("pageMarkdown() lists every option with its variable and default", () => {
  const page = pageMarkdown(commandPage(serve));
  assertStringIncludes(page, "# serve\n\nStarts one protocol on one or several endpoints.");
  assertStringIncludes(
    page,
    "- `--idle-timeout <duration>`, `SOCKDOCK_IDLE_TIMEOUT`: end a session that says nothing (default\n  `1m`)",
  );
  assertStringIncludes(page, "## Limits\n\n- `--max-connections <number>`");
  for (const key of Object.keys(options)) {
    assertStringIncludes(page, `\`${environmentName(key)}\`:`);
  }
});

Deno.test("pageMarkdown() passes the format check unchanged", async () => {
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
  const page = pageMarkdown(commandPage(odd));
  assertStringIncludes(page, "Takes \\<any> \\*number\\* of snake\\_case words, 1 \\< 2, `a <b>`.");
  const format = ["fmt", "--line-width=100", "--ext=md", "-"];
  await using deno = new RunningProcess(Deno.execPath(), format);
  assertEquals((await deno.finish(page)).stdout, page);
});

Deno.test("docs/reference/ is what deno task reference writes", async () => {
  const [expected, written] = [await referencePages(), await writtenPages()];
  const remedy = "run: deno task reference";
  assertEquals([...written.keys()].sort(), [...expected.keys()].sort(), remedy);
  // The pages are long, and a comparison would print all of one.
  for (const [path, page] of expected) {
    assert(written.get(path) === page, `docs/reference/${path} is out of date; ${remedy}`);
  }
});

Deno.test("every link in docs/reference/ leads to a page", async () => {
  const pages = await referencePages();
  const root = new URL("file:///docs/reference/");
  for (const [path, page] of pages) {
    for (const [, link] of page.matchAll(/\]\(([^)]+)\)/g)) {
      const target = new URL(link!, new URL(path, root));
      const inside = target.pathname.slice(root.pathname.length);
      if (target.pathname.startsWith(root.pathname)) assert(pages.has(inside), `${path}: ${link}`);
      else await Deno.stat(new URL(`../../..${target.pathname}`, import.meta.url));
    }
  }
});
