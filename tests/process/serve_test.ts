/** `serve` as a process: how it ends, what it prints, whom it admits, what steers it. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { peerTest, runPeer } from "../peer.ts";
import { Program, runProgram, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { DatagramPeer, dial, readText, StreamPeer } from "./sockets.ts";

const TCP = "tcp://127.0.0.1:0";
const UDP = "udp://127.0.0.1:0";

/** Sends words with `send` and returns what it printed. */
async function send(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(["send", ...args]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return stdout;
}

Deno.test("serve --once on tcp ends after the first session, which it serves whole", async () => {
  await using program = await startProgram(["serve", "echo", TCP, "--once", "--json"]);
  {
    using conn = await dial(program.url);
    for (const part of ["part one", "part two"]) {
      await conn.write(new TextEncoder().encode(part));
      assertEquals(await readText(conn), part);
    }
  }
  const { stats } = await program.event("stopped");
  const { opened, bytesReceived, bytesSent } = stats as Record<string, number>;
  assertEquals({ opened, bytesReceived, bytesSent }, {
    opened: 1,
    bytesReceived: 16,
    bytesSent: 16,
  });
  assertEquals((await program.ended()).code, 0);
});

Deno.test("serve --until-eof cuts open sessions off when its input ends, and not before", async () => {
  await using program = await startProgram(["serve", "echo", TCP, "--until-eof", "--json"]);
  using conn = await dial(program.url);
  for (const part of ["part one", "part two"]) {
    await program.write("ignored\n");
    await conn.write(new TextEncoder().encode(part));
    assertEquals(await readText(conn), part);
  }
  await program.closeInput();
  assertEquals(await readText(conn), "");
  assertEquals((await program.ended()).code, 0);
});

Deno.test("serve without --until-eof goes on when its input ends", async () => {
  await using program = await startProgram(["serve", "echo", TCP, "--once", "--json"]);
  await program.closeInput();
  assertEquals(await send(program.url, "ahoy"), "ahoy");
  assertEquals((await program.ended()).code, 0);
});

Deno.test("serve --once on udp ends after the first datagram, which it answers", async () => {
  await using program = await startProgram(["serve", "upper", UDP, "--once", "--json"]);
  assertEquals(await send(program.url, "ahoy"), "AHOY\n");
  assertEquals((await program.ended()).code, 0);
});

Deno.test("serve --once does not count a peer that was turned away", async () => {
  await using program = await startProgram(
    ["serve", "echo", TCP, "--once", "--json", "--deny", "127.0.0.2"],
  );
  using denied = await StreamPeer.dial(program.url, "127.0.0.2");
  assertEquals(await denied.receive(), "");
  await program.event("denied");
  assertEquals(await send(program.url, "admitted"), "admitted");
  assertEquals((await program.ended()).code, 0);
});

Deno.test("serve --once over two endpoints ends with the first session on either", async () => {
  await using program = await startProgram(["serve", "echo", TCP, UDP, "--once", "--json"], {
    endpoints: 2,
  });
  assertEquals(await send(program.urls[1]!, "ahoy"), "ahoy\n");
  assertEquals((await program.ended()).code, 0);
});

for (const url of [TCP, UDP]) {
  Deno.test(`serve print --until q shows messages on ${url} until q, which it keeps`, async () => {
    await using program = await startProgram(["serve", "print", url, "--until", "q"]);
    await runProgram(["send", program.url, "--timeout", "0"], { stdin: "one\nquay\n" });
    // A stream's messages are its lines; its two were sent without one between them.
    await program.stdout.line(url === TCP ? /^127\.0\.0\.1:\d+ onequay$/ : / quay$/);
    await runProgram(["send", program.url, "--timeout", "0", "q"]);
    const { code, stdout } = await program.ended();
    assertEquals(code, 0);
    assertEquals(stdout.split("\n").filter((line) => line.endsWith(" q")), []);
  });
}

Deno.test("serve --record keeps both directions and every event, for the owner alone", async () => {
  await using folder = await temporaryFolder();
  const record = `${folder.path}/transcript`;
  await using program = await startProgram(["serve", "upper", TCP, "--once", "--record", record]);
  assertEquals(await send(program.url, "one"), "ONE");
  const { code, stdout } = await program.ended();
  assertEquals({ code, stdout }, { code: 0, stdout: "" });
  const lines = (await Deno.readTextFile(record)).trimEnd().split("\n");
  const events = lines.map((line) => JSON.parse(line));
  assertEquals(
    events.map(({ event, text }) => text === undefined ? event : `${event} ${text}`),
    [
      "listening",
      "opened",
      "received one",
      "sent ONE",
      "notice stopping: served one session",
      "closed",
      "stopped",
    ],
  );
  assert(events.every(({ time }) => !Number.isNaN(Date.parse(time))));
  assertEquals(((await Deno.stat(record)).mode ?? 0) & 0o777, 0o600);
});

peerTest("serve --record to a file of pcapng keeps packets, and each run appends", [
  "tshark",
], async () => {
  await using folder = await temporaryFolder();
  const record = `${folder.path}/record.pcapng`;
  for (const text of ["one", "two"]) {
    await using program = await startProgram(["serve", "upper", TCP, "--once", "--record", record]);
    assertEquals(await send(program.url, text), text.toUpperCase());
    await program.ended();
  }
  const { stdout } = await runPeer("tshark", [
    ...["-r", record, "-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.payload"],
  ]);
  const hex = (text: string) => new TextEncoder().encode(text).toHex();
  assertEquals(stdout.trimEnd().split("\n"), ["one", "ONE", "two", "TWO"].map(hex));
  assertEquals(((await Deno.stat(record)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("send --record keeps both directions of a client", async () => {
  await using folder = await temporaryFolder();
  const record = `${folder.path}/transcript`;
  await using program = await startProgram(["serve", "upper", TCP]);
  assertEquals(await send(program.url, "one", "--record", record), "ONE");
  const events = (await Deno.readTextFile(record)).trimEnd().split("\n")
    .map((line) => JSON.parse(line));
  assertEquals(events.map(({ event, text }) => `${event} ${text}`), ["sent one", "received ONE"]);
});

Deno.test("serve --verbose shows what passes as text, and --hex in hexadecimal too", async () => {
  await using program = await startProgram(["serve", "upper", TCP, "--once", "--verbose", "--hex"]);
  await send(program.url, "--hex", "61 00 1b");
  const { stdout, stderr } = await program.ended();
  assertEquals(stdout, "");
  const peer = "127\\.0\\.0\\.1:\\d+";
  assertMatch(
    stderr,
    new RegExp(
      `^${peer} received 3 B "a\\\\x00\\\\x1b"\n  000000  61 00 1b {41}a\\.\\.\n` +
        `${peer} sent 3 B "A\\\\x00\\\\x1b"\n  000000  41 00 1b {41}A\\.\\.$`,
      "m",
    ),
  );
});

Deno.test("serve --quiet prints data and nothing else", async () => {
  await using folder = await temporaryFolder();
  const url = `unix://${folder.path}/socket`;
  await using program = new Program(["serve", "print", url, "--quiet", "--until", "q"]);
  assertEquals((await runProgram(["wait", url])).code, 0);
  await send(url, "--line", "data");
  await program.stdout.line(/^unnamed data$/);
  await runProgram(["send", url, "q"]);
  const { code, stdout, stderr } = await program.ended();
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "unnamed data\n", stderr: "" });
});

/** The lists, and whether 127.0.0.1 and 127.0.0.2 are admitted. */
const ADMISSION: readonly [lists: string[], first: boolean, second: boolean][] = [
  [["--allow", "127.0.0.2"], false, true],
  [["--allow", "10.0.0.0/8", "--allow", "127.0.0.0/31"], true, false],
  [["--deny", "127.0.0.2/32"], true, false],
  [["--allow", "127.0.0.0/8", "--deny", "127.0.0.1"], false, true],
  [["--allow", "@list"], false, true],
];

for (const [lists, first, second] of ADMISSION) {
  for (const url of [TCP, UDP]) {
    Deno.test(`serve ${url} ${lists.join(" ")} admits whom it says`, async () => {
      await using folder = await temporaryFolder();
      await Deno.writeTextFile(
        `${folder.path}/list`,
        "# Friends\n\n10.0.0.0/8 # a network\n  127.0.0.2\t\n",
      );
      await using program = await startProgram(["serve", "echo", url, "--json", ...lists], {
        cwd: folder.path,
      });
      for (const [local, admitted] of [["127.0.0.1", first], ["127.0.0.2", second]] as const) {
        using peer = url === TCP
          ? await StreamPeer.dial(program.url, local)
          : new DatagramPeer(local, program.url);
        await peer.send("hello");
        if (admitted) {
          assertEquals(await peer.receive(), "hello", local);
        } else {
          const { peer, reason } = await program.event("denied");
          assertMatch(`${peer} ${reason}`, new RegExp(`^${local}:\\d+ address$`));
        }
        if (!admitted && peer instanceof StreamPeer) assertEquals(await peer.receive(), "");
      }
    });
  }
}

Deno.test("serve ends quietly once nobody reads its data any more", async () => {
  await using program = await startProgram(["serve", "echo", TCP, "--json"]);
  await program.stdout.close();
  await runProgram(["send", program.url, "--timeout", "0", "x"]);
  const { code, stderr } = await program.ended();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

Deno.test("the environment sets options where they concern, and is ignored elsewhere", async () => {
  const env = {
    SOCKDOCK_UNTIL: "stop",
    SOCKDOCK_BACKLOG: "7",
    SOCKDOCK_MAX_MESSAGE: "8",
    SOCKDOCK_MAX_PEERS: "7",
    SOCKDOCK_JSON: "1",
    SOCKDOCK_UNHEARD_OF: "x",
    SOCKDOCK_QUIET: "",
  };
  // Neither --until nor --max-peers is for echo on tcp: as flags they would be refused.
  await using echo = new Program(["serve", "echo", TCP, "--once"], { env });
  await echo.listening(1, true);
  assertEquals(await send(echo.url, "hello"), "hello");
  assertEquals((await echo.ended()).code, 0);

  await using print = new Program(["serve", "print", UDP], { env });
  await print.listening(1, true);
  await send(print.url, "--timeout", "0", "far too long");
  await send(print.url, "--timeout", "0", "stop");
  const { code, stdout } = await print.ended();
  assertEquals(code, 0);
  assertMatch(stdout, /"oversized":1/);
});

Deno.test("a flag wins over the environment", async () => {
  const env = { SOCKDOCK_UNTIL: "environment" };
  await using print = await startProgram(["serve", "print", UDP, "--until", "flag"], { env });
  await send(print.url, "--timeout", "0", "environment");
  await print.stdout.line(/ environment$/);
  await send(print.url, "--timeout", "0", "flag");
  assertEquals((await print.ended()).code, 0);
});

Deno.test("the environment sets a client's options, and those for other transports are ignored", async () => {
  await using server = await startProgram(["serve", "echo", UDP, "--json"]);
  const env = { SOCKDOCK_LOCAL: "127.0.0.2:0", SOCKDOCK_TLS_FINGERPRINT: "ab", SOCKDOCK_CRLF: "1" };
  const { code, stdout } = await runProgram(["send", server.url, "hello"], { env });
  assertEquals({ code, stdout }, { code: 0, stdout: "hello\r\n" });
  assertMatch(String((await server.event("opened")).peer), /^127\.0\.0\.2:/);
  const flag = await runProgram(["send", server.url, "--tls-fingerprint", "ab", "hello"]);
  assertEquals(flag.code, 2);
  assertMatch(flag.stderr, /^error: --tls-fingerprint has no effect on udp/);
});

Deno.test("a wrong value in the environment names its variable", async () => {
  const env = { SOCKDOCK_IDLE_TIMEOUT: "soon" };
  const { code, stderr } = await runProgram(["serve", "echo", TCP], { env });
  assertEquals(code, 2);
  assertMatch(stderr, /^error: SOCKDOCK_IDLE_TIMEOUT: [^\n]*"soon"\n$/);
});
