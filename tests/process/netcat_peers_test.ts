/** ncat, nc and socat against our servers, and our clients against theirs. */

import { assertEquals } from "@std/assert";
import { type PeerName, peerTest, placeArguments, runPeer, startPeer } from "../peer.ts";
import { Program, runProgram, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Serves echo on one transport for the length of `body`. */
async function echoing(scheme: string, body: (place: string[]) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const place = scheme.startsWith("unix") ? `${folder.path}/socket` : "127.0.0.1:0";
  await using program = await startProgram(["serve", "echo", `${scheme}://${place}`, "--json"]);
  await body(placeArguments(program.url));
}

/** How each client is told to dial a stream, send its input and read to the end. */
const STREAM_CLIENTS: readonly [PeerName, string, (place: string[]) => string[]][] = [
  ["ncat", "tcp", (place) => place],
  ["ncat", "unix", (place) => ["-U", ...place]],
  ["nc", "tcp", (place) => ["-N", ...place]],
  ["nc", "unix", (place) => ["-N", "-U", ...place]],
  ["socat", "tcp", (place) => ["-", `TCP:${place.join(":")}`]],
  ["socat", "unix", (place) => ["-", `UNIX-CONNECT:${place}`]],
];

for (const [peer, scheme, args] of STREAM_CLIENTS) {
  peerTest(
    `${peer} gets its input back over ${scheme}`,
    [peer],
    () =>
      echoing(scheme, async (place) => {
        const { code, stdout } = await runPeer(peer, args(place), { stdin: "one\ntwo\n" });
        assertEquals({ code, stdout }, { code: 0, stdout: "one\ntwo\n" });
      }),
  );
}

/** The same for datagrams: their clients leave at the end of input without waiting for a reply. */
const DATAGRAM_CLIENTS: readonly [PeerName, string, (place: string[]) => string[]][] = [
  ["ncat", "udp", (place) => ["-u", ...place]],
  ["ncat", "unixgram", (place) => ["-u", "-U", ...place]],
  ["nc", "udp", (place) => ["-u", ...place]],
  ["nc", "unixgram", (place) => ["-u", "-U", ...place]],
  ["socat", "udp", (place) => ["-", `UDP:${place.join(":")}`]],
  ["socat", "unixgram", (place) => ["-", `UNIX-SENDTO:${place},bind=${place}.client`]],
];

for (const [peer, scheme, args] of DATAGRAM_CLIENTS) {
  peerTest(
    `${peer} gets each datagram back over ${scheme}`,
    [peer],
    () =>
      echoing(scheme, async (place) => {
        await using client = startPeer(peer, args(place));
        for (const line of ["one", "two"]) {
          await client.write(`${line}\n`);
          await client.stdout.line(new RegExp(`^${line}$`));
        }
      }),
  );
}

peerTest("send prints what a socat server echoes over tcp", ["socat"], async () => {
  await using server = startPeer("socat", ["-d", "-d", "TCP-LISTEN:0,bind=127.0.0.1", "PIPE"]);
  const [, address] = await server.stderr.line(/listening on AF=2 (\S+)/);
  const { code, stdout } = await runProgram(["send", `tcp://${address}`, "hello"]);
  assertEquals({ code, stdout: stdout.trimEnd() }, { code: 0, stdout: "hello" });
});

peerTest("send prints what a socat server echoes over udp", ["socat"], async () => {
  await using server = startPeer("socat", ["-d", "-d", "UDP-LISTEN:0,bind=127.0.0.1", "PIPE"]);
  const [, address] = await server.stderr.line(/listening on UDP AF=2 (\S+)/);
  const { code, stdout } = await runProgram(["send", `udp://${address}`, "hello"]);
  assertEquals({ code, stdout: stdout.trimEnd() }, { code: 0, stdout: "hello" });
});

peerTest("send prints what a ncat server echoes over unix", ["ncat"], async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/socket`;
  await using server = startPeer("ncat", ["-v", "-l", "-U", path, "--exec", "/bin/cat"]);
  await server.stderr.line(/Listening on/);
  // ncat takes the end of our half for the end of all and may drop what its program still says.
  const options = ["--no-shutdown", "--timeout", "60s"];
  await using client = new Program(["send", `unix://${path}`, ...options, "hello"]);
  await client.stdout.includes("hello");
  server.signal("SIGTERM");
  assertEquals((await client.ended()).code, 0);
});

for (const [name, flags] of [["tcp", []], ["udp", ["-u"]]] as const) {
  peerTest(`connect talks with a person at nc -l over ${name}`, ["nc"], async () => {
    await using server = startPeer("nc", ["-v", ...flags, "-l", "127.0.0.1", "0"]);
    const [, port] = await server.stderr.line(/(?:Listening|Bound) on \S+ (\d+)/);
    await using client = new Program(["connect", `${name}://127.0.0.1:${port}`]);
    await client.write("from sockdock\n");
    await server.stdout.includes("from sockdock");
    await server.write("from nc\n");
    await client.stdout.includes("from nc");
  });
}
