import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commands } from "../../../commands/index.ts";
import { manual } from "../../../commands/manual/manual.ts";
import { manPage } from "../../../commands/manual/roff.ts";
import { environmentName } from "../../../core/options/option.ts";
import { VERSION } from "../../../core/version.ts";
import { peerTest } from "../../peer.ts";
import { runProgram } from "../../program.ts";
import { RunningProcess } from "../../running_process.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

async function wholePage(): Promise<string> {
  return manPage(await Promise.all(manual(commands).map((entry) => entry.load())));
}

Deno.test("manPage() has every option of every command, and the version", async () => {
  const page = await wholePage();
  assertMatch(page, new RegExp(`^\\.TH SOCKDOCK 1 "" "sockdock ${VERSION}"`));
  for (const { load } of commands) {
    for (const key of Object.keys((await load()).options)) {
      assert(page.includes(`[${environmentName(key)}]`), key);
    }
  }
});

Deno.test("manPage() keeps what roff would take for a request or an escape", () => {
  const page = manPage([{
    folder: "topics",
    name: "odd",
    summary: ".begins like a request",
    usage: ["a \\ b"],
    paragraphs: ["'quoted' and \u00e9 and --flag and `code`"],
    sections: [],
  }]);
  assertStringIncludes(page, "\n\\&.begins like a request");
  assertStringIncludes(page, "\n.B a \\e b\n");
  assertStringIncludes(page, "\n\\&'quoted' and \\[u00E9] and \\-\\-flag and \\fBcode\\fR\n");
});

/** The checkers of man pages, each of which says what it minds. */
const CHECKS = [
  ["man", ["--warnings", "--local-file"]],
  ["groff", ["-man", "-ww", "-z"]],
] as const;

for (const [program, args] of CHECKS) {
  peerTest(`${program} has nothing to say against help --man`, [program], async () => {
    const { code, stdout } = await runProgram(["help", "--man"]);
    assertEquals(code, 0);
    await using folder = await temporaryFolder();
    const file = `${folder.path}/sockdock.1`;
    await Deno.writeTextFile(file, stdout);
    await using checker = new RunningProcess(program, [...args, file], {
      env: { MANWIDTH: "80", LC_ALL: "C.UTF-8" },
    });
    const said = await checker.finish();
    assertEquals([said.code, said.stderr], [0, ""]);
    if (program === "man") assertStringIncludes(said.stdout, "--reliable-window <size>");
  });
}
