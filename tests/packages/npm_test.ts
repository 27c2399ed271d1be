/** The npm package, in a folder with nothing else in it: the program, `start()`, the library. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { OLDEST_DENO } from "../../core/runtime.ts";
import { permissionFlags } from "../../.ci/permissions.ts";
import { eventually } from "../eventually.ts";
import { findPeer, peerTest } from "../peer.ts";
import { dial, readToEnd } from "../process/sockets.ts";
import { RunningProcess } from "../running_process.ts";
import { nodeOfVersion, npmProject, npmTest, pack, packedPackage, packTo } from "./npm_project.ts";
import { consoleFiles } from "../../web/console/files.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const MAX_BYTES = 850_000;
/** More than the system keeps for a client that does not read. */
const FILE_BYTES = 16 * 1024 * 1024;
const { version } = denoJson;

let installed: ReturnType<typeof npmProject> | undefined;

/** A folder with the package in it, which tests share. */
async function project() {
  return await (installed ??= npmProject()) ?? (() => {
    throw new Error("npm cannot install the package");
  })();
}

npmTest("the package is the same bytes from the same sources, and small", async () => {
  await using folder = await temporaryFolder();
  const [first, second] = await Promise.all([
    packedPackage().then((path) => Deno.readFile(path)),
    packTo(`${folder.path}/again.tgz`).then((path) => Deno.readFile(path)),
  ]);
  assert(first.length <= MAX_BYTES, `${first.length} bytes`);
  const digest = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  assertEquals(await digest(first), await digest(second));
});

npmTest(
  "its package.json has the version of deno.json and the permissions of the task",
  async () => {
    const { path } = await project();
    const text = await Deno.readTextFile(`${path}/node_modules/sockdock/package.json`);
    const { version, dependencies, denoFlags, exports } = JSON.parse(text);
    assertEquals(version, denoJson.version);
    assertEquals(dependencies, { deno: Deno.version.deno });
    const isPermission = (flag: string) => flag.startsWith("--allow");
    assertEquals(denoFlags.filter(isPermission), permissionFlags());
    assertEquals(
      Object.keys(exports).filter((name) => name !== "./package.json"),
      Object.keys(denoJson.exports),
    );
  },
);

npmTest("what the program loads when it needs it is found by its names", async () => {
  const { path } = await project();
  const folder = `${path}/node_modules/sockdock/lib`;
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".js")) continue;
    const text = await Deno.readTextFile(`${folder}/${name}`);
    // A CommonJS package that is imported dynamically has only a default export in a bundle; import
    // it statically in a module of ours, and that one dynamically.
    assertEquals(text.match(/export default [\w$]+\(\);\s*$/), null, name);
  }
});

npmTest("--version is one version, whatever runs the program", async () => {
  const { sockdock, run } = await project();
  const { os, arch } = Deno.build;
  const expected = `sockdock ${version} (deno ${Deno.version.deno}, ${os} ${arch})\n`;
  assertEquals((await run(sockdock, ["--version"])).stdout, expected);
});

npmTest("the console is in the package, every file as it stands in the sources", async () => {
  const { sockdock, path } = await project();
  const args = ["serve", "echo", "tcp://127.0.0.1:0", "--json", "--control", "http://127.0.0.1:0"];
  await using program = new RunningProcess(sockdock, args, { cwd: path });
  const [line] = await program.stdout.line(/^.*"control".*$/);
  const { url } = JSON.parse(line);
  for (const [path, { text }] of consoleFiles()) {
    assertEquals(await fetch(url + path).then((answer) => answer.text()), text, path);
  }
});

npmTest("npx with the tarball starts the suite, and shows commands that work", async () => {
  await using folder = await temporaryFolder();
  await Deno.copyFile(await packedPackage(), `${folder.path}/sock dock.tgz`);
  await using npx = new RunningProcess("npx", ["--yes", "./sock dock.tgz", "up", "--free-ports"], {
    cwd: folder.path,
  });
  const [, command = ""] = await npx.stdout.line(/^echo +(npx .+ send tcp:.+)$/);
  assertMatch(command, /^npx "\.\/sock dock\.tgz" send tcp:/);
  const words = ["-c", `exec ${command.replace("npx", "npx --yes")}`];
  await using sending = new RunningProcess("sh", words, { cwd: folder.path });
  assertEquals((await sending.finish()).stdout, "hi");
  // npx ends its shell when it is asked to, and not when it is killed.
  npx.signal("SIGTERM");
  await npx.ended();
});

npmTest("signals are passed on, and the end is the program's", async () => {
  const { sockdock, path } = await project();
  const serving = ["serve", "echo", "tcp://127.0.0.1:0"];
  for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
    await using program = new RunningProcess(sockdock, serving, { cwd: path });
    await program.stderr.line(/^listening/);
    program.signal(signal);
    assertEquals((await program.ended()).code, code, signal);
  }
  const { run } = await project();
  assertEquals((await run(sockdock, ["bogus"])).code, 2);
});

peerTest(
  "Ctrl-C at a terminal is one signal to the program, not two",
  ["node", "npm", "python3"],
  async () => {
    const { sockdock } = await project();
    await using folder = await temporaryFolder();
    await Deno.writeFile(`${folder.path}/file`, new Uint8Array(FILE_BYTES));
    const terminal = new URL("../peers/terminal.py", import.meta.url).pathname;
    await using program = new RunningProcess("python3", [
      ...["-B", terminal, "80", "24"],
      ...[sockdock, "serve", "files", "http://127.0.0.1:0", folder.path, "--color", "never"],
    ]);
    const [, url = ""] = await program.stdout.line(/listening (http:\S+)/);
    const asked = `GET /file HTTP/1.1\r\nHost: ${new URL(url).host}\r\nConnection: close\r\n\r\n`;
    using conn = await dial(url);
    await conn.write(new TextEncoder().encode(asked));
    await conn.read(new Uint8Array(1));
    await program.write("\x03");
    await eventually(() => dial(url).then((more) => (more.close(), false), () => true));
    // The first Ctrl-C lets what is being answered finish; a second would cut it off.
    assert((await readToEnd(conn)).length > FILE_BYTES);
    await program.stdout.line(/^stopped/);
  },
);

