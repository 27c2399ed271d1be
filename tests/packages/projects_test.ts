/** Projects that have the npm package: with vitest, with jest, with TypeScript, and one of Deno. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { findPeer } from "../peer.ts";
import { type NpmProject, npmProject, npmTest } from "./npm_project.ts";

const VITEST = "vitest@5.1.2";
const JEST = "jest@30.0.0";
const TYPESCRIPT = ["typescript@5.9.3", "@types/node@20"];

const page = await Deno.readTextFile(new URL("../../docs/install.md", import.meta.url));

/** The first block of code below a heading of docs/install.md. */
function example(heading: string): string {
  const [, section = ""] = page.split(`# ${heading}\n`);
  const [, code] = /```(?:ts|js|python)[^\n]*\n([^]*?)```/.exec(section) ?? [];
  if (code === undefined) throw new Error(`docs/install.md has no example for ${heading}`);
  return code;
}

/** Puts a file of `projects/` into a project. */
async function put(project: NpmProject, name: string): Promise<void> {
  await project.write(name, await Deno.readTextFile(new URL(`projects/${name}`, import.meta.url)));
}

npmTest("start() serves a test of vitest", async () => {
  const project = await npmProject([VITEST]);
  if (project === null) return;
  await project.write("example.test.ts", example("vitest"));
  const vitest = `${project.path}/node_modules/.bin/vitest`;
  const { code, stdout, stderr } = await project.run(vitest, ["run"]);
  assertEquals(code, 0, stdout + stderr);
  assertMatch(stdout, /Tests +1 passed/);
});

npmTest("start() serves a test of jest", async () => {
  const project = await npmProject([JEST]);
  if (project === null) return;
  await project.write("example.test.cjs", example("jest"));
  const jest = `${project.path}/node_modules/.bin/jest`;
  const { code, stderr } = await project.run(jest, ["--testMatch=**/*.test.cjs"]);
  assertEquals(code, 0, stderr);
  assertMatch(stderr, /Tests: +1 passed/);
});

npmTest("start() serves a test of node:test", async () => {
  const project = await npmProject();
  assert(project !== null, "npm cannot install the package");
  await project.write("example.test.mjs", example("node:test"));
  const { code, stdout } = await project.run(findPeer("node")!, ["--test", "example.test.mjs"]);
  assertEquals(code, 0, stdout);
  assertMatch(stdout, /^# pass 1$|^ℹ pass 1$/m);
});

npmTest("start() has types, for modules and for CommonJS", async () => {
  const project = await npmProject(TYPESCRIPT);
  if (project === null) return;
  await put(project, "types.ts");
  await project.write(
    "types.cts",
    `import { start } from "sockdock";\nvoid start("echo", "x:1");\n`,
  );
  await project.write(
    "older.ts",
    `import { start } from "sockdock";
const server = await start("echo", "tcp://127.0.0.1:0");
await server.stop();
`,
  );
  const strict = ["--strict", "--noEmit"];
  const tsc = `${project.path}/node_modules/.bin/tsc`;
  for (
    const rest of [
      ["--module", "nodenext", "--target", "esnext", "types.ts", "types.cts"],
      // Without what came after ES2022, and without the types of Node.
      ["--module", "node16", "--target", "es2022", "--typeRoots", "none", "types.cts"],
      [
        ...["--module", "esnext", "--moduleResolution", "bundler", "--target", "es2022"],
        ...["--lib", "es2022", "--typeRoots", "none", "older.ts"],
      ],
    ]
  ) {
    const { code, stdout } = await project.run(tsc, [...strict, ...rest]);
    assertEquals(code, 0, stdout);
  }
});

npmTest("the library runs in a Deno project without a flag", async () => {
  const project = await npmProject();
  assert(project !== null, "npm cannot install the package");
  await put(project, "library_test.ts");
  await project.write("example.ts", example("In a Deno project"));
  const environment = { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
  const args = ["test", "--allow-net", "library_test.ts"];
  const { code, stdout, stderr } = await project.run(Deno.execPath(), args, environment);
  assertEquals(code, 0, stdout + stderr);
  assertMatch(stdout, /3 passed/);
  const five = await project.run(
    Deno.execPath(),
    ["run", "--allow-net", "example.ts"],
    environment,
  );
  assertEquals(five.code, 0, five.stderr);
  assertMatch(five.stdout, /Uint8Array\(5\)/);
});
