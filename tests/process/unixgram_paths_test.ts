/** Unix datagram sockets by relative paths: answers arrive, however the server names its own socket. */

import { assertEquals } from "@std/assert";
import { peerTest } from "../peer.ts";
import { runProgram, startProgram } from "../program.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const LINUX = Deno.build.os === "linux";

/** Answers one datagram in capitals, from a socket that is bound by a relative path. */
const PYTHON_SERVER = `
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("python.sock")
print("bound", flush=True)
data, peer = s.recvfrom(100)
s.sendto(data.upper(), peer)
`;

Deno.test({
  name: "send hears the answer of our own server, both by a relative path",
  ignore: !LINUX,
  async fn() {
    await using folder = await temporaryFolder();
    const cwd = folder.path;
    await using server = await startProgram(["serve", "upper", "unixgram://own.sock"], { cwd });
    const { code, stdout } = await runProgram(["send", server.url, "hello"], { cwd });
    assertEquals({ code, stdout: stdout.trimEnd() }, { code: 0, stdout: "HELLO" });
  },
});

for (const place of ["relative", "absolute"]) {
  peerTest(
    `send hears the answer of a Python server that is bound by a relative path and dialled by ${place} path`,
    ["python3"],
    async () => {
      await using folder = await temporaryFolder();
      const cwd = folder.path;
      await using server = new RunningProcess("python3", ["-c", PYTHON_SERVER], { cwd });
      await server.stdout.line(/bound/);
      const path = place === "relative" ? "python.sock" : `${cwd}/python.sock`;
      const { code, stdout } = await runProgram(["send", `unixgram://${path}`, "hello"], { cwd });
      assertEquals({ code, stdout: stdout.trimEnd() }, { code: 0, stdout: "HELLO" });
    },
  );
}
