import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { commands } from "../../commands/index.ts";
import { overview } from "../../commands/manual/manual.ts";
import { pageText } from "../../commands/manual/text.ts";
import { runCommandLine } from "../../commands/run.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { VERSION } from "../../core/version.ts";
import { freePort } from "../free_port.ts";
import { type FakeParts, FakeStdio } from "./fake_stdio.ts";

/** Runs one command line in this process. */
async function run(
  argv: readonly string[],
  { env = {}, ...parts }: FakeParts & { readonly env?: Readonly<Record<string, string>> } = {},
) {
  const io = new FakeStdio(parts);
  const code = await runCommandLine(argv, io, (name) => env[name]);
  return { code, stdout: io.stdoutText, stderr: io.stderrText };
}

Deno.test("--help shows the overview, as help does", async () => {
  const expected = { code: 0, stdout: `${pageText(overview(commands))}\n`, stderr: "" };
  for (const argv of [["help"], ["--help"], ["-h"]]) {
    assertEquals(await run(argv), expected, argv.join(" "));
  }
  for (const { name, summary } of commands) {
    assertMatch(expected.stdout, new RegExp(`^  ${name} +${summary}$`, "m"));
  }
});

for (const entry of commands) {
  Deno.test(`${entry.name} --help explains ${entry.name}, as help ${entry.name} does`, async () => {
    const command = await entry.load();
    const { code, stdout, stderr } = await run([entry.name, "--help"]);
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, `Usage: sockdock ${entry.name}`);
    for (const { run } of command.examples) assertStringIncludes(stdout, `  ${run}`);
    assertEquals(await run([entry.name, "-h"]), { code, stdout, stderr });
    assertEquals(await run([entry.name, "--bogus", "x", "--help"]), { code, stdout, stderr });
    assertEquals(await run(["help", entry.name]), { code, stdout, stderr });
  });

  Deno.test(`${entry.name} is what the list of commands says`, async () => {
    const { name, summary } = await entry.load();
    assertEquals({ name, summary }, { name: entry.name, summary: entry.summary });
  });
}

Deno.test("every command refuses an option that it does not know", async () => {
  for (const { name } of commands) {
    const { code, stdout, stderr } = await run([name, "--bogus-option"]);
    assertEquals([code, stdout], [2, ""]);
    assertEquals(
      stderr,
      "error: unknown option --bogus-option; put -- before an argument that begins with a dash\n",
    );
  }
});

Deno.test("help is as wide as the terminal", async () => {
  const widest = async (columns: number) => {
    const { stdout } = await run(["serve", "--help"], { columns });
    return Math.max(...stdout.split("\n").map((line) => line.length));
  };
  assert(await widest(80) <= 80);
  assert(await widest(100) > 80);
});

Deno.test("--version names this version, which is that of deno.json, the runtime's and the platform", async () => {
  const { os, arch } = Deno.build;
  const expected = `sockdock ${VERSION} (deno ${Deno.version.deno}, ${os} ${arch})\n`;
  assertEquals(await run(["--version"]), { code: 0, stdout: expected, stderr: "" });
  assertEquals(await run(["-V"]), { code: 0, stdout: expected, stderr: "" });
  assertEquals(VERSION, denoJson.version);
});

/** A wrong command line and what is said about it, on the one line of stderr. */
const WRONG: readonly [argv: string[], message: string][] = [
  [["bogus"], 'unknown command "bogus"; sockdock help lists them'],
  [["serv"], 'unknown command "serv"; did you mean sockdock serve?'],
  [["--bogus"], "unknown option --bogus; put -- before an argument that begins with a dash"],
  [[""], 'unknown command ""; sockdock help lists them'],
  [["two\nlines"], 'unknown command "two\\x0alines"; sockdock help lists them'],
  [["constructor"], 'unknown command "constructor"; sockdock help lists them'],
  [
    ["help", "serv"],
    'there is no help on "serv"; did you mean serve?; sockdock help lists what there is',
  ],
  [
    ["serve"],
    "serve needs 2 arguments; usage: sockdock serve <protocol> <url>... [folder]; sockdock help serve says more",
  ],
  [
    ["serve", "echo"],
    "serve needs a URL to listen on, such as sockdock serve echo tcp://:9999",
  ],
  [
    ["send"],
    "send needs an argument; usage: sockdock send <url> [word]...; sockdock help send says more",
  ],
  [
    ["connect"],
    "connect needs an argument; usage: sockdock connect <url>; sockdock help connect says more",
  ],
  [["wait"], "wait needs an argument; usage: sockdock wait <url>; sockdock help wait says more"],
  [
    ["completions"],
    "which shell? name one of bash, zsh, fish, or install the right one with --install",
  ],
  [["list", "x"], 'unexpected argument "x"; usage: sockdock list; sockdock help list says more'],
  [
    ["up", "a.toml", "b.toml"],
    'unexpected argument "b.toml"; usage: sockdock up [config]; sockdock help up says more',
  ],
  [["list", "--jsn"], "unknown option --jsn; did you mean --json?"],
  [["list", "--json=yes"], '--json takes no value, got "yes"'],
  [["list", "--color", "red"], '--color: expected one of auto, always, never, got "red"'],
  [["completions", "fihs"], 'unknown shell "fihs" (did you mean fish?); known are bash, zsh, fish'],
];

for (const [argv, message] of WRONG) {
  Deno.test(`sockdock ${JSON.stringify(argv.join(" "))} is refused with the remedy`, async () => {
    assertEquals(await run(argv), { code: 2, stdout: "", stderr: `error: ${message}\n` });
  });
}

