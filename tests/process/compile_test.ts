/** `deno task compile`, with compilers that fail in their own way. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

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
