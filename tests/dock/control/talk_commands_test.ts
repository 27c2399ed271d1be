/** The commands that are copied from the control, run in a shell as they are. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Dock, echo, hello, openControl, serve } from "../../../mod.ts";
import { talkCommands } from "../../../dock/control/talk_commands.ts";
import { type PeerName, peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { ask } from "../ask_control.ts";

/** The command of a program for the first server of a dock. */
async function commandOf(dock: Dock, program: string): Promise<string> {
  await using control = await openControl([dock]);
  const { commands } = (await ask(control, "GET", "/api/servers/1")).body;
  const found = commands.find((one: { readonly program: string }) => one.program === program);
  assert(found !== undefined, `${dock.url} has no command for ${program}`);
  return found.command;
}

async function runsAndHears(dock: Dock, program: PeerName, heard: string, input = "") {
  const command = await commandOf(dock, program);
  const { stdout, stderr } = await runPeer("bash", ["-c", command], { stdin: input });
  assertStringIncludes(stdout, heard, `${command}\n${stderr}`);
}

peerTest("the commands for Python talk to every transport that they are for", [
  "bash",
  "python3",
], async () => {
  await using folder = await temporaryFolder();
  const urls = ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "tls://127.0.0.1:0", "tcp://[::1]:0"];
  for (const url of [...urls, `unix://${folder.path}/it's "$(id)".sock`]) {
    await using server = await serve(url, echo);
    await runsAndHears(server, "python3", "b'hello'");
  }
});

peerTest("the command for Python believes no other certificate", ["bash", "python3"], async () => {
  await using server = await serve("tls://127.0.0.1:0", echo);
  const command = (await commandOf(server, "python3")).replace(/[0-9a-f]{64}/, "0".repeat(64));
  const { stdout, stderr } = await runPeer("bash", ["-c", command]);
  assertEquals(stdout, "");
  assertStringIncludes(stderr, "AssertionError");
});

peerTest("the commands for curl and openssl reach pages and TLS", [
  "bash",
  "curl",
  "openssl",
], async () => {
  await using folder = await temporaryFolder();
  for (const url of ["http://127.0.0.1:0", "https://127.0.0.1:0", `unix://${folder.path}/h h`]) {
    await using server = await serve(url, hello);
    await runsAndHears(server, "curl", "<title>");
  }
  for (const url of ["tls://127.0.0.1:0", "dtls://127.0.0.1:0"]) {
    await using server = await serve(url, echo);
    await runsAndHears(server, "openssl", "BEGIN CERTIFICATE", "Q\n");
  }
});

Deno.test("whatever is not ours stands in quotes", () => {
  const url = "unix:///tmp/$(touch hacked);'\n.sock";
  const commands = talkCommands({
    ...{ protocol: "echo", url, transport: "unix", carries: "sessions", layers: [] },
    options: {},
  });
  for (const { command } of commands) {
    // Without what stands in single quotes nothing of it is left.
    assertEquals(command.replaceAll("\\'", "").replace(/'[^']*'/g, "").match(/touch|\n|\$/), null);
  }
});

Deno.test("a key that both sides have stands in the command", () => {
  const [first] = talkCommands({
    ...{ protocol: "echo", url: "udp+sealed://127.0.0.1:7", transport: "udp" },
    ...{ carries: "sessions", layers: ["sealed"], options: { sealedKey: ["my keys"] } },
  });
  assertEquals(
    first?.command,
    "sockdock send udp+sealed://127.0.0.1:7 --sealed-key 'my keys' hello",
  );
});
