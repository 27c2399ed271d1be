/** `serve inspect` as people and programs run it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { peerTest, runPeer } from "../peer.ts";
import { startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const INSPECT = ["serve", "inspect", "http://127.0.0.1:0"];

peerTest("--show-requests --json prints what curl sent", ["curl"], async () => {
  await using program = await startProgram([...INSPECT, "--json", "--show-requests"]);
  await runPeer("curl", ["-sS", "-H", "x-Dock: 7", "-d", "a=1", `${program.url}/post`]);
  const event = await program.event("inspected");
  const { method, target, headers, bodyBytes, text, httpVersion } = event;
  assertEquals({ method, bodyBytes, text, httpVersion }, {
    method: "POST",
    bodyBytes: 3,
    text: "a=1",
    httpVersion: "1.1",
  });
  assertEquals(target, `${program.url}/post`);
  assert(
    (headers as string[][]).some(([name, value]) => name === "x-Dock" && value === "7"),
  );
});

peerTest("--show-requests shows people a request as it was written", ["curl"], async () => {
  await using program = await startProgram([...INSPECT, "--show-requests"]);
  await runPeer("curl", [
    "-sS",
    "-A",
    "curl",
    "-H",
    "x-Dock: 7",
    "-d",
    "ahoy",
    `${program.url}/x?y=1`,
  ]);
  const { stdout } = program;
  await stdout.line(/^\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1:\d+$/);
  await stdout.line(/^POST http:\/\/127\.0\.0\.1:\d+\/x\?y=1 HTTP\/1\.1$/);
  await stdout.line(/^x-Dock: 7$/);
  await stdout.line(/^$/);
  await stdout.line(/^ahoy$/);
});

peerTest("--request-log appends to a file that only its owner reads", ["curl"], async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/requests.jsonl`;
  for (const word of ["one", "two"]) {
    await using program = await startProgram([...INSPECT, "--request-log", path]);
    await runPeer("curl", ["-sS", `${program.url}/get?${word}`]);
  }
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  const urls = lines.map((line) => JSON.parse(line).target);
  assertEquals(lines.length, 2);
  assertMatch(urls.join(" "), /get\?one .*get\?two/);
  if (Deno.build.os !== "windows") assertEquals((await Deno.stat(path)).mode! & 0o777, 0o600);
});
