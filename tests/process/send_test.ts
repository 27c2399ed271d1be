/** `send` as a process: what goes out, what is printed, how it gives up. */

import { assertEquals, assertMatch } from "@std/assert";
import { misfitsOfJson } from "../event_schema.ts";
import { freePort } from "../free_port.ts";
import { Program, type ProgramOptions, runProgram, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { DatagramPeer, StreamListener } from "./sockets.ts";

const TCP = "tcp://127.0.0.1:0";
const UDP = "udp://127.0.0.1:0";

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);

/** Runs `send` with these arguments and returns what it printed. */
async function send(
  args: readonly string[],
  options: ProgramOptions & { readonly stdin?: string | Uint8Array } = {},
): Promise<string> {
  const { code, stdout, stderr } = await runProgram(["send", ...args], options);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

/** Serves echo on TCP and UDP for the length of `body`. */
async function echoing(
  body: (tcp: string, udp: string, program: Program) => Promise<void>,
): Promise<void> {
  await using program = await startProgram(["serve", "echo", TCP, UDP, "--json"], { endpoints: 2 });
  await body(program.urls[0]!, program.urls[1]!, program);
}

Deno.test("send joins its words by spaces and adds nothing, unless --line or --crlf ask", () =>
  echoing(async (tcp, udp) => {
    assertEquals(await send([tcp, "Hello,", "world"]), "Hello, world");
    assertEquals(await send([tcp, "--line", "Hello,", "world"]), "Hello, world\n");
    assertEquals(await send([tcp, "--crlf", "Hello,", "world"]), "Hello, world\r\n");
    assertEquals(await send([tcp, "--", "--line", "-5", ""]), "--line -5 ");
    assertEquals(await send([udp, "--crlf", "ahoy"]), "ahoy\r\n");
    // Replies that are messages stand on lines of their own.
    assertEquals(await send([udp, "ahoy"]), "ahoy\n");
    assertEquals(await send([udp, ""]), "\n");
  }));

Deno.test("send --hex reads bytes and shows bytes", () =>
  echoing(async (tcp) => {
    const dump = "000000  00 ff 0a 41                                      ...A\n";
    for (const words of [["00ff0a41"], ["00", "FF", "0a", "41"], ["0x00 0xff:0a:41"]]) {
      assertEquals(await send([tcp, "--hex", ...words]), dump);
    }
    assertEquals(
      await send([tcp, "--hex"], { stdin: "61 62 63\n" }),
      "000000  61 62 63                                         abc\n",
    );
  }));

Deno.test("send ends at a line of stdin that it cannot send, though the peer waits for more", () =>
  echoing(async (tcp, udp) => {
    for (const url of [tcp, udp]) {
      const { code, stderr } = await runProgram(["send", url, "--hex"], { stdin: "61\n6\n62\n" });
      assertEquals(code, 2);
      assertEquals(stderr, 'error: --hex: expected pairs of hexadecimal digits, got "6"\n');
    }
  }));

Deno.test("send --file sends a file as it is, and - is stdin as it is", () =>
  echoing(async (tcp, udp) => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/message`;
    await Deno.writeFile(path, everyByte);
    for (const url of [tcp, udp]) {
      const file = await runProgram(["send", url, "--file", path]);
      const expected = url === tcp ? everyByte : Uint8Array.of(...everyByte, 10);
      assertEquals({ code: file.code, bytes: file.bytes }, { code: 0, bytes: expected });
      const stdin = await runProgram(["send", url, "--file", "-"], { stdin: everyByte });
      assertEquals({ code: stdin.code, bytes: stdin.bytes }, { code: 0, bytes: expected });
    }
  }));

Deno.test("send takes each line of stdin for a message", () =>
  echoing(async (tcp, udp, program) => {
    const stdin = "one\r\ntwo\n\nlast";
    assertEquals(await send([tcp], { stdin }), "onetwolast");
    assertEquals(await send([tcp, "--line"], { stdin }), "one\ntwo\n\nlast\n");
    assertEquals(await send([udp], { stdin }), "one\ntwo\n\nlast\n");
    program.interrupt();
    assertEquals(((await program.event("stopped")).stats as { opened: number }).opened, 3);
  }));

Deno.test("send prints a stream's answer to its end, however long", () =>
  echoing(async (tcp) => {
    const message = Uint8Array.from({ length: 1 << 20 }, (_, index) => index * 31 % 251);
    const { code, bytes } = await runProgram(["send", tcp, "--file", "-"], { stdin: message });
    assertEquals(code, 0);
    assertEquals(bytes, message);
  }));

Deno.test("send --json prints what passes as events", () =>
  echoing(async (tcp) => {
    const peer = tcp.slice("tcp://".length);
    const lines = (await send([tcp, "--json", "é"])).trimEnd().split("\n");
    assertEquals(lines.flatMap((line) => misfitsOfJson(JSON.parse(line))), []);
    const stamp = { url: tcp, session: 1, peer };
    assertEquals(lines.map((line) => ({ ...JSON.parse(line), time: "then" })), [
      { event: "sent", ...stamp, time: "then", text: "é" },
      { event: "received", ...stamp, time: "then", text: "é" },
    ]);
    assertMatch(await send([tcp, "--json", "--hex", "ff"]), /"sent",.*"base64":"\/w=="\}\n/);
  }));

Deno.test("send without a reply in time is exit code 4", async () => {
  await using silent = await startProgram(["serve", "discard", UDP]);
  const { code, stdout, stderr } = await runProgram([
    ...["send", silent.url, "--timeout", "50ms", "anyone?"],
  ]);
  assertEquals({ code, stdout }, { code: 4, stdout: "" });
  assertEquals(
    stderr,
    "error: no reply in time; --timeout waits longer, --retries tries again\n",
  );
});

Deno.test("send without the end of a stream in time is exit code 4, or 0 with a part of it", async () => {
  using listener = new StreamListener();
  for (const [part, timeout, expected] of [["", "300ms", 4], ["a part", "5s", 0]] as const) {
    const sending = runProgram(["send", listener.url, "--timeout", timeout, "x"]);
    using conn = await listener.accept();
    await conn.write(new TextEncoder().encode(part));
    const { code, stdout, stderr } = await sending;
    assertEquals({ code, stdout }, { code: expected, stdout: part });
    assertMatch(stderr, /^[^\n]*in time; --timeout waits longer[^\n]*\n$/);
  }
});

Deno.test("send --retries says how often it tried", async () => {
  await using silent = await startProgram(["serve", "print", UDP, "--json"]);
  const args = ["send", silent.url, "--retries", "2", "--timeout", "50ms", "anyone?"];
  const { code, stderr } = await runProgram(args);
  assertEquals(code, 4);
  assertEquals(stderr.split("\n"), [
    "no reply; attempt 2 of 3",
    "no reply; attempt 3 of 3",
    "3 attempts, 0 replies",
    "error: no reply in time; --timeout waits longer, --retries tries again",
    "",
  ]);
  const quiet = await runProgram([...args, "--quiet"]);
  assertEquals([quiet.code, quiet.stderr.split("\n").length], [4, 2]);
  for (let sent = 0; sent < 6; sent++) {
    assertEquals((await silent.event("message")).text, "anyone?");
  }
  silent.interrupt();
  const { stats } = await silent.event("stopped");
  assertEquals((stats as { messagesReceived: number }).messagesReceived, 6);
});

Deno.test("send --retries stops at the first reply", async () => {
  using server = new DatagramPeer();
  const sending = runProgram([
    ...["send", server.url, "--retries", "5", "--timeout", "3s", "anyone?"],
  ]);
  assertEquals(await server.receive(), "anyone?");
  assertEquals(await server.receive(), "anyone?");
  await server.send("here");
  const { code, stdout, stderr } = await sending;
  assertEquals({ code, stdout }, { code: 0, stdout: "here\n" });
  assertEquals(stderr, "no reply; attempt 2 of 6\n2 attempts, 1 reply\n");
});

Deno.test("send --retries tries again to connect", async () => {
  const port = freePort();
  const url = `tcp://127.0.0.1:${port}`;
  const once = await runProgram(["send", url, "x", "--retries", "1"]);
  assertEquals(once.code, 1);
  const reason = `Cannot connect to ${url}: connection refused; nothing listens there`;
  assertEquals(once.stderr, `${reason}; attempt 2 of 2\nerror: ${reason}\n`);
});

Deno.test("send --timeout 0 waits for no reply", () =>
  echoing(async (tcp, udp, program) => {
    for (const url of [tcp, udp]) {
      assertEquals(await send([url, "--timeout", "0", "gone"]), "");
      await program.event(url === tcp ? "closed" : "opened");
    }
    program.interrupt();
    const { stats } = await program.event("stopped");
    assertEquals((stats as { messagesReceived: number }).messagesReceived, 2);
  }));

Deno.test("send fails where the server refuses its address", async () => {
  const denying = ["serve", "echo", TCP, "--json", "--deny", "127.0.0.1"];
  await using server = await startProgram(denying);
  await using sending = new Program(["send", server.url]);
  await server.event("denied");
  const { code, stdout, stderr } = await sending.finish("hello\n");
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^error: .*without having taken what was sent.*\n$/);
});
