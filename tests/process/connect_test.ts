/** `connect` as a process: at a pseudo-terminal, where a person types, and in a pipe. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { peerTest, startPeer, startPython } from "../peer.ts";
import { Program, runProgram, startProgram } from "../program.ts";
import { putSockdock } from "../program_on_path.ts";
import type { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { Person } from "../person.ts";
import { DatagramPeer, readText, readToEnd, StreamListener } from "./sockets.ts";

/** Runs its arguments at a pseudo-terminal: what comes in is typed, what is shown goes out. */
const TERMINAL = "import os, pty, sys\n" +
  "sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

/** Runs sockdock at a terminal for the length of `body`. */
async function atTerminal(
  args: readonly string[],
  body: (terminal: RunningProcess) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const program = await putSockdock(folder.path);
  await using terminal = startPeer("python3", ["-c", TERMINAL, program, ...args], {
    env: { NO_COLOR: "1" },
  });
  await body(terminal);
}

const bytes = (text: string) => new TextEncoder().encode(text);

peerTest("at a terminal a typed line is sent with LF, and q ends without being sent", [
  "python3",
], async () => {
  using peer = new StreamListener();
  await atTerminal(["connect", peer.url], async (terminal) => {
    using conn = await peer.accept();
    await terminal.stdout.includes("q on a line of its own ends it");
    for (const line of ["hello\n", "qq\n"]) {
      await terminal.write(line);
      assertEquals(await readText(conn), line);
    }
    await terminal.write("q\n");
    assertEquals(await readText(conn), "");
    assertEquals((await terminal.ended()).code, 0);
  });
});

peerTest("at a terminal --crlf ends typed lines as it says", ["python3"], async () => {
  using peer = new StreamListener();
  await atTerminal(["connect", peer.url, "--crlf"], async (terminal) => {
    using conn = await peer.accept();
    await terminal.write("GET /\n");
    assertEquals(await readText(conn), "GET /\r\n");
  });
});

peerTest("at a terminal a typed line is a datagram without LF, and its answer has a line", [
  "python3",
], async () => {
  using peer = new DatagramPeer();
  await atTerminal(["connect", peer.url, "--no-editor"], async (terminal) => {
    await terminal.write("one\n");
    assertEquals(await peer.receive(), "one");
    await peer.send("answer");
    await terminal.stdout.line(/^answer$/);
    await terminal.write("two\nq\n");
    assertEquals(await peer.receive(), "two");
    assertEquals((await terminal.ended()).code, 0);
    // Nothing came in between: q was not sent.
    await runProgram(["send", peer.url, "--timeout", "0", "afterwards"]);
    assertEquals(await peer.receive(), "afterwards");
  });
});

peerTest("at a terminal a typed line is a WebSocket message without LF", ["python3"], async () => {
  await using server = await startProgram(["serve", "echo", "ws://127.0.0.1:0", "-v", "--json"]);
  await atTerminal(["connect", server.url, "--no-editor"], async (terminal) => {
    await terminal.write("ahoy\n");
    assertEquals((await server.event("received")).text, "ahoy");
    // Once typed, once answered.
    for (let times = 0; times < 2; times++) await terminal.stdout.line(/^ahoy$/);
    await terminal.write("q\n");
    assertEquals((await terminal.ended()).code, 0);
  });
});

peerTest("what a terminal would obey is shown, and left alone in a pipe", ["python3"], async () => {
  using peer = new StreamListener();
  const evil = "\x1b]0;owned\x07\x1b[2J caf\u00e9 \u009b31m\r\nend\n";
  await atTerminal(["connect", peer.url, "--no-editor"], async (terminal) => {
    using conn = await peer.accept();
    await conn.write(bytes(evil));
    await terminal.stdout.line(/^end$/);
    assertStringIncludes(
      terminal.stdout.text,
      "\\x1b]0;owned\\x07\\x1b[2J caf\u00e9 \\x9b31m\r",
    );
    assertEquals(terminal.stdout.text.includes("\x1b"), false);
  });
  await using piped = new Program(["connect", peer.url]);
  {
    using conn = await peer.accept();
    await conn.write(bytes(evil));
  }
  assertEquals((await piped.finish()).stdout, evil);
});

