/** The units of systemd, and what they serve. */

import { assertEquals, assertMatch } from "@std/assert";
import { peerTest, python, runPeer } from "../peer.ts";
import { runsOn } from "../program_runtime.ts";
import { runProgram, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const units = new URL("../../packages/systemd/", import.meta.url);
const read = (name: string) => Deno.readTextFile(new URL(name, units));
const PROGRAM = "/usr/local/bin/sockdock";

/** The units in a folder, with a program that exists. */
async function copyUnits(folder: string): Promise<string[]> {
  const names = ["sockdock.service", "sockdock.socket"];
  for (const name of names) {
    const text = (await read(name)).replace(PROGRAM, "/bin/true");
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  return names.map((name) => `${folder}/${name}`);
}

peerTest("systemd finds nothing wrong with the units", ["systemd-analyze"], async () => {
  await using folder = await temporaryFolder();
  const { code, stdout, stderr } = await runPeer("systemd-analyze", [
    ...["verify", ...await copyUnits(folder.path)],
  ]);
  assertEquals([stdout, stderr, code], ["", "", 0]);
});

peerTest("systemd rates the service as little exposed", ["systemd-analyze"], async () => {
  await using folder = await temporaryFolder();
  const [service = ""] = await copyUnits(folder.path);
  const { code, stdout } = await runPeer("systemd-analyze", [
    // Tenths, from 0 to 100.
    ...["security", "--offline=true", "--no-pager", "--threshold=20", service],
  ]);
  assertEquals(code, 0, stdout);
});

peerTest("the service's configuration is served on the socket that the socket unit passes", [
  "python3",
], async () => {
  if (!await runsOn("2.7.14")) return;
  await using folder = await temporaryFolder();
  const config = `${folder.path}/sockdock.toml`;
  await Deno.writeTextFile(config, (await read("sockdock.toml")).replace(":8080", ":0"));
  const [, name] = /^FileDescriptorName=(.+)$/m.exec(await read("sockdock.socket")) ?? [];
  const [, start = ""] = /^ExecStart=(.+)$/m.exec(await read("sockdock.service")) ?? [];
  assertEquals(start, `${PROGRAM} up /etc/sockdock/sockdock.toml`);
  await using server = await startProgram(["up", config, "--json"], {
    under: ["python3", ...python("socket_passer.py", [`tcp=${name}`, "--"])],
    endpoints: 2,
  });
  const [echo = "", hello = ""] = server.urls;
  assertEquals((await runProgram(["send", echo, "ahoy"])).stdout, "ahoy");
  assertMatch((await runProgram(["fetch", hello])).stdout, /<html/);
  // The exit code of a stop is the one that the unit takes for success.
  server.signal("SIGTERM");
  const { code } = await server.ended();
  assertMatch(await read("sockdock.service"), new RegExp(`^SuccessExitStatus=${code}$`, "m"));
});
