/** What the documentation says of commands, tasks, ports and options is so. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { commands } from "../../commands/index.ts";
import { readArguments } from "../../commands/line/arguments.ts";
import { suitePorts } from "../../commands/serving/builtin_suite.ts";
import { catalogue } from "../../dock/catalogue.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { blocksOf, readPage, shownUrls, sockdockCalls } from "./page.ts";
import { pages, readme, readText, tour } from "./pages.ts";

for (const page of pages) {
  const calls = blocksOf(page).filter(({ kind }) => kind !== "output" && kind !== "seen")
    .flatMap(({ code }) => sockdockCalls(code));
  if (calls.length === 0) continue;
  Deno.test(`every call of sockdock in ${page.path} is one that its command understands`, async () => {
    for (const [name, ...args] of calls) {
      const entry = commands.find((entry) => entry.name === name);
      assert(entry !== undefined, `${page.path}: there is no command ${name}`);
      // Throws when it does not.
      readArguments(await entry.load(), args, () => undefined);
    }
  });
}

Deno.test("README.md and the tour mention every command", () => {
  const text = [readme, ...tour].map(({ markdown }) => markdown).join("\n");
  const missing = commands.filter(({ name }) =>
    !new RegExp(`sockdock ${name}\\b|\`${name}\``).test(text)
  );
  assertEquals(missing.map(({ name }) => name), []);
});

Deno.test("every link of a page to another leads somewhere", () => {
  const known = [
    ...pages,
    ...["README.ja.md", "docs/guides.ja.md", "CONTRIBUTING.md"]
      .map((path) => readPage(path, readText(path))),
  ];
  const broken = known.flatMap(({ path, markdown }) =>
    [...markdown.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, to]) => to!)
      .filter((to) => !/^[a-z]+:/.test(to) && !leadsSomewhere(path, to))
      .map((to) => `${path}: ${to}`)
  );
  assertEquals(broken, []);
});

/** Whether a link leads to a file and, behind #, to one of its headings as GitHub names them. */
function leadsSomewhere(from: string, to: string): boolean {
  const [file = "", anchor] = decodeURI(to).split("#");
  const path = file === "" ? from : new URL(file, `file:///${from}`).pathname.slice(1);
  try {
    const text = readText(path);
    return anchor === undefined || anchorsOf(text).includes(anchor);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "").replaceAll(" ", "-")
  );
}

Deno.test("README.md shows every protocol, transport and layer in its drawing", () => {
  const [, drawing = ""] = /^## One grammar\n+```\n([\s\S]*?)```/m.exec(readme.markdown) ?? [];
  const words = new Set(drawing.match(/[\w]+/g));
  const { protocols, transports, layers } = catalogue();
  const missing = [...protocols, ...transports, ...layers].map(({ name }) => name)
    .filter((name) => !words.has(name));
  assertEquals(missing, []);
});

Deno.test("every command in the text of README.md is one that its command understands", async () => {
  const spans = [
    ...readme.markdown.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`(sockdock [^`]+)`/g),
  ];
  assert(spans.length > 10, `only ${spans.length} were found`);
  for (const [, line = ""] of spans) {
    const [[name, ...args] = []] = sockdockCalls(line);
    const entry = commands.find((entry) => entry.name === name);
    assert(entry !== undefined, `there is no command ${name}`);
    readArguments(await entry.load(), args, () => undefined);
  }
});

Deno.test("the tour listens on ports of its own, and not on those of the built-in suite", () => {
  const suite = Object.values(suitePorts).map(String);
  const listening = tour.flatMap((page) =>
    blocksOf(page).filter(({ kind }) => kind === "server" || kind === "setup")
      .flatMap(({ code }) => shownUrls(code)).flatMap(({ port }) => port ?? [])
  );
  assert(listening.length > 30, `only ${listening.length} ports were found`);
  assertEquals(listening.filter((port) => suite.includes(port)), []);
});

Deno.test("README.md names tasks that exist, and the runtime that CI uses", () => {
  const npx = [...readme.markdown.matchAll(/npx --yes deno@(\S+) task (?:--quiet )?(\w+)/g)];
  const fresh = npx.map(([, , task]) => task);
  assertEquals(fresh.slice(0, 2), ["start", "test"], "the two commands for a fresh machine");
  const tasks = [...readme.markdown.matchAll(/\bdeno(?:@\S+)? task (?:--quiet )?(\w+)/g)]
    .map(([, task]) => task);
  assertEquals(tasks.filter((task) => task === undefined || !(task in denoJson.tasks)), []);
  const [, used] = /npx --yes deno@([\d.]+)/.exec(readText(".ci/run")) ?? [];
  assertEquals([...new Set(npx.map(([, version]) => version))], [used]);
});

Deno.test("CHANGELOG.md has a section for what is not released or for this version", () => {
  const version = RegExp.escape(denoJson.version);
  assertMatch(readText("CHANGELOG.md"), new RegExp(`^## \\[?(Unreleased|${version})\\b`, "mi"));
});