peerTest("at a terminal the end of the peer ends connect, though nothing was typed", [
  "python3",
], async () => {
  using peer = new StreamListener();
  await atTerminal(["connect", peer.url, "--no-editor"], async (terminal) => {
    {
      using conn = await peer.accept();
      await conn.write(bytes("bye\n"));
    }
    await terminal.stdout.line(/^bye$/);
    assertEquals((await terminal.ended()).code, 0);
  });
});

peerTest("at a terminal the keystroke for the end of input closes our half alone", [
  "python3",
], async () => {
  using peer = new StreamListener();
  await atTerminal(["connect", peer.url, "--no-editor"], async (terminal) => {
    using conn = await peer.accept();
    await terminal.write("last\n");
    assertEquals(await readText(conn), "last\n");
    await terminal.write("\x04");
    assertEquals(await readText(conn), "");
    await conn.write(bytes("the rest\n"));
    await terminal.stdout.line(/^the rest$/);
    conn.close();
    assertEquals((await terminal.ended()).code, 0);
  });
});

/** Runs `connect` with its editor at a terminal of 60 columns, to a listener. */
async function editing(
  args: readonly string[],
  body: (person: Person) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const program = await putSockdock(folder.path);
  const words = ["60", "24", program, "connect", ...args, "--color", "never"];
  await using process = startPython("terminal.py", words);
  await body(new Person(process, 60));
}

peerTest("what comes in is printed above the line being typed", ["python3"], async () => {
  using peer = new StreamListener();
  await editing([peer.url], async (person) => {
    using conn = await peer.accept();
    await person.seesPrompt("> |");
    await person.type("h\u00e9llo \u65e5\u672c");
    await person.seesPrompt("> h\u00e9llo \u65e5\u672c|");
    await person.type("\x1b[D");
    await conn.write(bytes("one\r\ntw"));
    await conn.write(bytes("o\nno newline"));
    await person.seesLine("no newline");
    await person.seesPrompt("> h\u00e9llo \u65e5|\u672c");
    assertEquals(person.screen.lines.slice(2, 5), ["one", "two", "no newline"]);
    await person.type("\x7f\r");
    assertEquals(await readText(conn), "h\u00e9llo \u672c\n");
    await person.seesLine("> h\u00e9llo \u672c");
    // The history, a wide character and the end.
    await person.type("second\r\x1b[A\x1b[A");
    await person.seesPrompt("> h\u00e9llo \u672c|");
    await person.type("\x15q\r");
    assertEquals((await person.process.ended()).code, 0);
  });
});

peerTest(
  "pasted lines are sent as lines, and the rest waits to be finished",
  ["python3"],
  async () => {
    using peer = new StreamListener();
    await editing([peer.url, "--crlf"], async (person) => {
      using conn = await peer.accept();
      await person.seesPrompt("> |");
      await person.type("\x1b[200~GET / HTTP/1.0\rHost: x\r\r\x1b[201~");
      const wanted = "GET / HTTP/1.0\r\nHost: x\r\n\r\n";
      let received = "";
      while (received.length < wanted.length) received += await readText(conn);
      assertEquals(received, wanted);
      await person.type("\x1b[200~a\rb\x1b[201~");
      await person.seesPrompt("> b|");
    });
  },
);

peerTest("Ctrl-D ends our half alone and gives the terminal back", ["python3"], async () => {
  using peer = new StreamListener();
  await editing([peer.url], async (person) => {
    using conn = await peer.accept();
    await person.seesPrompt("> |");
    await person.type("last\r\x04");
    let received = "";
    for (let text = await readText(conn); text !== ""; text = await readText(conn)) {
      received += text;
    }
    assertEquals(received, "last\n");
    await conn.write(bytes("the rest\n"));
    await person.seesLine("the rest");
    assertEquals(person.screen.cursorLine, "|");
    assertEquals(person.screen.marksPastes, false);
    conn.close();
    assertEquals((await person.process.ended()).code, 0);
  });
});

