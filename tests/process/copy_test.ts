/** `copy` and `serve inbox` as processes: exit codes, what is printed, and a receiver that dies. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { freePort } from "../free_port.ts";
import { peerTest, startPeer } from "../peer.ts";
import { Program, type ProgramEvent, runProgram, startProgram } from "../program.ts";
import { putSockdock } from "../program_on_path.ts";
import { contentsOf, sha256 } from "../protocols/inbox/talker.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Runs its arguments at a pseudo-terminal. */
const TERMINAL = "import os, pty, sys\n" +
  "sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

Deno.test("copy sends to serve inbox, and both say the hash", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/notes.txt`, "ahoy\n");
  const url = `unix:${folder.path}/socket`;
  await using server = await startProgram(["serve", "inbox", url, `${folder.path}/in`]);
  const { code, stdout, stderr } = await runProgram(["copy", `${folder.path}/notes.txt`, url]);
  const hash = await sha256("ahoy\n");
  assertEquals({ code, stdout }, { code: 0, stdout: "" });
  assertEquals(stderr, `SHA-256 ${hash}, checked by the inbox\n1 of 1 arrived (5 B)\n`);
  await server.stderr.line(new RegExp(`stored notes.txt \\(5 B, SHA-256 ${hash}\\)`));
  assertEquals(await Deno.readTextFile(`${folder.path}/in/notes.txt`), "ahoy\n");
});

Deno.test("copy says which files did not arrive and why, with exit code 1", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/fine`, "fine");
  await Deno.writeTextFile(`${folder.path}/large`, "x".repeat(2000));
  await using server = await startProgram([
    ...["serve", "inbox", "tcp://127.0.0.1:0", "--into", `${folder.path}/in`, "--max-file", "1k"],
  ]);
  const files = ["fine", "large"].map((name) => `${folder.path}/${name}`);
  const { code, stderr } = await runProgram(["copy", ...files, server.url]);
  assertEquals(code, 1);
  assertMatch(stderr, /1 of 2 arrived \(4 B\)\nerror: large did not arrive: .* at most 1024 here/);
  const again = await runProgram(["copy", ...files, server.url, "--json", "--quiet"]);
  assertEquals(again.code, 1);
  const events = again.stdout.trim().split("\n").map((line) => JSON.parse(line) as ProgramEvent);
  assertEquals(events.map(({ event }) => event), [
    "found",
    "progress",
    "copied",
    "failed",
    "finished",
  ]);
  assertEquals(events[2]!.already, true);
});

Deno.test("copy's exit codes are 2 for what cannot be and 4 for silence", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `tcp://127.0.0.1:${silent.addr.port}`;
  const code = async (...args: string[]) => (await runProgram(["copy", ...args])).code;
  assertEquals(await code("README.md", "README.md"), 2);
  assertEquals(await code("/nowhere/at/all", url), 2);
  assertEquals(await code("README.md", "udp://127.0.0.1:9"), 2, "bare datagrams lose things");
  assertEquals(await code("README.md", url, "--timeout", "100ms", "--retries", "0"), 4);
});

Deno.test("copy goes on after the receiver was killed in mid-transfer", async () => {
  const seed = newSeed();
  const random = seeded(seed);
  await using folder = await temporaryFolder();
  const content = Uint8Array.from({ length: 1 << 20 }, () => random() * 256);
  const path = `${folder.path}/file`;
  {
    using file = await Deno.open(path, { create: true, write: true });
    for (let count = 0; count < 64; count++) await file.write(content);
  }
  const port = freePort();
  const url = `tcp://127.0.0.1:${port}`;
  const serving = ["serve", "inbox", url, "--into", `${folder.path}/in`, "--json"];
  await using copying = await (async () => {
    await using first = await startProgram(serving);
    const copying = new Program(["copy", path, url, "--json"]);
    // The kill falls somewhere into the transfer, wherever that has come to.
    await copying.event("progress");
    first.signal("SIGKILL");
    await first.ended();
    return copying;
  })();
  await copying.event("retrying");
  await using _second = await startProgram(serving);
  const { code } = await copying.ended(60_000);
  assertEquals(code, 0, `seed ${seed}`);
  assertEquals(await contentsOf(`${folder.path}/in`), ["file"]);
  assertEquals(await Deno.readFile(`${folder.path}/in/file`), await Deno.readFile(path));
});

peerTest("at a terminal copy shows a bar for the whole transfer", ["python3"], async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/file`, new Uint8Array(2_000_000));
  await using server = await startProgram([
    ...["serve", "inbox", "tcp://127.0.0.1:0", `${folder.path}/in`],
  ]);
  const program = await putSockdock(folder.path);
  await using terminal = startPeer("python3", [
    ...["-c", TERMINAL, program, "copy", `${folder.path}/file`, server.url],
  ], { env: { NO_COLOR: "1" } });
  const { code, stdout } = await terminal.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /\[#{24}\] 100% {2}1\.91 MiB of 1\.91 MiB {2}\S+ [KMG]iB\/s/);
  assert(stdout.includes("1 of 1 arrived"));
});
