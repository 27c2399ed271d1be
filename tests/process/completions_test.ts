/** `completions` as a process, and the shells themselves using what it prints and installs. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { completionsScript, shells } from "../../commands/line/completion.ts";
import { type PeerName, peerTest } from "../peer.ts";
import { putSockdock } from "../program_on_path.ts";
import { runProgram } from "../program.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

for (const shell of shells) {
  Deno.test(`completions ${shell} prints the script for ${shell}, as it is`, async () => {
    const { code, stdout, stderr } = await runProgram(["completions", shell]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(stdout, completionsScript(shell));
  });
}

/** A half-typed line and what is offered in place of its last word, where there is a file
 * `ledger.json` and a folder `ledgers`. */
const TYPED: readonly [line: string, offered: string][] = [
  ["sockdock se", "serve send"],
  ["sockdock serve ec", "echo"],
  ["sockdock serve echo unix", "unix:// unixgram://"],
  ["sockdock serve echo htt", ""],
  ["sockdock serve files htt", "http:// https://"],
  ["sockdock serve echo --rec", "--record"],
  ["sockdock serve echo tcp://:0 --hist", ""],
  ["sockdock serve echo --record led", "ledger.json ledgers"],
  ["sockdock serve files --root led", "ledgers"],
  ["sockdock send --color=n", "--color=never"],
  ["sockdock send w", "ws:// wss://"],
  ["sockdock send x --fault lat", "latency="],
  ["sockdock send udp+re", "udp+reliable://"],
  ["sockdock help serve fi", "files"],
  ["sockdock completions ", "bash zsh fish"],
  ["sockdock chat --name led", ""],
  ["sockdock up led", "ledger.json ledgers"],
];

interface ShellPlace extends AsyncDisposable {
  readonly folder: string;
  /** The environment in which `sockdock` is on PATH and the user's folders are in `folder`. */
  readonly env: Readonly<Record<string, string>>;
}

/** A folder with the files of TYPED, for which the completions of a shell are installed. */
async function installed(shell: PeerName): Promise<ShellPlace & { readonly said: string }> {
  const folder = await temporaryFolder();
  await putSockdock(folder.path);
  await Deno.mkdir(`${folder.path}/work/ledgers`, { recursive: true });
  await Deno.writeTextFile(`${folder.path}/work/ledger.json`, "");
  const env = {
    PATH: `${folder.path}:${Deno.env.get("PATH") ?? ""}`,
    SHELL: `/bin/${shell}`,
    HOME: folder.path,
    XDG_DATA_HOME: `${folder.path}/data`,
    XDG_CONFIG_HOME: `${folder.path}/config`,
    // Deno keeps its cache by HOME.
    DENO_DIR: await denoFolder(),
  };
  const { code, stdout, stderr } = await runProgram(["completions", "--install"], { env });
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return {
    folder: folder.path,
    env,
    said: stdout,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function denoFolder(): Promise<string> {
  await using deno = new RunningProcess(Deno.execPath(), ["info", "--json"]);
  return (JSON.parse((await deno.finish()).stdout) as { denoDir: string }).denoDir;
}

peerTest("bash completes with what completions --install wrote", ["bash"], async () => {
  await using place = await installed("bash");
  const file = `${place.folder}/data/bash-completion/completions/sockdock`;
  assertEquals(place.said, `wrote ${file}\nbash completes sockdock from the next shell on\n`);
  const lines = TYPED.map(([line]) => `complete_line '${line}'`).join("\n");
  const script = `
    compopt() { :; }
    source ${file}
    complete_line() {
      COMP_LINE=$1 COMP_POINT=\${#1}
      _sockdock sockdock
      echo "\${COMPREPLY[*]}"
    }
    ${lines}`;
  await using bash = new RunningProcess("bash", ["-c", script], {
    env: place.env,
    cwd: `${place.folder}/work`,
  });
  const { code, stdout, stderr } = await bash.finish();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  // What stands before the last "=" is complete for bash already.
  const offered = TYPED.map(([, offered]) => offered.replace(/^--color=/, ""));
  assertEquals(stdout.trimEnd().split("\n").map(sorted), offered.map(sorted));
});

peerTest("fish completes with what completions --install wrote", ["fish"], async () => {
  await using place = await installed("fish");
  const file = `${place.folder}/config/fish/completions/sockdock.fish`;
  assertEquals(place.said, `wrote ${file}\nfish completes sockdock from the next shell on\n`);
  const lines = TYPED.map(([line]) => `complete --do-complete '${line}'; echo ----`).join("\n");
  await using fish = new RunningProcess("fish", ["-c", lines], {
    env: place.env,
    cwd: `${place.folder}/work`,
  });
  const { code, stdout, stderr } = await fish.finish();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const offered = stdout.split("----\n").slice(0, -1).map((part) =>
    // fish puts a description behind a tab, and a slash behind a folder.
    part.split("\n").map((line) => line.replace(/\t.*/, "").replace(/([^:/])\/$/, "$1"))
      .filter((line) => line !== "").join(" ")
  );
  assertEquals(offered.map(sorted), TYPED.map(([, offered]) => sorted(offered)));
});

/** Lines of which zsh completes the last word to one, and what then stands there. */
const UNIQUE: readonly [line: string, completed: string][] = [
  ["sockdock serve ec", "serve echo "],
  ["sockdock serve echo unixg", "unixgram://"],
  ["sockdock send x --fault lat", "--fault latency="],
  ["sockdock serve echo --record ledger.", "--record ledger.json"],
  ["sockdock serve files --root led", "--root ledgers/"],
  ["sockdock send x --color=al", "--color=always"],
  ["sockdock up --record=ledger.", "--record=ledger.json"],
];

peerTest("zsh completes with the script in a folder of its fpath", ["zsh"], async () => {
  await using place = await installed("bash");
  await Deno.writeTextFile(`${place.folder}/_sockdock`, completionsScript("zsh"));
  const steps = UNIQUE.map(([line, completed]) => `
    zpty -w -n z $'${line}\\t'
    zpty -r z seen '*${completed.replaceAll(/[*?[\]()|<>^~#]/g, "\\$&")}*'
    print -r -- '${completed}'
    zpty -w -n z $'\\C-u'`);
  // A pseudo-terminal, because zsh completes nothing without its line editor.
  const script = `
    zmodload zsh/zpty
    zpty z zsh -f
    zpty -w z 'PS1=ready; fpath=(${place.folder} $fpath); autoload -U compinit; compinit -u -D'
    zpty -w z 'print prepared''-now'
    zpty -r z seen '*prepared-now*'
    ${steps.join("\n")}
    zpty -d z`;
  await using zsh = new RunningProcess("zsh", ["-f", "-c", script], {
    env: { ...place.env, TERM: "dumb" },
    cwd: `${place.folder}/work`,
  });
  const { code, stdout, stderr } = await zsh.finish();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(stdout, UNIQUE.map(([, completed]) => `${completed}\n`).join(""));
});

Deno.test("completions --install asks for the shell where $SHELL does not say it", async () => {
  const { code, stderr } = await runProgram(["completions", "--install"], {
    env: { SHELL: "/bin/csh" },
  });
  assertEquals(code, 2);
  assertStringIncludes(stderr, "SHELL is /bin/csh; name it: bash, zsh, fish");
  const bare = await runProgram(["completions"]);
  assertEquals(bare.code, 2);
  assertMatch(bare.stderr, /name one of bash, zsh, fish, or install the right one with --install/);
});

function sorted(words: string): string {
  return words.split(" ").sort().join(" ");
}
