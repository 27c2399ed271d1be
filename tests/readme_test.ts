/** README.md is true: its tour runs, and what it says of tasks, commands and options is so. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { readArguments } from "../commands/line/arguments.ts";
import { commands } from "../commands/index.ts";
import denoJson from "../deno.json" with { type: "json" };
import { type PeerName, peerTest, startPeer } from "./peer.ts";
import { putSockdock, quoted } from "./program_on_path.ts";
import { pythonWith } from "./python_package.ts";
import {
  type Block,
  isShownAs,
  onFreePorts,
  onRealPorts,
  portKey,
  readmeSections,
  type Section,
  shownUrls,
  sockdockCalls,
} from "./readme.ts";
import { type ProcessOptions, RunningProcess } from "./running_process.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));
const readme = read("README.md");
const sections = readmeSections(readme);

/** The programs besides sockdock that a section runs. */
function peersOf({ blocks }: Section): PeerName[] {
  const names: readonly PeerName[] = [
    ...["curl", "nats-server", "nc", "ncat", "openssl", "python3", "socat"] as const,
  ];
  const run = blocks.filter(({ kind }) => kind !== "shown" && kind !== "output");
  return names.filter((name) =>
    run.some(({ code }) => new RegExp(`(^|[|&;(]|\\s)${name}\\s`, "m").test(code))
  );
}

/** The program under test is an executable on a runtime that cannot do what the page shows. */
class OldRuntime extends Error {}

function oldRuntime(stderr: string): OldRuntime | undefined {
  const [needs] = /\S+ needs Deno \S+ or newer/.exec(stderr) ?? [];
  return needs === undefined ? undefined : new OldRuntime(needs);
}

/** How long the commands of a block may take together. */
const SCRIPT_DEADLINE_MS = 180_000;

/** The same commands with more time: the page's is for a machine that does nothing else. */
function unhurried(code: string): string {
  return code.replace(/\b(sleep|timeout) (\d+)\b/g, (_, program, s) => `${program} ${3 * s}`)
    .replace(/--timeout (\d+)ms/g, (_, ms) => `--timeout ${10 * ms}ms`)
    .replace(/settimeout\((\d+)\)/g, (_, s) => `settimeout(${10 * s})`);
}

/** One section being run: its folder, its servers and where they really listen. */
class Run implements AsyncDisposable {
  readonly #folder: string;
  readonly #options: ProcessOptions;
  readonly #servers: RunningProcess[] = [];
  /** What the servers need, which is not ours. */
  readonly #brokers: RunningProcess[] = [];
  readonly #real = new Map<string, string>();
  /** What was set up, in which a configuration names URLs. */
  #setUp = "";

