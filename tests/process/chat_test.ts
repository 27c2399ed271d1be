/** The chat as a process: the guide's Python programs, netcat, and a person at its terminal. */

import { assertEquals, assertMatch } from "@std/assert";
import { peerTest, placeArguments, startPeer, startPython, startPythonServer } from "../peer.ts";
import { Program, startProgram } from "../program.ts";
import { putSockdock } from "../program_on_path.ts";
import { pythonWebSocketsTest, startWebSocketsProgram } from "../python_websockets.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const IN_MEMORY = ["--history", ":memory:"];

/** The next thing that is said, as the program tells programs. */
async function said(program: Program): Promise<string> {
  for (;;) {
    const { kind, name, text } = await program.event("chat");
    if (kind === "say") return `${name}: ${text}`;
  }
}

for (const bare of [true, false]) {
  const how = bare ? "with --bare, byte for byte" : "as named guests";
  peerTest(
    `the guide's UDP chat clients speak through serve chat, ${how}`,
    ["python3"],
    async () => {
      const flags = bare ? ["--bare"] : IN_MEMORY;
      await using server = await startProgram(
        ["serve", "chat", "udp://127.0.0.1:0", "--json", ...flags],
      );
      const place = placeArguments(server.url);
      await using first = startPython("chat_client.py", place);
      await using second = startPython("chat_client.py", place);
      const arrived = () => bare ? server.event("message") : server.event("chat");
      await first.write("hello\n");
      await arrived();
      await second.write("こんにちは\n");
      const shown = bare ? /^Received message: (.*)$/ : /^Received message: \d\d:\d\d (.*)$/;
      assertEquals(
        (await first.stdout.line(shown))[1],
        bare ? "こんにちは" : "guest-2: こんにちは",
      );
      // A command is nothing special to a bare relay.
      const question = bare ? "/who is there?" : "who is there?";
      await first.write(`${question}\n`);
      const [, asked] = await second.stdout.line(shown);
      assertEquals(asked, bare ? question : `guest-1: ${question}`);
      await second.write("q\n");
      await second.stdout.line(/^The chat ends\.$/);
      assertEquals((await second.ended()).code, 0);
    },
  );
}

peerTest("the guide's exercise: each message has its user and time", ["python3"], async () => {
  await using server = await startProgram(
    ["serve", "chat", "udp://127.0.0.1:0", "--json", ...IN_MEMORY],
  );
  const place = placeArguments(server.url);
  await using ada = startPython("chat_client.py", ["--user", "ada", ...place]);
  await ada.write("hello\n");
  assertEquals(await said(server), "ada: hello");
  await using bob = startPython("chat_client.py", ["--user", "bob", ...place]);
  await bob.write("ahoy\n");
  const [, time] = await ada.stdout.line(/^(\S+) bob: ahoy$/);
  assertMatch(time!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  await ada.write("aye\n");
  await bob.stdout.line(/^\S+ ada: aye$/);
});

peerTest("connect and send speak through the guide's UDP chat server", ["python3"], async () => {
  await using server = await startPythonServer("chat_server.py", ["127.0.0.1", "0"]);
  const url = `udp://${server.place}`;
  await using first = new Program(["connect", url]);
  await first.write("one\n");
  await server.process.stdout.line(/^Received message: one from /);
  await using second = new Program(["connect", url]);
  await second.write("two\n");
  await first.stdout.includes("two");
});

peerTest("nc, ncat, socat and Python share one room on every transport", [
  "nc",
  "ncat",
  "socat",
  "python3",
], async () => {
  await using folder = await temporaryFolder();
  await using server = await startProgram(
    [
      "serve",
      "chat",
      "udp://127.0.0.1:0",
      "tcp://127.0.0.1:0",
      "tls://127.0.0.1:0",
      `unix://${folder.path}/socket`,
      "--json",
      ...IN_MEMORY,
    ],
    { endpoints: 4 },
  );
  const [udp, tcp, tls] = server.urls.map(placeArguments);
  await using nc = startPeer("nc", ["-u", ...udp!]);
  await using python = startPython("chat_line_client.py", tcp!);
  await using ncat = startPeer("ncat", ["--ssl", ...tls!]);
  await using socat = startPeer("socat", ["-", `UNIX-CONNECT:${folder.path}/socket`]);
  const peers = { nc, python, ncat, socat };
  for (const [name, peer] of Object.entries(peers)) {
    await peer.write(`/name ${name}\n`);
    await server.event("chat");
  }
  for (const [name, peer] of Object.entries(peers)) {
    await peer.write(`I am ${name}\n`);
    assertEquals(await said(server), `${name}: I am ${name}`);
  }
  for (const [name, peer] of Object.entries(peers)) {
    for (const other of Object.keys(peers).filter((one) => one !== name)) {
      await peer.stdout.includes(`${other}: I am ${other}`);
    }
  }
  for (const [name, peer] of Object.entries(peers)) {
    assertEquals(peer.stdout.text.includes(`${name}: I am`), false, "nobody hears itself");
  }
});

pythonWebSocketsTest("Python's websockets speaks in the room", async () => {
  await using server = await startProgram(
    ["serve", "chat", "ws://127.0.0.1:0", "--json", ...IN_MEMORY],
  );
  await using client = startWebSocketsProgram("websocket_client.py", [server.url]);
  const { code, stdout } = await client.finish("/name ada\n/who\n");
  assertEquals(code, 0);
  assertMatch(stdout, /'\* you are ada, alone in lobby; \/help says more'\n'\* in lobby: ada'/);
});

/** Runs its arguments at a pseudo-terminal: what comes in is typed, what is shown goes out. */
const TERMINAL = "import os, pty, sys\n" +
  "sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

peerTest("the operator of the server sees the chat at its terminal and speaks in it", [
  "python3",
], async () => {
  await using folder = await temporaryFolder();
  const program = await putSockdock(folder.path);
  await using terminal = startPeer("python3", [
    "-c",
    TERMINAL,
    program,
    "serve",
    "chat",
    "tcp://127.0.0.1:0",
    "--as",
    "harbourmaster",
    ...IN_MEMORY,
  ], { env: { NO_COLOR: "1" } });
  const [, port] = await terminal.stdout.line(/listening tcp:\/\/127\.0\.0\.1:(\d+)/);
  await using client = startPython("chat_line_client.py", ["127.0.0.1", port!]);
  await client.write("/name bob\n");
  await terminal.stdout.includes("* bob came");
  await client.write("permission to \x1b[2J come alongside?\n");
  await terminal.stdout.includes("bob: permission to [2J come alongside?");
  await terminal.write("granted\n");
  await client.stdout.line(/^\d\d:\d\d harbourmaster✓: granted$/);
  await terminal.write("/kick bob\n");
  await client.stdout.line(/^\* you were removed by harbourmaster$/);
  await terminal.write("/quit\n");
  await terminal.stdout.includes("stopped tcp://");
  assertEquals((await terminal.ended()).code, 0);
});
