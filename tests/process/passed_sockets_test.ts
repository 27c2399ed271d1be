/** Sockets that a service manager opened, adopted by the program. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePort } from "../free_port.ts";
import { type PeerName, peerTest, python, runPeer } from "../peer.ts";
import { Program, type ProgramOptions, runProgram, startProgram } from "../program.ts";
import { runsOn } from "../program_runtime.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { dial, readText, readToEnd } from "./sockets.ts";

/** Has Python open sockets of these kinds and pass them to the program. */
function passing(...kinds: string[]): Required<Pick<ProgramOptions, "under">> {
  return { under: ["python3", ...python("socket_passer.py", [...kinds, "--"])] };
}

/** An old executable cannot adopt a socket, and says so. */
const adopts = await runsOn("2.7.14");

function adoptingTest(name: string, needs: readonly PeerName[], body: () => Promise<void>): void {
  if (adopts) peerTest(name, needs, body);
  else Deno.test({ name, ignore: true, fn: body });
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

adoptingTest("systemd-socket-activate's sockets of TCP and Unix are served, the first client too", [
  "systemd-socket-activate",
], async () => {
  await using folder = await temporaryFolder();
  const [port, path] = [freePort(), `${folder.path}/socket`];
  const kept = Object.entries(Deno.env.toObject())
    .filter(([name]) => /^(?:DENO_|HOME$|PATH$|XDG_)/.test(name))
    .map(([name, value]) => `--setenv=${name}=${value}`);
  await using program = new Program(
    ["serve", "echo", "tcp://fd:3", "unix://fd:backdoor", "--json"],
    {
      under: [
        ...["systemd-socket-activate", "-l", `127.0.0.1:${port}`, "-l", path] as const,
        ...["--fdname=front:backdoor", ...kept],
      ],
    },
  );
  await program.stderr.line(/^Listening on .* as 4\.$/);
  using first = await dial(`tcp://127.0.0.1:${port}`);
  await first.write(new TextEncoder().encode("ahoy"));
  await program.listening(2, true);
  assertEquals(program.urls, [`tcp://127.0.0.1:${port}`, "unix://fd:backdoor"]);
  assertEquals(await readText(first), "ahoy");
  using second = await dial(`unix://${path}`);
  await second.write(new TextEncoder().encode("by the back door"));
  await second.closeWrite();
  assertEquals(text(await readToEnd(second)), "by the back door");
  first.close();
  program.signal("SIGTERM");
  assertEquals((await program.ended()).code, 143);
  assert((await Deno.lstat(path)).isSocket, "the file is its manager's to remove");
});

for (
  const { scheme, kind, flags = [] } of [
    { scheme: "tcp", kind: "tcp" },
    { scheme: "tcp", kind: "tcp6" },
    { scheme: "tls", kind: "tcp", flags: ["--insecure"] },
    { scheme: "ws", kind: "tcp" },
    { scheme: "wss", kind: "tcp", flags: ["--insecure"] },
    { scheme: "unix", kind: "unix" },
  ]
) {
  adoptingTest(`an adopted socket of ${kind} serves ${scheme}`, ["python3"], async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/socket`;
    await using server = await startProgram(
      ["serve", "echo", `${scheme}://fd:3`, "--json"],
      passing(kind === "unix" ? `unix:${path}` : kind),
    );
    const url = kind === "unix" ? `unix://${path}` : server.url;
    if (kind === "tcp") assertMatch(url, new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+$`));
    if (kind === "tcp6") assertMatch(url, /^tcp:\/\/\[::\]:\d+$/);
    const sent = await runProgram(["send", url, ...flags, "ahoy"]);
    assertEquals([sent.stdout.trim(), sent.code], ["ahoy", 0], sent.stderr);
  });
}

adoptingTest("an adopted socket serves HTTP, HTTPS and HTTP over Unix, by name", [
  "python3",
  "curl",
], async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/socket`;
  await using server = await startProgram(
    ["serve", "hello", "http://fd:web", "https://fd:4", "unix://fd:local", "--json"],
    { ...passing("tcp=web", "tcp=safe", `unix:${path}=local`), endpoints: 3 },
  );
  const [plain = "", secure = ""] = server.urls;
  const ask = async (...args: string[]) => {
    const { stdout } = await runPeer("curl", [
      ...["--silent", "--insecure", "--output", "/dev/null", "--write-out"],
      ...["%{http_code} %{http_version}", ...args],
    ]);
    return stdout;
  };
  assertEquals(await ask(plain), "200 1.1");
  assertEquals(await ask(secure), "200 2");
  assertEquals(await ask("--unix-socket", path, "http://localhost/"), "200 1.1");
  // The rule on Host knows that the socket is on loopback.
  assertEquals(await ask("--header", "Host: evil.example", plain), "421 1.1");
});

adoptingTest("admission and limits hold on an adopted socket", ["python3"], async () => {
  await using denying = await startProgram(
    ["serve", "echo", "tcp://fd:3", "--deny", "127.0.0.0/8", "--json"],
    passing("tcp6"),
  );
  using denied = await dial(denying.url.replace("[::]", "127.0.0.1"));
  assertEquals((await readToEnd(denied)).length, 0);
  assertMatch(String((await denying.event("denied")).peer), /^127\.0\.0\.1:\d+$/);

  await using narrow = await startProgram(
    ["serve", "echo", "tcp://fd:3", "--max-connections", "1", "--json"],
    passing("tcp"),
  );
  using first = await dial(narrow.url);
  await narrow.event("opened");
  using second = await dial(narrow.url);
  await second.write(new TextEncoder().encode("second"));
  first.close();
  await narrow.event("closed");
  assertEquals(await readText(second), "second");
  narrow.signal("SIGTERM");
  assertEquals((await readToEnd(second)).length, 0, "an end, and no reset");
  assertEquals((await narrow.ended()).code, 143);
});

adoptingTest("an adopted socket is accepted from again after descriptors ran out", [
  "python3",
], async () => {
  await using server = await startProgram(
    ["serve", "echo", "tcp://fd:3", "--json"],
    passing("--limit", "60", "tcp"),
  );
  const crowd = await Promise.all(Array.from({ length: 80 }, () => dial(server.url)));
  await server.event("opened");
  // Those in the backlog are not served while the others stay, and are once these are gone.
  const last = crowd.pop()!;
  await last.write(new TextEncoder().encode("at last"));
  for (const conn of crowd) conn.close();
  assertEquals(await readText(last), "at last");
  last.close();
});

for (
  const [what, url, kinds, expected] of [
    [
      "a number that was not passed",
      "tcp://fd:5",
      ["tcp"],
      "descriptor 5 was not passed; there is fd:3",
    ],
    [
      "a name that was not passed",
      "tcp://fd:back",
      ["tcp=front", "tcp"],
      "no socket was passed by the name back; there are fd:3 (front), fd:4",
    ],
    [
      "a name of several",
      "tcp://fd:web",
      ["tcp=web", "tcp=web"],
      "several sockets were passed by the name web; give a number; there are fd:3 (web), fd:4 (web)",
    ],
    ["a descriptor that is standard input", "tcp://fd:0", ["tcp"], "descriptor 0 was not passed"],
    [
      "LISTEN_FDS that is no number",
      "tcp://fd:3",
      ["--count", "many", "tcp"],
      'LISTEN_FDS is "many"; a service manager sets it to the number of sockets',
    ],
    [
      "LISTEN_PID of another process",
      "tcp://fd:3",
      ["--pid", "1", "tcp"],
      "the sockets were passed to process 1, and this is ",
    ],
    ["a file", "tcp://fd:3", ["file"], "descriptor 3 is no listening stream socket ("],
    ["a connection", "tcp://fd:3", ["connected"], "with Accept=no"],
    [
      "a socket of UDP for tcp",
      "tcp://fd:3",
      ["udp"],
      "descriptor 3 is no listening stream socket (",
    ],
    [
      "a descriptor that is closed",
      "tcp://fd:3",
      ["closed"],
      "descriptor 3 is no listening stream",
    ],
    [
      "a descriptor for a transport of datagrams",
      "udp://fd:3",
      ["udp"],
      "udp cannot adopt a socket; TCP and Unix streams can",
    ],
    [
      "a socket of TCP for unix",
      "unix://fd:3",
      ["tcp"],
      "descriptor 3 is a socket of TCP; write it",
    ],
    [
      "a Unix socket for tcp",
      "tcp://fd:3",
      ["unix:FOLDER/socket"],
      "descriptor 3 is a Unix socket; write unix://fd:3",
    ],
    [
      "--listener deno",
      "tls://fd:3 --listener deno",
      ["tcp"],
      "Deno.listenTls cannot adopt a socket; leave --listener deno away",
    ],
    ["one descriptor twice", "tcp://fd:3 ws://fd:3", ["tcp"], "descriptor 3 has a server already"],
  ] as const
) {
  adoptingTest(`${what} is refused in one line`, ["python3"], async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await runProgram(
      ["serve", "echo", ...url.split(" ")],
      passing(...kinds.map((kind) => kind.replace("FOLDER", folder.path))),
    );
    const lines = stderr.trim().split("\n").filter((line) => !line.startsWith("passed port"));
    assertEquals([code, stdout, lines.length], [2, "", 1], stderr);
    assertStringIncludes(lines[0]!, expected);
    assert(
      lines[0]!.startsWith(`error: ${url.split(" ").at(url.includes(" ws") ? 1 : 0)}: `),
      stderr,
    );
  });
}