peerTest("Ctrl-C leaves, also while a line is typed", ["python3"], async () => {
  using peer = new StreamListener();
  await editing([peer.url], async (person) => {
    using conn = await peer.accept();
    await person.seesPrompt("> |");
    await person.type("half a line\x03");
    assertEquals(await readText(conn), "");
    assertEquals((await person.process.ended()).code, 130);
  });
});

peerTest("at a terminal the messages of datagrams are lines, each above the prompt", [
  "python3",
], async () => {
  using peer = new DatagramPeer();
  await editing([peer.url, "-v"], async (person) => {
    await person.seesPrompt("> |");
    await person.type("one\r");
    assertEquals(await peer.receive(), "one");
    await peer.send("answer");
    await person.seesLine("answer");
    await person.seesPrompt("> |");
  });
});

const megabyte = Uint8Array.from({ length: 1 << 20 }, (_, index) => index ^ (index >> 8));

for (const scheme of ["tcp", "unix"]) {
  Deno.test(`a pipe through connect keeps every byte of a megabyte over ${scheme}`, async () => {
    await using folder = await temporaryFolder();
    const place = scheme === "tcp" ? "127.0.0.1:0" : `${folder.path}/socket`;
    await using server = await startProgram(["serve", "echo", `${scheme}://${place}`]);
    const { code, bytes, stderr } = await runProgram(["connect", server.url], { stdin: megabyte });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(bytes.length, megabyte.length);
    assertEquals(bytes, megabyte);
  });
}

Deno.test("a q in a pipe is data, and the end of input closes our half alone", async () => {
  using peer = new StreamListener();
  await using piped = new Program(["connect", peer.url]);
  using conn = await peer.accept();
  await piped.write("q\n");
  await piped.closeInput();
  assertEquals(new TextDecoder().decode(await readToEnd(conn)), "q\n");
  await conn.write(bytes("still listening"));
  await conn.closeWrite();
  assertEquals((await piped.ended()).stdout, "still listening");
});

Deno.test("each piped line is a datagram, and connect waits a little for the last answer", async () => {
  using peer = new DatagramPeer();
  await using piped = new Program(["connect", peer.url, "--wait", "3s"]);
  await piped.write("one\r\n\nq\ntwo");
  await piped.closeInput();
  for (const expected of ["one", "", "q", "two"]) assertEquals(await peer.receive(), expected);
  await peer.send("answer\0");
  const { code, stdout } = await piped.ended();
  assertEquals({ code, stdout }, { code: 0, stdout: "answer\0" });
});

Deno.test("connect --hex shows what arrives as a hex dump", async () => {
  using peer = new StreamListener();
  await using piped = new Program(["connect", peer.url, "--hex"]);
  {
    using conn = await peer.accept();
    await conn.write(Uint8Array.of(0, 255, 65));
  }
  assertEquals(
    (await piped.finish()).stdout,
    "000000  00 ff 41                                         ..A\n",
  );
});

Deno.test("connect --verbose shows both directions on stderr and leaves stdout to the data", async () => {
  await using server = await startProgram(["serve", "upper", "tcp://127.0.0.1:0"]);
  const { stdout, stderr } = await runProgram(["connect", server.url, "-v"], { stdin: "ahoy" });
  assertEquals(stdout, "AHOY");
  const peer = server.url.slice("tcp://".length);
  assertStringIncludes(stderr, `connected to ${peer}\n`);
  assertStringIncludes(stderr, `${peer} sent 4 B "ahoy"\n`);
  assertStringIncludes(stderr, `${peer} received 4 B "AHOY"\n`);
});