  constructor(folder: string, bin: string) {
    this.#folder = folder;
    const inherited = Object.entries(Deno.env.toObject())
      .filter(([name]) => !name.startsWith("SOCKDOCK_"));
    this.#options = {
      cwd: folder,
      clearEnv: true,
      env: {
        ...Object.fromEntries(inherited),
        NO_COLOR: "1",
        PATH: `${bin}:${Deno.env.get("PATH") ?? ""}`,
      },
    };
  }

  async setup({ code }: Block): Promise<void> {
    this.#setUp += `${code}\n`;
    await this.#script(onFreePorts(code));
  }

  /** Starts one command that keeps running, and waits until all its endpoints listen. */
  async server(line: string): Promise<void> {
    if (line.startsWith("nats-server ")) return await this.#broker(line);
    // What a relay passes on to, and what nodes share, has been started before it.
    const [, listening = line, dialled = ""] =
      /^(sockdock relay \S+|sockdock serve .*(?= --cluster ))( .*)$/.exec(line) ?? [];
    const command = `exec ${onFreePorts(listening)}${onRealPorts(dialled, this.#real)} --json`;
    const server = new RunningProcess("sh", ["-c", command], this.#options);
    this.#servers.push(server);
    const shown = shownUrls(/^sockdock up\b/.test(line) ? this.#setUp : listening);
    assert(shown.length > 0, `${line} does not say where it listens`);
    for (const place of shown) {
      const [, url = ""] = await server.stdout.line(/^\{"event":"listening","url":"([^"]+)"/)
        .catch((error) => {
          throw oldRuntime(server.stderr.text) ?? error;
        });
      const [real] = shownUrls(url);
      assertEquals(real?.scheme, place.scheme, `${line} listens in another order`);
      if (place.port !== undefined) this.#real.set(portKey(place), real?.port ?? "");
    }
  }

  async #broker(line: string): Promise<void> {
    const [, ...args] = line.split(/\s+/);
    const broker = startPeer("nats-server", [...args, "-p", "-1"], this.#options);
    this.#brokers.push(broker);
    const [, port] = await broker.stderr.line(/client connections on [\d.]+:(\d+)/);
    this.#real.set("nats:4222", port!);
    await broker.stderr.line(/Server is ready/);
  }

  /** Runs commands and holds their output against what the page shows. */
  async client({ code }: Block, shown: Block | undefined): Promise<void> {
    const stdout = await this.#script(unhurried(onRealPorts(code, this.#real)));
    if (shown === undefined) return;
    // The page shows the fixed ports that the tour uses; its output may name them.
    const expected = onRealPorts(shown.code, this.#real);
    if (!isShownAs(stdout, expected)) assertEquals(stdout, expected);
  }

  async #script(code: string): Promise<string> {
    const path = `${this.#folder}/.block.sh`;
    await Deno.writeTextFile(path, `${code}\n`);
    await using shell = new RunningProcess("sh", ["-e", path], this.#options);
    await shell.closeInput();
    const { stdout, stderr, code: status } = await shell.ended(SCRIPT_DEADLINE_MS);
    const needs = oldRuntime(stderr);
    if (needs !== undefined) throw needs;
    assertEquals(status, 0, `${code}\n${stdout}${stderr}`);
    return stdout;
  }

  /** Ctrl-C for what still runs, which has to end without complaint. */
  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.signal("SIGINT");
      const { code, stderr } = await server.ended();
      // What the old runtime of an executable cannot do, it says.
      assertEquals(stderr.replace(/^.*needs Deno \S+ or newer.*\n/gm, ""), "");
      assert(code === 0 || code === 130, `a server ended with ${code}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [...this.#servers, ...this.#brokers]) await one[Symbol.asyncDispose]();
  }
}

for (const section of sections) {
  if (!section.blocks.some(({ kind }) => kind === "client" || kind === "server")) continue;
  peerTest(`README.md, "${section.heading}", is true`, peersOf(section), async () => {
    const python = pythonOf(section);
    if (python === undefined) {
      console.log(`skipped: "${section.heading}": needs python3-cryptography`);
      return;
    }
    try {
      await runSection(section, python);
    } catch (error) {
      if (!(error instanceof OldRuntime)) throw error;
      console.log(`skipped: "${section.heading}": ${error.message}`);
    }
  });
}

/** The Python that has what a section imports; undefined where none does. */
function pythonOf({ blocks }: Section): string | undefined {
  const imports = blocks.some(({ code }) => code.includes("from cryptography"));
  return imports ? pythonWith("cryptography") : "python3";
}

async function runSection({ blocks }: Section, python: string): Promise<void> {
  await using bin = await temporaryFolder();
  await using folder = await temporaryFolder();
  await putSockdock(bin.path);
  if (python !== "python3") {
    const link = `${bin.path}/python3`;
    await Deno.writeTextFile(link, `#!/bin/sh\nexec ${quoted(python)} "$@"\n`, { mode: 0o755 });
  }
  await using run = new Run(folder.path, bin.path);
  for (const block of blocks) if (block.kind === "setup") await run.setup(block);
  for (const [index, block] of blocks.entries()) {
    if (block.kind === "server") {
      for (const line of block.code.split("\n")) await run.server(line);
    } else if (block.kind === "client") {
      const next = blocks[index + 1];
      await run.client(block, next?.kind === "output" ? next : undefined);
    } else if (block.kind === "output") {
      assertEquals(blocks[index - 1]?.kind, "client", "output of nothing");
    }
  }
  await run.stop();
}

Deno.test("every call of sockdock in README.md is one that its command understands", async () => {
  const calls = sections.flatMap(({ blocks }) =>
    blocks.filter(({ kind }) => kind !== "output").flatMap(({ code }) => sockdockCalls(code))
  );
  assert(calls.length > 20, `only ${calls.length} calls were found`);
  for (const [name, ...args] of calls) {
    const entry = commands.find((entry) => entry.name === name);
    assert(entry !== undefined, `README.md: there is no command ${name}`);
    // Throws when it does not.
    readArguments(await entry.load(), args, () => undefined);
  }
});

Deno.test("README.md mentions every command", () => {
  const missing = commands.filter(({ name }) =>
    !new RegExp(`sockdock ${name}\\b|\`${name}\``).test(readme)
  );
  assertEquals(missing.map(({ name }) => name), []);
});

Deno.test("README.md names tasks that exist, and the runtime that CI uses", () => {
  const npx = [...readme.matchAll(/npx --yes deno@(\S+) task (?:--quiet )?(\w+)/g)];
  const fresh = npx.map(([, , task]) => task);
  assertEquals(fresh.slice(0, 2), ["start", "test"], "the two commands for a fresh machine");
  const tasks = [...readme.matchAll(/\bdeno(?:@\S+)? task (?:--quiet )?(\w+)/g)]
    .map(([, task]) => task);
  assertEquals(tasks.filter((task) => task === undefined || !(task in denoJson.tasks)), []);
  const [, used] = /npx --yes deno@([\d.]+)/.exec(read(".ci/run")) ?? [];
  assertEquals([...new Set(npx.map(([, version]) => version))], [used]);
});

Deno.test("CHANGELOG.md has a section for what is not released or for this version", () => {
  const version = RegExp.escape(denoJson.version);
  assertMatch(read("CHANGELOG.md"), new RegExp(`^## \\[?(Unreleased|${version})\\b`, "mi"));
});

Deno.test("isShownAs() compares by the line, with gaps and placeholders", () => {
  assertEquals(isShownAs("a\nb\n", "a\nb"), true);
  assertEquals(isShownAs("a\r\nb", "a\nb"), true);
  assertEquals(isShownAs("a\nb\nc", "a\nb"), false);
  assertEquals(isShownAs("a\n\nb", "a\nb"), false);
  assertEquals(isShownAs("a (x)", "a <what>"), true);
  assertEquals(isShownAs("a ", "a <what>"), false);
  assertEquals(isShownAs("a 1\nb 2", "a <what>"), false);
  assertEquals(isShownAs("a\n1\n2\nb", "a\n...\nb"), true);
  assertEquals(isShownAs("a\nb", "a\n...\nb"), true);
  assertEquals(isShownAs("a\n1\n2", "a\n...\nb"), false);
  assertEquals(isShownAs("a.b", "a?b"), false);
});

Deno.test("ports are freed on the server's side, and found again on the client's", () => {
  const server = `sockdock serve echo tcp://:5007 udp://[::1]:5007 unix://echo.sock "ws://:80/x"`;
  assertEquals(
    onFreePorts(server),
    `sockdock serve echo tcp://:0 udp://[::1]:0 unix://echo.sock "ws://:0/x"`,
  );
  assertEquals(shownUrls(server).map(portKey), [
    "tcp:5007",
    "udp:5007",
    "unix:undefined",
    "ws:80",
  ]);
  const real = new Map([["udp:5007", "41"], ["tcp:5007", "42"], ["ws:80", "5007"]]);
  assertEquals(
    onRealPorts("x udp://h:5007 ws://h:80/y\nnc h 5007 # 15007, 50071", real),
    "x udp://h:41 ws://h:5007/y\nnc h 42 # 15007, 50071",
  );
});

Deno.test("sockdockCalls() finds the calls in a piece of shell", () => {
  const shell = `alias sockdock='deno task sockdock'
printf 'sockdock no' | sockdock send "a b" --tls-fingerprint <the print> 2>/dev/null | head
sockdock wait x \\
  --quiet && echo sockdock; sockdock list > file # sockdock nothing`;
  assertEquals(sockdockCalls(shell), [
    ["send", "a b", "--tls-fingerprint", "placeholder"],
    ["wait", "x", "--quiet"],
    ["list"],
  ]);
});
