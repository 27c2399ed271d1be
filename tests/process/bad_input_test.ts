/** What cannot work is refused on one line, which names the value and the remedy. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeCertificate } from "../../core/certificates/self_signed.ts";
import { runProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const TCP = "tcp://127.0.0.1:0";
const UDP = "udp://127.0.0.1:0";

/** What is wrong, and what its one line on stderr has to name: the value and the remedy. */
const WRONG: readonly [args: string[], ...words: string[]][] = [
  [["bogus"], `"bogus"`, "sockdock help"],
  [["serve", "echo", TCP, "--idle-timout", "5s"], "--idle-timout", "did you mean --idle-timeout?"],
  [["serve", "echo", "tpc://:1"], `"tpc"`, "did you mean tcp?"],
  [["serve", "ecko", TCP], `"ecko"`, "did you mean echo?"],
  [["serve", "echo", "tcp+seeled://:1"], `layer "seeled"`, "tcp+seeled://:1"],
  [["serve", "echo", "tcp://:65536"], "65536", "ports are 0 to 65535"],
  [["serve", "echo", "tcp://:http"], "tcp://:http", "ports are 0 to 65535"],
  [["serve", "echo", "tcp://127.0.0.1"], "tcp://127.0.0.1", ":0 for any free port"],
  [["serve", "echo", "localhost:1"], "localhost:1", "tcp://"],
  [["serve", "echo", "tcp://[::1:9"], "tcp://[::1:9", "URL"],
  [["serve", "echo", "tcp://me@host:1"], "user name"],
  [["serve", "echo", "tcp://host%zz:1"], "tcp://host%zz:1", "%25"],
  [["serve", "echo", `unix://${"x".repeat(200)}`], "200 bytes", "107"],
  [["serve", "echo", "unix://"], "unix://", "path"],
  [["serve", "echo", TCP, "--max-message", "lots"], `"lots"`, "such as 512, 10k or 4m"],
  [["serve", "echo", TCP, "--max-connections", "0"], `"0"`, "from 1 to"],
  [["serve", "echo", UDP, "--backlog", "5"], "--backlog", "it goes with tcp"],
  [["serve", "echo", TCP, "--until", "q"], "until", "echo on tcp"],
  [["serve", "echo", TCP, "--allow", "@missing"], "--allow", "missing"],
  [["serve", "echo", UDP, "--deny", "@missing"], "--deny", "missing"],
  [["serve", "echo", TCP, "--allow", "10.0.0.0/33"], `"10.0.0.0/33"`, "10.0.0.0/8"],
  [["serve", "echo", TCP, "--allow", "010.0.0.1"], `"010.0.0.1"`, "192.0.2.1"],
  [["serve", "echo", TCP, "-4", "-6"], "-4 and -6", "give one"],
  [["serve", "echo", TCP, "--record", "missing/transcript"], "--record", "missing/transcript"],
  [["serve", "echo", "tls://127.0.0.1:0", "--tls-cert", "missing"], "missing", "--tls-key"],
  [
    ["serve", "echo", "tls://127.0.0.1:0", "--tls-cert", "missing", "--tls-key", "missing"],
    "--tls-cert",
    "missing",
  ],
  [["serve", "chargen", "udp://0.0.0.0:0"], "chargen", "--allow"],
  [["connect", "tcp://127.0.0.1:0"], "tcp://127.0.0.1:0", "ports start at 1"],
  [["send", "tcp://127.0.0.1", "x"], "tcp://127.0.0.1", "tcp://host:9999"],
  [["send", "tcp://127.0.0.1:1", "--hex", "0g"], `"0g"`, "pairs of hexadecimal digits"],
  [["send", "tcp://127.0.0.1:1", "--file", "missing"], "--file", "missing"],
  [["send", "tcp://127.0.0.1:1", "--file", "x", "words"], "--file and words", "give one"],
  [["send", "tcp://127.0.0.1:1", "--line", "--crlf", "x"], "--line and --crlf", "give one"],
  [["send", "udp://127.0.0.1:1", "--local", "127.0.0.1:x", "x"], "--local", "127.0.0.1:x"],
  [["wait", "tcp://"], "tcp://", "port"],
  [["wait", "tcp://127.0.0.1:1", "--timeout", "soon"], `"soon"`, "500ms"],
  [["up", "missing.toml"], "missing.toml"],
  [["up", "--into", "box"], "--into", "no effect"],
  [["up", "missing.toml", "--free-ports"], "--free-ports", "built-in suite"],
  [["completions", "tcsh"], `"tcsh"`, "bash, zsh, fish"],
  [["list", "extra"], `"extra"`, "usage: sockdock list"],
];

for (const [args, ...words] of WRONG) {
  Deno.test(`sockdock ${args.join(" ")} is refused on one line`, async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await runProgram(args, { cwd: folder.path });
    assertEquals({ code, stdout }, { code: 2, stdout: "" }, stderr);
    assertMatch(stderr, /^error: [^\n]*\n$/);
    for (const word of words) assertStringIncludes(stderr, word);
  });
}

Deno.test("a key that does not match its certificate is refused on one line", async () => {
  await using folder = await temporaryFolder();
  const [one, other] = [
    await makeCertificate(["localhost"], Date.now()),
    await makeCertificate(["localhost"], Date.now()),
  ];
  await Deno.writeTextFile(`${folder.path}/cert.pem`, one.cert);
  await Deno.writeTextFile(`${folder.path}/key.pem`, other.key);
  const files = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
  const { code, stderr } = await runProgram(["serve", "echo", "tls://127.0.0.1:0", ...files], {
    cwd: folder.path,
  });
  assertEquals(code, 2);
  assertMatch(stderr, /^error: [^\n]*\n$/);
  for (const name of ["key.pem", "cert.pem"]) assertStringIncludes(stderr, name);
});
