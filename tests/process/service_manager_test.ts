/** What the program tells the service manager that started it. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { peerTest, startPython } from "../peer.ts";
import { runProgram, startProgram } from "../program.ts";
import { runsOn } from "../program_runtime.ts";
import type { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { dial, readText } from "./sockets.ts";

/** Starts the receiver of a service manager. */
async function receiver(name: string): Promise<RunningProcess> {
  await using starting = new AsyncDisposableStack();
  const process = starting.use(startPython("notify_receiver.py", [name]));
  await process.stdout.line(/^bound$/);
  starting.move();
  return process;
}

// An old executable cannot send to an abstract name, and says so.
const names = await runsOn("2.9") ? ["a path", "an abstract name"] : ["a path"];

for (const what of names) {
  peerTest(`a service manager at ${what} hears of readiness, reload and shutdown`, [
    "python3",
  ], async () => {
    await using folder = await temporaryFolder();
    const name = what === "a path" ? `${folder.path}/notify` : `@${folder.path}/notify`;
    await using manager = await receiver(name);
    await using server = await startProgram(
      ["serve", "echo", "tcp://127.0.0.1:0", "udp://127.0.0.1:0", "--json"],
      { env: { NOTIFY_SOCKET: name }, endpoints: 2 },
    );
    const [, pid] = await manager.stdout.line(
      /^(\d+) READY=1\|STATUS=Listening on tcp:\S+ udp:\S+$/,
    );
    assertEquals(Number(pid), server.pid, "systemd knows its services by their process");
    // None of these servers has anything to reload, and the signal ends none of them.
    server.signal("SIGHUP");
    await manager.stdout.line(/^\d+ RELOADING=1$/);
    await manager.stdout.line(/^\d+ READY=1\|STATUS=Listening on /);
    using open = await dial(server.url);
    await open.write(new TextEncoder().encode("ahoy"));
    assertEquals(await readText(open), "ahoy");
    server.signal("SIGTERM");
    await manager.stdout.line(/^\d+ STOPPING=1\|STATUS=/);
    open.close();
    assertEquals((await server.ended()).code, 143);
  });
}

peerTest("a service manager hears of up and relay too", ["python3"], async () => {
  await using folder = await temporaryFolder();
  const name = `${folder.path}/notify`;
  await using manager = await receiver(name);
  const env = { NOTIFY_SOCKET: name };
  await using _up = await startProgram(["up", "--free-ports", "--json"], { env });
  await manager.stdout.line(/ READY=1\|STATUS=Listening on (?:\S+ ){10,}/);
  await using _relay = await startProgram(["relay", "tcp://:0", "tcp://127.0.0.1:9", "--json"], {
    env,
  });
  await manager.stdout.line(/ READY=1\|STATUS=Listening on tcp:\S+$/);
});

Deno.test("a service manager that cannot be told of readiness stops the program", async () => {
  await using folder = await temporaryFolder();
  const deaf = `${folder.path}/deaf`;
  const missing = `${folder.path}/missing`;
  {
    using _closed = Deno.listen({ transport: "unix", path: deaf });
    for (const [name, why] of [[missing, "there is no such socket"], [deaf, ""]] as const) {
      const { code, stderr } = await runProgram(["serve", "echo", "tcp://127.0.0.1:0", "--quiet"], {
        env: { NOTIFY_SOCKET: name },
      });
      assertEquals(code, 1);
      const [line = "", ...rest] = stderr.trim().split("\n");
      assertEquals(rest, []);
      assertMatch(
        line,
        /^error: Cannot tell the service manager at NOTIFY_SOCKET that the servers/,
      );
      assertStringIncludes(line, why);
      assertMatch(line, /; unset NOTIFY_SOCKET to run without one$/);
    }
  }
});

Deno.test("a service manager's socket of another kind is refused before anything listens", async () => {
  for (const name of ["vsock:2:1234", "relative/path", "@"]) {
    const { code, stdout, stderr } = await runProgram([
      "serve",
      "echo",
      "tcp://127.0.0.1:0",
      "--json",
    ], {
      env: { NOTIFY_SOCKET: name },
    });
    assertEquals([code, stdout], [2, ""]);
    assertEquals(
      stderr,
      `error: NOTIFY_SOCKET is "${name}"; only a Unix socket can be told, /path or @name; unset it ` +
        "to run without a service manager\n",
    );
  }
});
