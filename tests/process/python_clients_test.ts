/** The guides' Python clients against our servers. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { peerTest, placeArguments, runPython } from "../peer.ts";
import { type Program, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const DATAGRAMS = ["udp", "unixgram"];

/** Serves a protocol on one transport for the length of `body`. */
async function serving(
  protocol: string,
  scheme: string,
  body: (place: string[], program: Program) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const place = scheme.startsWith("unix") ? `${folder.path}/socket` : "127.0.0.1:0";
  await using program = await startProgram(["serve", protocol, `${scheme}://${place}`, "--json"]);
  const flags = DATAGRAMS.includes(scheme) ? ["--datagram"] : [];
  await body([...flags, ...placeArguments(program.url)], program);
}

for (const scheme of ["tcp", "unix", "udp", "unixgram"]) {
  peerTest(
    `serve echo returns the Python client's greeting over ${scheme}`,
    ["python3"],
    () =>
      serving("echo", scheme, async (place) => {
        const client = await runPython("echo_client.py", place);
        assertEquals(client.stdout, "Received b'Hello, world'\n");
      }),
  );

  peerTest(
    `serve upper answers the Python client over ${scheme}`,
    ["python3"],
    () =>
      serving("upper", scheme, async (place) => {
        const client = await runPython("upper_client.py", [...place, "hello", "dock"]);
        assertEquals(client.stdout, "Sent:     hello dock\nReceived: HELLO DOCK\n");
      }),
  );

  peerTest(
    `serve acknowledge answers the Python client over ${scheme}`,
    ["python3"],
    () =>
      serving("acknowledge", scheme, async (place) => {
        const client = await runPython("acknowledge_client.py", [...place, "Hi, I am a client."]);
        assertStringIncludes(client.stdout, "\nMessage received: Hi, I am a client.. Thank you.\n");
      }),
  );
}

for (const scheme of ["tcp", "unix"]) {
  peerTest(
    `serve echo returns a megabyte after the half-close over ${scheme}`,
    ["python3"],
    () =>
      serving("echo", scheme, async (place) => {
        const sent = Uint8Array.from({ length: 1 << 20 }, (_, index) => index * 31 % 251);
        const client = await runPython("half_close_client.py", place, sent);
        assertEquals(client.bytes.length, sent.length);
        assertEquals(client.bytes.every((byte, index) => byte === sent[index]), true);
      }),
  );
}

peerTest(
  "serve acknowledge satisfies the Python client that sends again",
  ["python3"],
  () =>
    serving("acknowledge", "udp", async (place) => {
      const client = await runPython("datagram_retry_client.py", [
        "--wait",
        "5",
        ...place.slice(1),
      ]);
      assertStringIncludes(
        client.stdout,
        "Acknowledged: Message received: Hello, UDP!. Thank you.",
      );
      assertEquals(client.code, 0);
    }),
);

peerTest("serve print shows what the Python sender sends, until q", ["python3"], async () => {
  await using program = await startProgram(["serve", "print", "udp://127.0.0.1:0", "--until", "q"]);
  const sender = await runPython(
    "datagram_sender.py",
    [...placeArguments(program.url), "--end-receiver"],
    "first\nsecond one\nq\n",
  );
  assertEquals(sender.stdout, "Sent message: first\nSent message: second one\nSending ends.\n");
  const { code, stdout } = await program.ended();
  assertEquals(code, 0);
  assertEquals(stdout.split("\n").filter((line) => /first|second one/.test(line)).length, 2);
});
