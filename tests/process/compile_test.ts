/** `deno task compile`, with compilers that fail in their own way. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const COMPILE_ALL = new URL("../../.ci/compile_all.ts", import.meta.url).pathname;
const COMPILE = new URL("../../.ci/compile.ts", import.meta.url).pathname;

/** A compiler that writes this program where the executable goes, and ends with a code. */
const compiler = (program: string, code: number) =>
  `#!/bin/sh
while [ "$1" != --output ]; do shift; done
printf '#!/bin/sh\\n%s\\n' '${program}' > "$2"
chmod +x "$2"
exit ${code}
`;

Deno.test({
  name: "only an executable that was built and starts takes the place of the one before",
  ignore: Deno.build.os === "windows",
  async fn() {
    const cases = [
      ["exit 0", 1, "Cannot build the executable"],
      ["exit 9", 0, "Cannot start the executable that was built"],
      ["exit 0", 0, ""],
    ] as const;
    await using folder = await temporaryFolder();
    await Deno.mkdir(`${folder.path}/dist`);
    const output = `${folder.path}/dist/sockdock`;
    await Deno.writeTextFile(output, "the one before");
    for (const [program, compilerCode, complaint] of cases) {
      const path = `${folder.path}/compiler`;
      await Deno.writeTextFile(path, compiler(program, compilerCode), { mode: 0o755 });
      const options = ["run", "--allow-all", COMPILE, "--compiler", path, "--output", output];
      await using building = new RunningProcess(Deno.execPath(), options);
      const { code, stderr } = await building.finish();
      assertStringIncludes(stderr, complaint);
      assertEquals(code, complaint === "" ? 0 : 1, stderr);
      const wanted = complaint === "" ? "#!/bin/sh\nexit 0\n" : "the one before";
      assertEquals(await Deno.readTextFile(output), wanted);
      const left = [...Deno.readDirSync(`${folder.path}/dist`)].map(({ name }) => name);
      assertEquals(left, ["sockdock"]);
    }
  },
});

/** A compiler that has the runtime bases of some targets alone, and no local one for a foreign one. */
const crossCompiler = `#!/bin/sh
while [ "$1" != --target ]; do shift; done
case $2 in
*apple*) printf 'Setting up base binary\\nno network' >&2; exit 1;;
esac
target=$2
while [ "$1" != --output ]; do shift; done
printf '#!/bin/sh\\n# %s %s\\n' $target "$DENORT_BIN" > "$2"
chmod +x "$2"
`;

Deno.test({
  name: "compile:all says what does not build, and keeps and sums up what does",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/compiler`;
    await Deno.writeTextFile(path, crossCompiler, { mode: 0o755 });
    const dist = `${folder.path}/dist`;
    await using building = new RunningProcess(Deno.execPath(), [
      ...["run", "--allow-all", COMPILE_ALL, "--compiler", path, "--folder", dist],
    ], { env: { DENORT_BIN: "local" } });
    const { code, stdout, stderr } = await building.finish();
    assertEquals(code, 1);
    const reason = "Cannot build the executable: the runtime base (denort) could not be downloaded";
    assertEquals(stderr.trim().split("\n"), [
      `sockdock-x86_64-apple-darwin: ${reason}`,
      `sockdock-aarch64-apple-darwin: ${reason}`,
      "3 of 5 executables were built",
    ]);
    const names = [
      "sockdock-x86_64-unknown-linux-gnu",
      "sockdock-aarch64-unknown-linux-gnu",
      "sockdock-x86_64-pc-windows-msvc.exe",
    ];
    assertEquals(stdout.trim().split("\n").map((line) => line.split(":")[0]), names);
    const left = [...Deno.readDirSync(dist)].map(({ name }) => name);
    assertEquals(left.toSorted(), ["SHA256SUMS", ...names].toSorted());
    for (const name of names) {
      const isOurs = name.includes(Deno.build.target);
      assertStringIncludes(
        await Deno.readTextFile(`${dist}/${name}`),
        `# ${name.slice("sockdock-".length).replace(".exe", "")} ${isOurs ? "local" : ""}\n`,
      );
    }
    await using checking = new RunningProcess("sha256sum", ["--check", "SHA256SUMS"], {
      cwd: dist,
    });
    const checked = await checking.finish();
    assert(checked.code === 0 && checked.stdout.split(": OK").length === 4, checked.stderr);
  },
});

Deno.test("compile:all names a folder that cannot be made, with the remedy, on one line", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  await using building = new RunningProcess(Deno.execPath(), [
    ...["run", "--quiet", "--allow-all", COMPILE_ALL, "--folder", `${folder.path}/file/dist`],
  ]);
  const { code, stderr } = await building.finish();
  assertEquals(code, 1);
  assertMatch(stderr, /^[^\n]+file\/dist'?; --folder FOLDER puts the executables elsewhere\n$/);
});