Deno.test("a peer that cannot be reached is exit code 1, on one line", async () => {
  const url = `tcp://127.0.0.1:${freePort()}`;
  const stderr = `error: Cannot connect to ${url}: connection refused; nothing listens there\n`;
  assertEquals(await run(["send", url, "x"]), { code: 1, stdout: "", stderr });
  assertEquals(await run(["connect", url]), { code: 1, stdout: "", stderr });
  assertEquals(await run(["send", url, "x", "--quiet"]), { code: 1, stdout: "", stderr });
});

Deno.test("the stack of an error is shown with --verbose alone", async () => {
  const url = `tcp://127.0.0.1:${freePort()}`;
  const { code, stderr } = await run(["send", url, "x", "--verbose"]);
  assertEquals(code, 1);
  const [first = "", ...stack] = stderr.trimEnd().split("\n");
  assertMatch(first, /^error: Cannot connect to /);
  assertEquals(stack[0], `Error: ${first.slice("error: ".length)}`);
  assertMatch(stack[1] ?? "", /^ {4}at .*\.ts:\d+:\d+/);
});

Deno.test("a peer that does not finish its handshake in time is exit code 4", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `tls://127.0.0.1:${silent.addr.port}`;
  const { code, stderr } = await run(["send", url, "x", "--connect-timeout", "50ms"]);
  assertEquals([code, stderr], [4, `error: Cannot connect to ${url}: no answer within 50 ms\n`]);
});

Deno.test("wait on what does not answer is exit code 3", async () => {
  const url = `tcp://127.0.0.1:${freePort()}`;
  const timing = ["--timeout", "2s", "--interval", "10ms"];
  const { code, stdout, stderr } = await run(["wait", url, ...timing]);
  assertEquals([code, stdout], [3, ""]);
  assertMatch(stderr, /^error: tcp:\/\/\S+ did not answer within 2000 ms: [^\n]*refused[^\n]*\n$/);
  const json = await run(["wait", url, ...timing, "--json"]);
  assertEquals([json.code, json.stderr], [3, ""]);
  assertMatch(json.stdout, /^\{"event":"timed-out","url":"tcp:[^"]*","error":"[^"]*refused/);
});

Deno.test("a reader that went away is no error", async () => {
  for (const argv of [["list"], ["list", "--json"], ["help"], ["completions", "bash"]]) {
    assertEquals(await run(argv, { broken: ["stdout"] }), { code: 0, stdout: "", stderr: "" });
  }
});

Deno.test("an error is an error though nobody reads it", async () => {
  assertEquals((await run(["bogus"], { broken: ["stderr"] })).code, 2);
});

Deno.test("the environment sets options, and a wrong value names its variable", async () => {
  const { code, stdout } = await run(["list"], { env: { SOCKDOCK_JSON: "1" } });
  assertEquals([code, stdout.slice(0, 2)], [0, '{"']);
  assertEquals(await run(["list"], { env: { SOCKDOCK_JSON: "maybe" } }), {
    code: 2,
    stdout: "",
    stderr: 'error: SOCKDOCK_JSON: expected true or false, got "maybe"\n',
  });
  const off = { SOCKDOCK_JSON: "0", SOCKDOCK_TIMEOUT: "unheard of here", SOCKDOCK_QUIET: "" };
  assertStringIncludes((await run(["list"], { env: off })).stdout, "Protocols\n");
});

Deno.test("list --json is the catalogue, and list the same for people", async () => {
  const all = JSON.parse((await run(["list", "--json"])).stdout);
  const { stdout } = await run(["list"]);
  for (const { name, summary, transports } of all.protocols) {
    assertMatch(stdout, new RegExp(`^  ${name} +`, "m"));
    assertStringIncludes(stdout, summary);
    assertStringIncludes(stdout, transports.join(" "));
  }
  for (const { name, summary, listens } of all.transports) {
    assertMatch(stdout, new RegExp(`^  ${name}:// +${RegExp.escape(summary)}`, "m"));
    assertEquals(listens, true);
  }
  for (const { name, reason } of all.impossible) assertStringIncludes(stdout, `${name}  `, reason);
  assertStringIncludes(stdout, "AF_CAN");
});

Deno.test("list colours its headings on a terminal and never in a pipe", async () => {
  assertStringIncludes((await run(["list"], { stdoutIsTerminal: true })).stdout, "\x1b[1mProt");
  assertEquals((await run(["list"])).stdout.includes("\x1b"), false);
  const asked = await run(["list", "--color", "always"]);
  assertStringIncludes(asked.stdout, "\x1b[1mProtocols\x1b[22m");
});

Deno.test("the completion scripts are answered, a candidate a line", async () => {
  const ask = async (...words: string[]) => (await run(["__complete", "--", ...words])).stdout;
  assertEquals(await ask("se"), "serve\nsend\n");
  assertEquals(await ask("serve", "ec"), "echo\n");
  assertEquals(await ask("serve", "echo", "unixg"), "unixgram://\n");
  assertEquals(await ask("completions", ""), "bash\nzsh\nfish\n");
  assertEquals(await ask("help", "com"), "completions\n");
  assertEquals(await ask("nothing", "like", "it"), "");
});

Deno.test("list breaks no word at any width, and has a line for each row in a pipe", async () => {
  for (const columns of [40, 60, 100]) {
    const io = new FakeStdio({ stdoutIsTerminal: true, columns, noColor: true });
    assertEquals(await runCommandLine(["list"], io, () => undefined), 0);
    const lines = io.stdoutText.split("\n");
    assertEquals(lines.filter((line) => line.length > columns), [], `${columns} columns`);
  }
  const io = new FakeStdio();
  await runCommandLine(["list"], io, () => undefined);
  assertMatch(io.stdoutText, /^ {2}echo +Sends .*; on tcp tls .* wss$/m);
  assertMatch(io.stdoutText, /^ {2}udp:\/\/ .*; layers: fault signed sealed reliable$/m);
});