npmTest("no server stays behind when its launcher is killed, or npx is stopped", async () => {
  const { sockdock, path } = await project();
  const serving = ["serve", "echo", "tcp://127.0.0.1:0", "--json"];
  for (
    const [signal, program, ...args] of [
      ["SIGKILL", sockdock],
      ["SIGTERM", "npx", "--no", "sockdock"],
    ] as const
  ) {
    await using launcher = new RunningProcess(program, [...args, ...serving], { cwd: path });
    const [line] = await launcher.stdout.line(/^.*"listening".*$/);
    launcher.signal(signal);
    await eventually(() =>
      dial(JSON.parse(line).url).then((conn) => (conn.close(), false), () => true)
    );
  }
});

npmTest("a server ends with the Node that started it, though that was killed", async () => {
  const { path, write } = await project();
  await write(
    "starts.mjs",
    `import { start } from "sockdock";
const server = await start("echo", "tcp://127.0.0.1:0");
console.log(server.url);
setInterval(() => {}, 60_000);
`,
  );
  await using node = new RunningProcess(findPeer("node")!, ["starts.mjs"], { cwd: path });
  const [url] = await node.stdout.line(/^tcp:\S+$/);
  using conn = await dial(url);
  await conn.write(new TextEncoder().encode("x"));
  await conn.read(new Uint8Array(1));
  node.signal("SIGKILL");
  // The end of the connection is that of the server.
  await readToEnd(conn).catch(() => {});
  await eventually(() => dial(url).then((more) => (more.close(), false), () => true));
});

npmTest("its chat keeps a history, which needs the Worker", async () => {
  const { sockdock, path } = await project();
  await using program = new RunningProcess(
    sockdock,
    ["serve", "chat", "tcp://127.0.0.1:0", "--json", "--history", "chat.db"],
    { cwd: path },
  );
  const [line] = await program.stdout.line(/^.*"listening".*$/);
  const url = JSON.parse(line).url;
  await using talking = new RunningProcess(sockdock, ["chat", url, "--name", "eve"]);
  const { code, stderr } = await talking.finish("for the record\n");
  assertEquals(code, 0, stderr);
  program.signal("SIGTERM");
  await program.ended();
  const bytes = await Deno.readFile(`${path}/chat.db`);
  assertStringIncludes(new TextDecoder("latin1").decode(bytes), "for the record");
});

npmTest("start() serves tests of Node's runner, on each version to be had", async () => {
  const { run, write } = await project();
  const suite = await Deno.readTextFile(new URL("projects/node.test.mjs", import.meta.url));
  await write("suite.test.mjs", suite);
  const nodes = [findPeer("node")!, ...await Promise.all([18, 20].map(nodeOfVersion))];
  for (const node of nodes.filter((path) => path !== null)) {
    const { code, stdout } = await run(node, ["--test", "suite.test.mjs"]);
    assertEquals(code, 0, stdout);
    assertMatch(stdout, /^# pass 7$|^ℹ pass 7$/m);
  }
});

npmTest("an old Node is told what is needed, on one line", async () => {
  const { sockdock, run } = await project();
  const node = await nodeOfVersion(16);
  if (node === null) return;
  const { code, stderr } = await run(node, [sockdock, "list"]);
  assertEquals(code, 1);
  assertMatch(stderr, /^error: sockdock needs Node 18 or newer to start; this is v16\.[^\n]+\n$/);
});

npmTest(
  "a Deno that is missing, too old or none is named with the remedy, on one line",
  async () => {
    const { sockdock, run, path } = await project();
    const old = `${path}/old-deno`;
    await Deno.writeTextFile(old, "#!/bin/sh\necho deno 2.2.0\n", { mode: 0o755 });
    const refused = async (words: string, named: string) => {
      const { code, stdout, stderr } = await run(sockdock, ["list"], { SOCKDOCK_DENO: named });
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, /^error: [^\n]+\n$/);
      assertStringIncludes(stderr, words);
    };
    await refused(`sockdock needs Deno ${OLDEST_DENO} or newer, and ${old} is 2.2.0`, old);
    await refused("/bin/echo is not Deno", "/bin/echo");
    await refused("Cannot start Deno, missing/deno", "missing/deno");
    // A platform for which there is no build is one whose package npm does not install.
    await Deno.rename(`${path}/node_modules/@deno`, `${path}/away`);
    try {
      await refused("is not installed", "");
      await refused("set SOCKDOCK_DENO", "");
      const { code } = await run(sockdock, ["list"], { SOCKDOCK_DENO: Deno.execPath() });
      assertEquals(code, 0);
    } finally {
      await Deno.rename(`${path}/away`, `${path}/node_modules/@deno`);
    }
  },
);

npmTest("a folder that cannot be written is named with the remedy, on one line", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const output = `${folder.path}/file/sockdock.tgz`;
  const { code, stderr } = await pack(["--output", output]);
  assertEquals(code, 1);
  assertMatch(stderr, /^[^\n]+\n$/);
  assertStringIncludes(stderr, `Cannot write ${output}`);
  assertStringIncludes(stderr, "--output FILE");
});
