/** Our clients against the guides' Python servers. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { peerTest, startPythonServer } from "../peer.ts";
import { Program, runProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Runs a Python server on one transport for the length of `body`. */
async function against(
  server: string,
  scheme: string,
  body: (url: string, server: { output(): string }) => Promise<void>,
  flags: readonly string[] = [],
): Promise<void> {
  await using folder = await temporaryFolder();
  const place = scheme.startsWith("unix") ? [`${folder.path}/socket`] : ["127.0.0.1", "0"];
  const datagram = ["udp", "unixgram"].includes(scheme) ? ["--datagram"] : [];
  await using running = await startPythonServer(server, [...flags, ...datagram, ...place]);
  await body(`${scheme}://${running.place}`, { output: () => running.process.stdout.text });
}

for (const scheme of ["tcp", "unix", "udp", "unixgram"]) {
  peerTest(
    `send prints what the Python echo server returns over ${scheme}`,
    ["python3"],
    () =>
      against("echo_server.py", scheme, async (url) => {
        const { code, stdout, stderr } = await runProgram(["send", url, "Hello,", "world"]);
        assertEquals({ code, stdout: stdout.trimEnd(), stderr }, {
          code: 0,
          stdout: "Hello, world",
          stderr: "",
        });
      }),
  );

  peerTest(
    `send prints what the Python upper server answers over ${scheme}`,
    ["python3"],
    () =>
      against("upper_server.py", scheme, async (url, server) => {
        const { code, stdout } = await runProgram(["send", url, "hello", "--line"]);
        assertEquals({ code, stdout: stdout.trimEnd() }, { code: 0, stdout: "HELLO" });
        assertStringIncludes(server.output(), "wrote:\nb'hello'\n");
      }),
  );

  peerTest(
    `send prints the Python server's acknowledgment over ${scheme}`,
    ["python3"],
    () =>
      against("acknowledge_server.py", scheme, async (url) => {
        const { code, stdout } = await runProgram(["send", url, "Hi"]);
        assertEquals(code, 0);
        assertEquals(stdout.trimEnd(), "Message received: Hi. Thank you.");
      }),
  );
}

peerTest(
  "send sends a datagram again until the Python server acknowledges it",
  ["python3"],
  () =>
    against(
      "acknowledge_server.py",
      "udp",
      async (url, server) => {
        const options = ["--retries", "5", "--timeout", "2s"];
        const { code, stdout } = await runProgram(["send", url, "Hello, UDP!", ...options]);
        assertEquals(stdout.trimEnd(), "Message received: Hello, UDP!. Thank you.");
        assertEquals(code, 0);
        assertStringIncludes(server.output(), "Ignored datagram 2.");
      },
      ["--ignore", "2"],
    ),
);

peerTest("send exits with 4 when no datagram is answered", ["python3"], () =>
  against(
    "acknowledge_server.py",
    "udp",
    async (url) => {
      const options = ["--retries", "1", "--timeout", "100ms"];
      const { code, stdout } = await runProgram(["send", url, "Hello?", ...options]);
      assertEquals({ code, stdout }, { code: 4, stdout: "" });
    },
    ["--ignore", "100"],
  ));

peerTest(
  "connect carries a conversation with the Python echo server",
  ["python3"],
  () =>
    against("echo_server.py", "tcp", async (url) => {
      await using client = new Program(["connect", url]);
      await client.write("first line\n");
      await client.stdout.line(/^first line$/);
      await client.write("no newline at the end");
      await client.stdout.includes("no newline at the end");
      const { code, stdout } = await client.finish();
      assertEquals({ code, stdout }, { code: 0, stdout: "first line\nno newline at the end" });
    }),
);

peerTest(
  "connect keeps piped bytes as they are",
  ["python3"],
  () =>
    against("echo_server.py", "tcp", async (url) => {
      const sent = Uint8Array.from({ length: 300_000 }, (_, index) => index * 7 % 256);
      await using client = new Program(["connect", url]);
      const { code, bytes } = await client.finish(sent);
      assertEquals(code, 0);
      assertEquals(bytes.length, sent.length);
      assertEquals(bytes.every((byte, index) => byte === sent[index]), true);
    }),
);

peerTest(
  "connect sends each piped line to the Python receiver as a datagram",
  ["python3"],
  async () => {
    await using receiver = await startPythonServer("datagram_receiver.py", ["127.0.0.1", "0"]);
    await using client = new Program(["connect", `udp://${receiver.place}`]);
    await client.write("first\nsecond one\nq\n");
    await receiver.process.stdout.line(/^Received message: first$/);
    await receiver.process.stdout.line(/^Received message: second one$/);
    await receiver.process.stdout.line(/^Receiving ends\.$/);
  },
);

peerTest(
  "wait resolves once the Python server listens",
  ["python3"],
  () =>
    against("echo_server.py", "tcp", async (url) => {
      const { code } = await runProgram(["wait", url, "--timeout", "10s"]);
      assertEquals(code, 0);
    }, ["--multi"]),
);

Deno.test("wait exits with 3 when nothing listens in time", async () => {
  // A port that is bound and does not listen refuses, and stays ours.
  await using folder = await temporaryFolder();
  const { code } = await runProgram(["wait", `unix://${folder.path}/none`, "--timeout", "200ms"]);
  assertEquals(code, 3);
});
