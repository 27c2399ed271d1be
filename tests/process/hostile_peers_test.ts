/** Peers that misbehave: every other peer is still served. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { peerTest, placeArguments, runPython, startPython } from "../peer.ts";
import { type Program, startProgram } from "../program.ts";

const ECHO = ["serve", "echo", "tcp://127.0.0.1:0", "--json"];

/** The server still does for others what it is there for. */
async function stillEchoes(program: Program, ...flags: string[]): Promise<void> {
  const client = await runPython("echo_client.py", [...flags, ...placeArguments(program.url)]);
  assertEquals(client.stdout, "Received b'Hello, world'\n");
}

/** Interrupts the server and returns what it counted. */
async function counted(program: Program): Promise<Record<string, number>> {
  program.interrupt();
  const { stats } = await program.event("stopped");
  return stats as Record<string, number>;
}

peerTest("hundreds of resets are counted and keep nobody else waiting", ["python3"], async () => {
  await using program = await startProgram(ECHO);
  const hostile = ["--mode", "reset", "--count", "300", ...placeArguments(program.url)];
  assertEquals((await runPython("hostile_client.py", hostile)).stdout, "Reset 300\n");
  await stillEchoes(program);
  // Most are gone before they are accepted, which is a failure to accept, not a session.
  const { opened = 0, acceptFailures = 0 } = await counted(program);
  assertEquals(opened + acceptFailures, 301);
});

peerTest("peers that say nothing keep nobody else waiting", ["python3"], async () => {
  await using program = await startProgram(ECHO);
  const hostile = ["--mode", "silent", "--count", "200", ...placeArguments(program.url)];
  await using silent = startPython("hostile_client.py", hostile);
  await silent.stdout.line(/^Holding 200$/);
  await stillEchoes(program);
  assertEquals((await silent.finish()).code, 0);
});

peerTest("silent peers up to the limit leave once they are idle for too long", [
  "python3",
], async () => {
  const limits = ["--max-connections", "5", "--idle-timeout", "3s"];
  await using program = await startProgram([...ECHO, ...limits]);
  const hostile = ["--mode", "silent", "--count", "10", ...placeArguments(program.url)];
  await using silent = startPython("hostile_client.py", hostile);
  await silent.stdout.line(/^Holding 10$/);
  await stillEchoes(program);
  for (let idle = 0; idle < 10;) if ((await program.event("closed")).reason === "idle") idle++;
  assertEquals((await counted(program)).idle, 10);
});

peerTest("an oversized line ends its own session only", ["python3"], async () => {
  const print = ["serve", "print", "tcp://127.0.0.1:0", "--json", "--max-message", "1k"];
  await using program = await startProgram(print);
  const place = placeArguments(program.url);
  const hostile = ["--mode", "oversized", "--count", "100000", ...place];
  await runPython("hostile_client.py", hostile);
  await runPython("half_close_client.py", place, "a line that fits\n");
  assertStringIncludes(JSON.stringify(await program.event("message")), "a line that fits");
  assertEquals((await counted(program)).oversized, 1);
});

peerTest("an oversized datagram is dropped and counted", ["python3"], async () => {
  const echo = ["serve", "echo", "udp://127.0.0.1:0", "--json", "--max-message", "1k"];
  await using program = await startProgram(echo);
  const place = ["--datagram", ...placeArguments(program.url)];
  await using hostile = startPython(
    "hostile_client.py",
    ["--mode", "oversized", "--count", "2000", ...place],
  );
  await hostile.stdout.line(/^Sent 2000 bytes$/);
  await stillEchoes(program, "--datagram");
  assertEquals((await counted(program)).oversized, 1);
});

peerTest("a flood of datagrams leaves other peers served", ["python3"], async () => {
  await using program = await startProgram(["serve", "echo", "udp://127.0.0.1:0", "--json"]);
  const place = ["--datagram", ...placeArguments(program.url)];
  const flood = await runPython(
    "hostile_client.py",
    ["--mode", "flood", "--count", "20000", ...place],
  );
  assertEquals(flood.stdout, "Sent 20000\n");
  await stillEchoes(program, "--datagram");
  assert(((await counted(program)).messagesReceived ?? 0) > 0);
});
