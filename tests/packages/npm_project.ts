/**
 * The npm package as its users have it: packed, and installed from the file into an empty folder.
 * `SOCKDOCK_PACKAGE` names a tarball that was packed before.
 */

import { findPeer } from "../peer.ts";
import { type Finished, RunningProcess } from "../running_process.ts";

const PACK = new URL("../../.ci/pack.ts", import.meta.url).pathname;

/** The packages that development needs. */
const LOCK = new URL("../deno.lock", import.meta.url).pathname;
const DEADLINE_MS = 300_000;

let packed: Promise<string> | undefined;
const folders: string[] = [];

/** A folder with packages installed in it. */
export interface NpmProject {
  readonly path: string;
  /** The program `sockdock` in it. */
  readonly sockdock: string;
  /** Puts a file into it. */
  write(name: string, text: string): Promise<void>;
  /** Runs a program in it, to its end. */
  run(path: string, args: readonly string[], env?: Record<string, string>): Promise<Finished>;
}

/** Registers a test that needs Node and npm; where they are missing it is ignored, and a line says
 * so. */
export function npmTest(name: string, fn: () => Promise<void>): void {
  const ignore = findPeer("node") === null || findPeer("npm") === null;
  if (ignore) console.log(`skipped: ${name}: needs node and npm (apt-get install nodejs npm)`);
  // What is packed and installed is shared by all tests of a file.
  Deno.test({ name, ignore, fn });
}

/** Packs the package and returns the path of the tarball. */
export function packedPackage(): Promise<string> {
  const given = Deno.env.get("SOCKDOCK_PACKAGE");
  if (given) return Deno.realPath(given);
  return packed ??= packTo(`${newFolder()}/sockdock.tgz`);
}

/** Packs the package into a file. */
export async function packTo(path: string): Promise<string> {
  const { code, stderr } = await pack(["--output", path]);
  if (code !== 0) throw new Error(`Cannot pack: ${stderr}`);
  return path;
}

/** What `deno task pack` runs. */
export async function pack(args: readonly string[]): Promise<Finished> {
  const command = ["run", "--quiet", `--lock=${LOCK}`, "--allow-all", PACK, ...args];
  return await runToEnd(Deno.execPath(), command);
}

/** An empty folder in which sockdock is installed, and other packages; null where npm cannot fetch
 * them. */
export async function npmProject(packages: readonly string[] = []): Promise<NpmProject | null> {
  const path = newFolder();
  const project: NpmProject = {
    path,
    sockdock: `${path}/node_modules/.bin/sockdock`,
    write: (name, text) => Deno.writeTextFile(`${path}/${name}`, text),
    async run(program, args, env = {}) {
      return await runToEnd(program, args, path, env);
    },
  };
  await project.write("package.json", `{ "type": "module" }`);
  // Without scripts, as many have configured it: the package works all the same.
  const args = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];
  const { code, stderr } = await project.run(findPeer("npm")!, [
    ...args,
    await packedPackage(),
    ...packages,
  ]);
  if (code === 0) return project;
  console.log(`skipped: npm cannot install ${["sockdock", ...packages].join(" ")}: ${stderr}`);
  return null;
}

/** The program `node` of a version, as the npm package of that name brings it; null where it cannot
 * be had. */
export async function nodeOfVersion(version: number): Promise<string | null> {
  const path = newFolder();
  const { code, stderr } = await runToEnd(
    findPeer("npm")!,
    // Here the script is what puts the program in its place.
    ["install", "--no-audit", "--no-fund", `node@${version}`],
    path,
  );
  const node = `${path}/node_modules/node/bin/node`;
  try {
    if (code === 0 && Deno.statSync(node).isFile) return node;
  } catch {
    // The script did not run.
  }
  console.log(`skipped: npm cannot install node@${version}: ${stderr}`);
  return null;
}

/** Runs a program to its end, which may take long: npm fetches packages. */
async function runToEnd(
  program: string,
  args: readonly string[],
  cwd?: string,
  env: Record<string, string> = {},
): Promise<Finished> {
  await using running = new RunningProcess(program, args, {
    env: { NO_COLOR: "1", ...env },
    ...cwd === undefined ? {} : { cwd },
  });
  await running.closeInput();
  return await running.ended(DEADLINE_MS);
}

function newFolder(): string {
  const path = Deno.makeTempDirSync({ prefix: "sd-npm-" });
  folders.push(path);
  return path;
}

globalThis.addEventListener("unload", () => {
  for (const path of folders.splice(0)) Deno.removeSync(path, { recursive: true });
});
