/** CONTRIBUTING.md is true: its first change works in a copy of the sources. */

import { assert, assertEquals } from "@std/assert";
import { dirname } from "node:path";
import { runFlags } from "../../.ci/permissions.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { readText } from "./pages.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** How long one of the commands may take on a loaded machine. */
const CHECK_DEADLINE_MS = 300_000;

/** What the first change does to the sources, in its order: a whole file, or lines added to one. */
interface Step {
  readonly path: string;
  readonly kind: "file" | "lines";
  readonly code: string;
}

/** Each block stands behind the path that the text before it names last. */
function stepsOf(section: string): Step[] {
  const steps: Step[] = [];
  let path = "";
  for (const [index, part] of section.split(/^```/m).entries()) {
    if (index % 2 === 0) {
      path = [...part.matchAll(/`([\w/]+\.ts)`/g)].at(-1)?.[1] ?? path;
      continue;
    }
    const end = part.indexOf("\n");
    const [language, code] = [part.slice(0, end), part.slice(end + 1)];
    if (language === "ts ignore") steps.push({ path, kind: "file", code });
    else if (language === "diff") steps.push({ path, kind: "lines", code });
  }
  return steps;
}

async function apply(folder: string, { path, kind, code }: Step): Promise<void> {
  const file = `${folder}/${path}`;
  if (kind === "file") return await Deno.writeTextFile(file, code, { createNew: true });
  const lines = code.trimEnd().split("\n");
  const without = lines.filter((line) => !line.startsWith("+")).map((line) => line.slice(1));
  const text = await Deno.readTextFile(file);
  assert(text.includes(without.join("\n")), `${path} has no such place:\n${code}`);
  const added = lines.map((line) => line.slice(1)).join("\n");
  await Deno.writeTextFile(file, text.replace(without.join("\n"), () => added));
}

/** Copies what the program and one test of it are made of. */
async function copySources(to: string): Promise<void> {
  async function copy(path: string): Promise<void> {
    for await (const { name, isDirectory, isFile } of Deno.readDir(ROOT + path)) {
      if (/^(?:\.git|dist|docs|tour|node_modules)$/.test(name)) continue;
      if (isDirectory) await copy(`${path}${name}/`);
      else if (isFile) {
        const target = `${to}/${path}${name}`;
        await Deno.mkdir(dirname(target), { recursive: true });
        await Deno.copyFile(`${ROOT}${path}${name}`, target);
      }
    }
  }
  await copy("");
}

// The sources are what it is about, not an executable that was built from them.
const ignore = Deno.env.has("SOCKDOCK_EXECUTABLE");

Deno.test(
  "the first change of CONTRIBUTING.md gives a protocol that works",
  { ignore },
  async () => {
    await using folder = await temporaryFolder();
    await copySources(folder.path);
    const [, section = ""] = readText("CONTRIBUTING.md").split(/^## A first change$/m);
    const steps = stepsOf(section.split(/^## /m)[0]!);
    assertEquals(steps.map(({ path }) => path), [
      "protocols/reverse.ts",
      "protocols/index.ts",
      "protocols/index.ts",
      "tests/protocols/reverse_test.ts",
    ]);
    for (const step of steps) await apply(folder.path, step);

    const run = async (args: readonly string[]) => {
      await using process = new RunningProcess(Deno.execPath(), args, {
        cwd: folder.path,
        env: { NO_COLOR: "1" },
      });
      await process.closeInput();
      // The type check begins from nothing, because the copy is new.
      const { code, stdout, stderr } = await process.ended(CHECK_DEADLINE_MS);
      assertEquals(code, 0, stdout + stderr);
      return stdout;
    };
    await run(["fmt", "--check", ...new Set(steps.map(({ path }) => path))]);
    await run(["lint", "protocols"]);
    await run(["check", "main.ts"]);
    await run(["test", "--allow-all", "tests/protocols/reverse_test.ts"]);

    const sockdock = ["run", "--quiet", ...runFlags(), "main.ts"];
    await using server = new RunningProcess(
      Deno.execPath(),
      [...sockdock, "serve", "reverse", "tcp://:0", "udp://:0", "--json"],
      { cwd: folder.path },
    );
    for (const _ of ["tcp", "udp"]) {
      const [, url = ""] = await server.stdout.line(/^\{"event":"listening",.*?"url":"([^"]+)"/);
      assertEquals(
        (await run([...sockdock, "send", url, "was", "it", "a", "rat"])).trim(),
        "tar a ti saw",
      );
    }
  },
);
