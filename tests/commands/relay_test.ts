/** The relay and the faults as a person types them. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { peerTest, runPeer, runPython, startPythonServer } from "../peer.ts";
import { DatagramPeer } from "../process/sockets.ts";
import { runProgram, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const DATAGRAM: Readonly<Record<string, readonly string[]>> = { tcp: [], udp: ["--datagram"] };

for (const listen of ["tcp", "udp"]) {
  for (const upstream of ["tcp", "udp"]) {
    peerTest(
      `a Python client on ${listen} reaches Python's socketserver on ${upstream} through a relay`,
      ["python3"],
      async () => {
        await using server = await startPythonServer("upper_server.py", [
          ...["--threads", ...DATAGRAM[upstream]!, "127.0.0.1", "0"],
        ]);
        const to = `${upstream}://${server.place}`;
        await using relay = await startProgram(["relay", `${listen}://:0`, to]);
        const { hostname, port } = new URL(relay.url.replace(/^\w+/, "http"));
        const { code, stdout } = await runPython("upper_client.py", [
          ...[...DATAGRAM[listen]!, hostname, port, "hello"],
        ]);
        assertEquals(code, 0);
        assertStringIncludes(stdout, "HELLO");
      },
    );
  }
}

peerTest("half-close and bytes pass unchanged between Python programs", ["python3"], async () => {
  await using server = await startPythonServer("echo_server.py", ["--multi", "127.0.0.1", "0"]);
  await using relay = await startProgram([
    ...["relay", "tcp://:0", `tcp://${server.place}`, "--fault", "latency=20ms,slice=1000"],
  ]);
  const port = new URL(relay.url.replace("tcp", "http")).port;
  const input = crypto.getRandomValues(new Uint8Array(60_000)).toBase64();
  const { code, stdout } = await runPython("half_close_client.py", ["127.0.0.1", port], input);
  assertEquals([code, stdout], [0, input]);
});

peerTest("Python sees a real reset", ["python3"], async () => {
  for (const scheme of ["tcp", "ws"]) {
    await using server = await startProgram([
      ...["serve", "echo", `${scheme}://:0`, "--fault", "out.reset-after=3"],
    ]);
    const port = new URL(server.url.replace(/^\w+/, "http")).port;
    const { stdout } = await runPeer("python3", [
      "-c",
      `import socket
with socket.create_connection(("127.0.0.1", ${port}), 60) as sock:
    sock.sendall(b"GET / HTTP/1.1\\r\\nHost: 127.0.0.1:${port}\\r\\n\\r\\n")
    try:
        while sock.recv(100): pass
        print("end")
    except ConnectionResetError:
        print("reset")`,
    ]);
    // The opening handshake of a WebSocket breaks like everything else on its connection.
    assertEquals(stdout.trim(), "reset", scheme);
  }
});

peerTest("curl waits for an HTTP server behind a slow relay", ["curl"], async () => {
  await using server = await startProgram(["serve", "hello", "http://:0"]);
  const to = server.url.replace("http", "tcp").replace(/\/$/, "");
  await using relay = await startProgram(["relay", "tcp://:0", to, "--fault", "latency=200ms"]);
  const { code, stdout } = await runPeer("curl", [
    ...["-s", "-o", "/dev/null", "-w", "%{http_code} %{time_total}"],
    ...["-H", `Host: ${new URL(server.url).host}`, relay.url.replace("tcp", "http")],
  ]);
  const [status, seconds] = stdout.split(" ").map(Number);
  assertEquals([code, status], [0, 200]);
  assert(seconds! >= 0.4, `${seconds}`);
});

Deno.test("serve relay is the same as relay, and a configuration may say it too", async () => {
  await using folder = await temporaryFolder();
  await using upstream = await startProgram(["serve", "acknowledge", "tcp://:0"]);
  const config = `${folder.path}/harbour.toml`;
  await Deno.writeTextFile(
    config,
    `[[server]]
serve = "relay"
on = "tcp://127.0.0.1:0"
to = "${upstream.url}"
fault = "latency=1ms"
upstream-connect-timeout = "5s"
`,
  );
  await using served = await startProgram(["serve", "relay", "tcp://:0", "--to", upstream.url]);
  await using up = await startProgram(["up", config, "--json"]);
  for (const url of [served.url, up.url]) {
    const { code, stdout } = await runProgram(["send", url, "Hi"]);
    assertEquals([code, stdout.trimEnd()], [0, "Message received: Hi. Thank you."]);
  }
});

Deno.test("a relay terminates TLS and passes it on, trusting what it is told to", async () => {
  await using folder = await temporaryFolder();
  const env = { SOCKDOCK_DATA_FOLDER: folder.path, XDG_DATA_HOME: folder.path };
  await using plain = await startProgram(["serve", "echo", "tcp://:0"], { env });
  await using secure = await startProgram(["serve", "echo", "tls://:0"], { env });
  await using terminating = await startProgram(["relay", "tls://:0", plain.url], { env });
  await using originating = await startProgram(
    ["relay", "tcp://:0", secure.url, "--upstream-insecure"],
    { env },
  );
  await using passing = await startProgram(
    ["relay", "tcp://:0", secure.url.replace("tls", "tcp")],
    { env },
  );
  const insecure = ["--insecure", "hello"];
  for (
    const [url, words] of [
      [terminating.url, insecure],
      [originating.url, ["hello"]],
      [passing.url.replace("tcp", "tls"), insecure],
    ] as const
  ) {
    const { code, stdout, stderr } = await runProgram(["send", url, ...words], { env });
    assertEquals([code, stdout.trimEnd()], [0, "hello"], stderr);
  }
});

Deno.test("the environment's options for the upstream concern only upstreams that have them", async () => {
  await using upstream = await startProgram(["serve", "echo", "tcp://:0"]);
  await using relay = await startProgram(["relay", "tcp://:0", upstream.url], {
    env: { SOCKDOCK_UPSTREAM_INSECURE: "1", SOCKDOCK_UPSTREAM_CONNECT_TIMEOUT: "3s" },
  });
  const { code, stdout } = await runProgram(["send", relay.url, "hello"]);
  assertEquals([code, stdout], [0, "hello"]);
});

Deno.test("an upstream that is down is named, and the relay goes on", async () => {
  await using relay = await startProgram(["relay", "tcp://:0", "tcp://127.0.0.1:1", "--json"]);
  await runProgram(["send", relay.url, "hello"]);
  const { url, upstream, error } = await relay.event("failed");
  assertEquals([url, upstream], [relay.url, "tcp://127.0.0.1:1"]);
  assertStringIncludes(String(error), "refused");
});

Deno.test("the same seed loses the same datagrams, and what was done is counted", async () => {
  const arrived: string[] = [];
  for (const seed of ["7", "7", "8"]) {
    await using server = await startProgram([
      ...["serve", "print", "udp://:0", "--json", "--fault", "in.loss=50%", "--seed", seed],
    ]);
    using socket = new DatagramPeer("127.0.0.1", server.url);
    let sent = 0;
    const say = (text: string) => {
      sent++;
      return socket.send(text);
    };
    for (let number = 0; number < 24; number++) await say(`${number}`);
    // The last one is sent until it gets through.
    const again = setInterval(() => void say("the end"), 100);
    await server.stdout.line(/"text":"the end"/).finally(() => clearInterval(again));
    server.interrupt();
    const { stats } = await server.event("stopped") as unknown as {
      stats: { faults: number; messagesReceived: number };
    };
    const counted = stats.faults + stats.messagesReceived;
    assert(counted > 24 && counted <= sent, `${counted} of ${sent}`);
    const lines = server.stdout.text.matchAll(/"event":"message".*"text":"(\d+)"/g);
    arrived.push(Array.from(lines, ([, text]) => text).join());
  }
  assertEquals(arrived[0], arrived[1]);
  assert(arrived[0] !== arrived[2]);
});

Deno.test("a client may have faults of its own, and says by which seed", async () => {
  await using server = await startProgram(["serve", "echo", "udp://:0"]);
  const { code, stdout, stderr } = await runProgram([
    ...["send", server.url, "--fault", "duplicate=100%", "hello"],
  ]);
  assertEquals([code, stdout.trimEnd()], [0, "hello"]);
  assert(/faults by seed \d+; --seed \d+ repeats them/.test(stderr), stderr);
});

const WRONG: readonly [args: readonly string[], error: string][] = [
  [["relay", "tcp://:0"], "<upstream-url>"],
  [
    ["relay", "tcp://:0", "tcp://127.0.0.1:1", "--fault", "loss=5%"],
    "loss cannot be had on a stream",
  ],
  [["relay", "tcp://:0", "tcp://127.0.0.1"], "names no port"],
  [["relay", "tcp://:0", "tcp://127.0.0.1:1", "--upstream-insecure"], "--upstream-insecure has no"],
  [
    ["serve", "echo", "tcp://:0", "--upstream-insecure"],
    "--upstream-insecure has no effect on echo",
  ],
  [["serve", "echo", "udp://:0", "--seed", "7"], "--seed has no effect without --fault"],
];

for (const [args, error] of WRONG) {
  Deno.test(`${args.join(" ")} is refused`, async () => {
    const { code, stderr } = await runProgram(args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, error);
  });
}