Deno.test({
  name: "an old runtime says that it cannot adopt a socket",
  ignore: adopts,
  async fn() {
    const { code, stderr } = await runProgram(["serve", "echo", "tcp://fd:3"]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, "error: tcp://fd:3 needs Deno 2.7.14 or newer; this is ");
  },
});

adoptingTest(
  "without a service manager, a passed socket is refused with the remedy",
  [],
  async () => {
    const { code, stderr } = await runProgram(["serve", "echo", "tcp://fd:3"], {
      env: { LISTEN_FDS: "" },
    });
    assertEquals(code, 2);
    assertEquals(
      stderr,
      "error: tcp://fd:3: no sockets were passed to this process (LISTEN_FDS is not set); start it from " +
        "a socket unit, or try it with systemd-socket-activate\n",
    );
  },
);

peerTest("a port that the service manager holds is refused with how to serve it", [
  "python3",
], async () => {
  using held = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `tcp://127.0.0.1:${held.addr.port}`;
  const { code, stderr } = await runProgram(["serve", "echo", url], passing("tcp"));
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    `error: Cannot listen on ${url}: it is in use; a service manager passed sockets to this process, ` +
      "which are served as tcp://fd:3, unix://fd:3 and so on\n",
  );
});

Deno.test("to a client, fd is a host", async () => {
  const { code, stderr } = await runProgram(["send", "tcp://fd:web", "x"]);
  assertEquals([code, stderr.includes("names no port")], [2, true], stderr);
});
