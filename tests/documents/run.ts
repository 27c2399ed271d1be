/** Runs what a page of the documentation shows: its servers on free ports, its commands against them,
 * and holds what they print against the page. */

import { assert, assertEquals } from "@std/assert";
import { type PeerName, peerTest, startPeer } from "../peer.ts";
import { putSockdock, quoted } from "../program_on_path.ts";
import { pythonWith } from "../python_package.ts";
import { type ProcessOptions, RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import {
  ANY_SCHEME,
  type Block,
  isShownAs,
  onFreePorts,
  onRealPorts,
  type Page,
  portKey,
  type Section,
  shownUrls,
} from "./page.ts";

/** Registers a test for every section of a page that has something to run. What the page sets up under
 * its title is set up before each. */
export function testPage(page: Page): void {
  const early = page.opening.blocks.find(({ kind }) => kind === "client" || kind === "server");
  if (early !== undefined) throw new SyntaxError(`${page.path}: ${early.code} is in no section`);
  for (const section of page.sections) {
    const { blocks, heading } = section;
    if (!blocks.some(({ kind }) => kind === "client" || kind === "server")) continue;
    const name = `${page.path}, "${heading}", is true`;
    peerTest(name, peersOf(section), async () => {
      const python = pythonOf(section);
      if (python === undefined) {
        console.log(`skipped: ${name}: needs python3-cryptography`);
        return;
      }
      try {
        await runSection(page.opening, section, python);
      } catch (error) {
        if (!(error instanceof OldRuntime)) throw error;
        console.log(`skipped: ${name}: ${error.message}`);
      }
    });
  }
}

/** The programs besides sockdock that a section runs. */
function peersOf({ blocks }: Section): PeerName[] {
  const names: readonly PeerName[] = [
    ...["curl", "nats-server", "nc", "ncat", "openssl", "python3", "socat"] as const,
  ];
  const run = blocks.filter(({ kind }) => kind !== "shown" && kind !== "output" && kind !== "seen");
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

/** Where the page's reader is: the folder that a block was left in, which the next one goes on from. */
const LEAVE_FOLDER = `\npwd > "$LEFT_AT"\n`;

/** One section being run: its folder, its servers and where they really listen. */
class Run implements AsyncDisposable {
  /** Where the runner itself keeps files, out of sight of the commands. */
  readonly #bin: string;
  #folder: string;
  readonly #environment: ProcessOptions;
  readonly #servers: RunningProcess[] = [];
  /** Servers that are not ours: brokers, and the guides' in Python. */
  readonly #foreign: RunningProcess[] = [];
  readonly #seen = new Set<RunningProcess>();
  #latest: RunningProcess | undefined;
  readonly #real = new Map<string, string>();
  /** What was set up, in which a configuration names URLs. */
  #setUp = "";

  constructor(folder: string, bin: string) {
    this.#bin = bin;
    this.#folder = folder;
    const inherited = Object.entries(Deno.env.toObject())
      .filter(([name]) => !name.startsWith("SOCKDOCK_"));
    this.#environment = {
      clearEnv: true,
      env: {
        ...Object.fromEntries(inherited),
        NO_COLOR: "1",
        PYTHONDONTWRITEBYTECODE: "1",
        LEFT_AT: `${bin}/left_at`,
        PATH: `${bin}:${Deno.env.get("PATH") ?? ""}`,
      },
    };
  }

  get #options(): ProcessOptions {
    return { ...this.#environment, cwd: this.#folder };
  }

  async setup({ code }: Block): Promise<void> {
    this.#setUp += `${code}\n`;
    await this.#script(onFreePorts(code));
  }

  /** Starts one command that keeps running, and waits until all its endpoints listen.
   *
   * @param seen whether it prints for people, and not for programs */
  async server(line: string, seen: boolean): Promise<void> {
    if (line.startsWith("nats-server ")) return await this.#broker(line);
    if (/^(?:python3|openssl) /.test(line)) return await this.#other(line);
    // What a relay passes on to, and what nodes share, has been started before it.
    const [, listening = line, dialled = ""] =
      /^(sockdock relay \S+|sockdock serve .*(?= --cluster ))( .*)$/.exec(line) ?? [];
    const command = `exec ${onFreePorts(listening)}${onRealPorts(dialled, this.#real)}${
      seen ? "" : " --json"
    }`;
    const server = new RunningProcess("sh", ["-c", command], this.#options);
    this.#servers.push(server);
    this.#latest = server;
    if (seen) this.#seen.add(server);
    const shown = shownUrls(/^sockdock up\b/.test(line) ? this.#setUp : listening);
    assert(shown.length > 0, `${line} does not say where it listens`);
    for (const place of shown) {
      const announced = seen
        ? server.stderr.line(/^listening (\S+)/)
        : server.stdout.line(/^\{"event":"listening",.*?"url":"([^"]+)"/);
      const [, url = ""] = await announced.catch((error) => {
        throw oldRuntime(server.stderr.text) ?? error;
      });
      const [real] = shownUrls(url);
      assertEquals(real?.scheme, place.scheme, `${line} listens in another order`);
      if (place.port !== undefined) this.#real.set(portKey(place), real?.port ?? "");
    }
  }

  /** A server of others: one of the guides' in `tests/peers`, or openssl's. Both say where they
   * listen. */
  async #other(line: string): Promise<void> {
    const place = /(?<=127\.0\.0\.1[ :])\d+/;
    const command = `exec ${line.replace(place, "0")}`;
    const server = new RunningProcess("sh", ["-c", command], this.#options);
    this.#foreign.push(server);
    this.#latest = server;
    const [, port = ""] = await server.stdout.line(/^(?:listening \S+ |ACCEPT \S+:)(\d+)$/);
    this.#real.set(`${ANY_SCHEME}:${place.exec(line)?.[0]}`, port);
  }

  /** Waits until the last server has printed this. */
  async seen({ code }: Block): Promise<void> {
    assert(this.#latest !== undefined, "seen of no server");
    const { stdout, stderr } = this.#latest;
    const shown = onRealPorts(code, this.#real);
    const isShown = (text: string) => isShownAs(text, shown);
    await Promise.any([stdout, stderr].map((output) => output.until(isShown, shown)))
      .catch((error) => {
        throw error instanceof AggregateError ? error.errors[0] : error;
      });
  }

  async #broker(line: string): Promise<void> {
    const [, ...args] = line.split(/\s+/);
    const broker = startPeer("nats-server", [...args, "-p", "-1"], this.#options);
    this.#foreign.push(broker);
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
    const path = `${this.#bin}/block.sh`;
    await Deno.writeTextFile(path, `${code}${LEAVE_FOLDER}`);
    await using shell = new RunningProcess("sh", ["-e", path], this.#options);
    await shell.closeInput();
    const { stdout, stderr, code: status } = await shell.ended(SCRIPT_DEADLINE_MS);
    const needs = oldRuntime(stderr);
    if (needs !== undefined) throw needs;
    assertEquals(status, 0, `${code}\n${stdout}${stderr}`);
    this.#folder = (await Deno.readTextFile(`${this.#bin}/left_at`)).trimEnd();
    return stdout;
  }

  /** Ctrl-C for what still runs, which has to end without complaint. */
  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.signal("SIGINT");
      const { code, stderr } = await server.ended();
      // What the old runtime of an executable cannot do, it says; and some print for people.
      const complaints = stderr.replace(/^.*needs Deno \S+ or newer.*\n/gm, "");
      if (!this.#seen.has(server)) assertEquals(complaints, "");
      assert(code === 0 || code === 130, `a server ended with ${code}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of [...this.#servers, ...this.#foreign]) await one[Symbol.asyncDispose]();
  }
}

/** The Python that has what a section imports; undefined where none does. */
function pythonOf({ blocks }: Section): string | undefined {
  const imports = blocks.some(({ code }) => /from cryptography|\/fernet_|\/token\.py/.test(code));
  return imports ? pythonWith("cryptography") : "python3";
}

async function runSection(opening: Section, { blocks }: Section, python: string): Promise<void> {
  await using bin = await temporaryFolder();
  await using folder = await temporaryFolder();
  await putSockdock(bin.path);
  if (python !== "python3") {
    const link = `${bin.path}/python3`;
    await Deno.writeTextFile(link, `#!/bin/sh\nexec ${quoted(python)} "$@"\n`, { mode: 0o755 });
  }
  // The guides' programs stand where a reader has them, in a checkout.
  await Deno.symlink(new URL("../../tests", import.meta.url), `${folder.path}/tests`);
  await using run = new Run(folder.path, bin.path);
  for (const block of opening.blocks) if (block.kind === "setup") await run.setup(block);
  const opened = namesIn(folder.path);
  for (const block of blocks) if (block.kind === "setup") await run.setup(block);
  for (const [index, block] of blocks.entries()) {
    if (block.kind === "server") {
      const seen = blocks.some(({ kind }) => kind === "seen");
      for (const line of block.code.split("\n")) await run.server(line, seen);
    } else if (block.kind === "client") {
      const next = blocks[index + 1];
      await run.client(block, next?.kind === "output" ? next : undefined);
    } else if (block.kind === "seen") {
      await run.seen(block);
    } else if (block.kind === "output") {
      assertEquals(blocks[index - 1]?.kind, "client", "output of nothing");
    }
  }
  await run.stop();
  // A page that makes a folder of its own writes nowhere else.
  if (opening.blocks.length > 0) assertEquals(namesIn(folder.path), opened);
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
