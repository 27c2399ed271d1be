/** Broadcast and multicast, with Python programs on the other side. All of it stays on loopback. */

import { assertEquals, assertMatch } from "@std/assert";
import { peerTest, runPython, startPython } from "../peer.ts";
import { type Program, runProgram, startProgram } from "../program.ts";
import type { RunningProcess } from "../running_process.ts";

const GROUP = "239.255.77.66";

/** A Python program of a group, and the port that it listens on. */
async function responder(args: readonly string[]): Promise<RunningProcess & { port: string }> {
  const process = startPython("group_responder.py", args);
  const [, port = ""] = await process.stdout.line(/^listening \S+ (\d+)$/);
  return Object.assign(process, { port });
}

/** The port of the first endpoint. */
function portOf({ url }: Program): string {
  return url.slice(url.lastIndexOf(":") + 1);
}

peerTest("serve print hears a multicast group on an interface, and shows who sent", [
  "python3",
], async () => {
  await using server = await startProgram([
    ...["serve", "print", `udp://${GROUP}:0`, "--interface", "127.0.0.1", "--until", "q", "--json"],
  ]);
  await runPython("group_sender.py", [GROUP, portOf(server), "ahoy"]);
  const { peer, text } = await server.event("message");
  assertMatch(String(peer), /^127\.0\.0\.1:\d+$/);
  assertEquals(text, "ahoy");
  await runPython("group_sender.py", [GROUP, portOf(server), "q"]);
  assertEquals((await server.ended()).code, 0);
});

peerTest("two servers and a Python program hear one group at one port", ["python3"], async () => {
  const serving = (port: string) => [
    ...["serve", "print", `udp://${GROUP}:${port}`, "--interface", "127.0.0.1", "--json"],
  ];
  await using one = await startProgram(serving("0"));
  await using two = await startProgram(serving(portOf(one)));
  await using three = await responder([GROUP, portOf(one)]);
  const sent = await runProgram([
    ...["send", one.url, "--interface", "127.0.0.1", "--timeout", "0", "all of you"],
  ]);
  assertEquals(sent.code, 0);
  for (const server of [one, two]) {
    assertEquals((await server.event("message")).text, "all of you");
  }
  await three.stdout.line(/^127\.0\.0\.1 sent all of you with 1 hops$/);
});

peerTest("send --hops sets how far a datagram to a group may go", ["python3"], async () => {
  await using peer = await responder([GROUP, "0"]);
  await runProgram([
    ...["send", `udp://${GROUP}:${peer.port}`, "--interface", "127.0.0.1", "--hops", "5"],
    ...["--timeout", "0", "far"],
  ]);
  await peer.stdout.line(/ sent far with 5 hops$/);
});

for (
  const [what, target, place] of [
    ["a multicast group", GROUP, GROUP],
    ["the broadcast address of loopback", "127.255.255.255", "0.0.0.0"],
    ["the limited broadcast address", "255.255.255.255", "0.0.0.0"],
    ["an address that --broadcast says is one", "127.255.255.255", "0.0.0.0"],
  ] as const
) {
  peerTest(`send to ${what} prints all who answer, with their addresses`, ["python3"], async () => {
    await using one = await responder([place, "0", "--answer-from", "127.0.0.2"]);
    await using two = await responder([place, one.port, "--answer-from", "127.0.0.3"]);
    const flags = what.includes("--broadcast") ? ["--broadcast"] : [];
    const { code, stdout } = await runProgram([
      ...["send", `udp://${target}:${one.port}`, "--interface", "127.0.0.1", ...flags],
      ...["--timeout", "3s", "who is there?"],
    ]);
    assertEquals(code, 0);
    const lines = stdout.trimEnd().split("\n").sort();
    assertMatch(lines[0]!, /^127\.0\.0\.2:\d+ here is 127\.0\.0\.2$/);
    assertMatch(lines[1]!, /^127\.0\.0\.3:\d+ here is 127\.0\.0\.3$/);
    assertEquals(lines.length, 2);
    await two.ended();
  });
}

peerTest("an answering protocol answers a group's senders one by one", ["python3"], async () => {
  await using server = await startProgram([
    ...["serve", "acknowledge", `udp://${GROUP}:0`, "--interface", "127.0.0.1"],
  ]);
  const asked = await runPython("group_sender.py", [
    ...[GROUP, portOf(server), "ahoy", "--wait", "3"],
  ]);
  assertEquals(asked.stdout, "Message received: ahoy. Thank you.\n");
  const { stdout, code } = await runProgram([
    ...["send", server.url, "--interface", "127.0.0.1", "--timeout", "3s", "--json", "ahoy"],
  ]);
  assertEquals(code, 0);
  const [, received] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals([received.event, received.peer], ["received", `127.0.0.1:${portOf(server)}`]);
});

peerTest("connect to a group in a pipe prints each answer on a line of its own", [
  "python3",
], async () => {
  await using one = await responder([GROUP, "0", "--answer-from", "127.0.0.2"]);
  await using two = await responder([GROUP, one.port, "--answer-from", "127.0.0.3"]);
  const { code, stdout } = await runProgram([
    ...["connect", `udp://${GROUP}:${one.port}`, "--interface", "127.0.0.1", "--wait", "3s"],
  ], { stdin: "who is there?\n" });
  assertEquals(code, 0);
  const lines = stdout.split("\n").sort();
  assertEquals(lines.map((line) => line.replace(/:\d+/, "")), [
    ...["", "127.0.0.2 here is 127.0.0.2", "127.0.0.3 here is 127.0.0.3"],
  ]);
  await two.ended();
});

Deno.test("send to a group that nobody answers is exit code 4", async () => {
  const { code, stderr } = await runProgram([
    ...["send", `udp://${GROUP}:9`, "--interface", "127.0.0.1", "--timeout", "50ms", "anyone?"],
  ]);
  assertEquals(code, 4);
  assertMatch(stderr, /no reply in time/);
});

Deno.test("options of a group are refused where they have no effect", async () => {
  for (
    const [args, why] of [
      [
        ["serve", "print", "udp://127.0.0.1:0", "--interface", "127.0.0.1"],
        /goes with a multicast/,
      ],
      [["send", "udp://127.0.0.1:9", "--interface", "127.0.0.1", "x"], /has no effect/],
      [["send", "udp://127.0.0.1:9", "--hops", "3", "x"], /has no effect/],
      [
        ["serve", "print", `udp://${GROUP}:0`, "--interface", "harbour0"],
        /there is no harbour0; there are /,
      ],
      [["serve", "acknowledge", `udp://${GROUP}:0`], /say whom to answer/],
      [["serve", "print", `udp+reliable://${GROUP}:0`], /the layer reliable is between two/],
      [["send", `udp+reliable://${GROUP}:9`, "x"], /the layer reliable needs one peer/],
      [["send", "tcp://127.0.0.1:9", "--hops", "3", "x"], /no effect on tcp/],
    ] as const
  ) {
    const { code, stderr } = await runProgram(args);
    assertEquals(code, 2, stderr);
    assertMatch(stderr, why);
  }
});
