/** The image's recipe. Docker is not needed: what the image runs is run here. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { RunningProcess } from "../running_process.ts";
import { runProgram, startProgram } from "../program.ts";

const root = new URL("../../", import.meta.url);
const recipe = Deno.readTextFileSync(new URL("packages/docker/Dockerfile", root));

/** The words of an instruction in its form of a list. */
function words(instruction: string): string[] {
  const joined = recipe.replaceAll("\\\n", "");
  const [, list = "[]"] = new RegExp(`^${instruction}\\b.*?(\\[.*\\])$`, "m").exec(joined) ?? [];
  return JSON.parse(list);
}

Deno.test("the image runs without privileges, on bases with a version", () => {
  const bases = [...recipe.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base!);
  assertEquals(bases.length, 2);
  for (const base of bases) assertMatch(base, /:(?!latest)[\w.]+/);
  assertMatch(bases[1]!, /\/distroless\/cc-debian\d+:nonroot$/);
  const [, user] = /^USER (\S+)$/m.exec(recipe) ?? [];
  assertMatch(user ?? "root", /^[1-9]\d+:[1-9]\d+$/);
});

Deno.test("the image's health is that of what it serves", async () => {
  const [entry = ""] = words("ENTRYPOINT");
  // Its port on every interface; here a free one on loopback.
  const command = words("CMD").map((word) => word.replace("0.0.0.0:8080", "127.0.0.1:0"));
  const health = words("HEALTHCHECK");
  assertEquals(health[0], entry);
  await using server = await startProgram([...command, "--json"]);
  const probe = health.slice(1).map((word) =>
    word.replace("http://127.0.0.1:8080", server.url).replace("3s", "30s")
  );
  assertEquals((await runProgram(probe)).code, 0);
  server.signal("SIGTERM");
  await server.ended();
  const late = probe.map((word) => word.replace("30s", "50ms"));
  assertEquals((await runProgram(late)).code, 3);
});

Deno.test("what the executable is built from is not kept out of the image's build", async () => {
  const patterns = Deno.readTextFileSync(new URL(".dockerignore", root)).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  // A star in a pattern ends at a slash, and so names files in the root alone.
  const isKept = (path: string) =>
    !patterns.some((pattern) =>
      pattern.startsWith("*")
        ? !path.includes("/") && path.endsWith(pattern.slice(1))
        : `${path}/`.startsWith(`${pattern}/`)
    );
  await using info = new RunningProcess(Deno.execPath(), [
    ...["info", "--json", "--quiet", new URL("main.ts", root).pathname],
  ]);
  const { modules } = JSON.parse((await info.finish()).stdout) as {
    readonly modules: readonly { readonly local?: string; readonly specifier: string }[];
  };
  const ours = modules.map(({ specifier }) => specifier).filter((one) => one.startsWith(root.href))
    .map((one) => one.slice(root.href.length));
  assert(ours.length > 300);
  const needed = [...ours, "deno.json", "deno.lock", ".ci/compile.ts", ".ci/executable.ts"];
  assertEquals(needed.filter((path) => !isKept(path)), []);
});
