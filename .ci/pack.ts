/**
 * Makes the npm package: `deno task pack [--output FILE]`, by default `dist/sockdock-VERSION.tgz`.
 *
 * In it are the program and the library, bundled with the packages that they use; the library's
 * types; a launcher, which runs the program on the npm package `deno` with the permissions of the
 * task `sockdock`; and `start()` for the tests of Node projects. The same sources give the same
 * bytes: the order and the times are fixed.
 */

import { parseArgs } from "@std/cli/parse-args";
import { Buffer } from "node:buffer";
// Finds a better compression than zlib, 5 % of this package.
// deno-lint-ignore no-import-prefix
import zopfli from "npm:@gfx/zopfli@1.0.15";
import denoJson from "../deno.json" with { type: "json" };
import { OLDEST_DENO } from "../core/runtime.ts";
import { tar } from "../web/files/archive/tar.ts";
import { declarations } from "./pack/declarations.ts";
import { runFlags, WORKERS } from "./permissions.ts";

const MAX_BYTES = 850_000;
/** The time that npm itself gives to files in packages. */
const MODIFIED_MS = Date.UTC(1985, 9, 26, 8, 15);
const OLDEST_NODE = 18;

function stop(reason: string, code = 1): never {
  console.error(reason);
  Deno.exit(code);
}

const root = await Deno.realPath(`${import.meta.dirname}/..`);
const given = parseArgs(Deno.args, {
  string: ["output"],
  unknown: (argument) => stop(`Cannot understand ${argument}: --output FILE is known`, 2),
});
const { version } = denoJson;
const output = String(given["output"] || `${root}/dist/sockdock-${version}.tgz`);
/** The library's entries by the name under which they are imported: `.`, `./chat`. */
const entries: Readonly<Record<string, string>> = typeof denoJson.exports === "string"
  ? { ".": denoJson.exports }
  : denoJson.exports;
const modules = Object.values(entries).map((path) => path.replace("./", ""));

/** Bundles modules, and returns the files that came of it, by path. */
async function bundle(
  paths: readonly string[],
  flags: readonly string[],
): Promise<Map<string, string>> {
  const folder = await Deno.makeTempDir({ prefix: "sockdock-pack-" });
  try {
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "bundle",
        "--quiet",
        "--frozen",
        "--platform",
        "deno",
        ...flags,
        "--outdir",
        folder,
        ...paths,
      ],
      cwd: root,
      stdout: "null",
    }).output();
    if (!success) stop(`Cannot bundle: ${new TextDecoder().decode(stderr).trim()}`);
    const files = new Map<string, string>();
    await collect(folder, "", files);
    return files;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function collect(folder: string, prefix: string, files: Map<string, string>): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await collect(`${folder}/${name}`, `${prefix}${name}/`, files);
    else files.set(`${prefix}${name}`, await Deno.readTextFile(`${folder}/${name}`));
  }
}

/** The program and the library, in pieces that are loaded when they are used. */
async function program(): Promise<Map<string, string>> {
  const files = await bundle(["main.ts", ...modules, ...WORKERS], ["--minify", "--code-splitting"]);
  // A Worker is named by its path beside the module that starts it, which the bundle has moved.
  for (const worker of WORKERS) {
    const [name = ""] = /[^/]+$/.exec(worker) ?? [];
    const users = [...files].filter(([, code]) => code.includes(`"./${name}"`));
    if (users.length === 0) stop(`Cannot find what starts the Worker ${worker}`);
    for (const [path, code] of users) {
      const up = "../".repeat(path.split("/").length - 1) || "./";
      files.set(path, code.replaceAll(`"./${name}"`, `"${up}${worker.replace(/\.ts$/, ".js")}"`));
    }
  }
  return files;
}

function packageJson(): string {
  const nodeEntry = (extension: string) => ({
    types: `./node/start.d.${extension.replace("js", "ts")}`,
    default: `./node/start.${extension}`,
  });
  const exports = Object.entries(entries).map(([name, path]) => {
    const bundled = path.replace("./", "./lib/").replace(/\.ts$/, "");
    const deno = { types: `${bundled}.d.ts`, default: `${bundled}.js` };
    return [
      name,
      name === "." ? { deno, import: nodeEntry("mjs"), require: nodeEntry("cjs") } : { deno },
    ];
  });
  const flags = [
    "--quiet",
    // The project in which the package is installed may have a configuration of its own.
    "--no-config",
    "--no-lock",
    ...denoJson.unstable.filter((name) => name !== "raw-imports").map((name) =>
      `--unstable-${name}`
    ),
    ...runFlags(),
  ];
  return JSON.stringify(
    {
      name: "sockdock",
      version,
      description: "Any network server a developer needs, and the clients that talk to them",
      license: denoJson.license,
      keywords: ["server", "udp", "tcp", "tls", "dtls", "websocket", "http", "testing", "chat"],
      type: "module",
      bin: { sockdock: "bin.cjs" },
      exports: { ...Object.fromEntries(exports), "./package.json": "./package.json" },
      engines: { node: `>=${OLDEST_NODE}`, deno: `>=${OLDEST_DENO}` },
      dependencies: { deno: denoVersion() },
      denoFlags: flags,
    },
    null,
    2,
  );
}

/** The version of Deno that CI uses, and so the one that everything was tested on. */
function denoVersion(): string {
  const [, found] = /npx --yes deno@([\d.]+)/.exec(Deno.readTextFileSync(`${root}/.ci/run`)) ?? [];
  return found ?? stop("Cannot find the version of Deno in .ci/run");
}

async function contents(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const add = (folder: string, more: ReadonlyMap<string, string>) => {
    for (const [path, text] of more) files.set(`${folder}${path}`, text);
  };
  const read = (path: string) => Deno.readTextFile(`${root}/${path}`);
  add("lib/", await program());
  add("lib/", await declarations(root, modules));
  for (const name of ["launch", "start"]) {
    const made = await bundle([`packages/npm/${name}.ts`], ["--format", "cjs", "--minify"]);
    files.set(`node/${name}.cjs`, made.get(`${name}.js`)!);
  }
  const types = `/// <reference lib="esnext.disposable" />\n` + // AsyncDisposable, in older projects.
    (await declarations(root, ["packages/npm/start.ts"])).get("packages/npm/start.d.ts")!;
  files.set("node/start.d.cts", types);
  files.set("node/start.d.mts", types);
  files.set("node/start.mjs", await read("packages/npm/start.mjs"));
  files.set("bin.cjs", await read("packages/npm/bin.cjs"));
  files.set("README.md", await read("packages/npm/README.md"));
  files.set("LICENSE", await read("LICENSE"));
  files.set("package.json", packageJson());
  return files;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

async function tarball(files: ReadonlyMap<string, string>): Promise<Uint8Array> {
  // Files that are alike stand together, within the reach of the compression: 0.8 % less.
  const key = (path: string) =>
    [/(?:\.d)?\.\w+$/.exec(path)?.[0] ?? "", files.get(path)!.length, path] as const;
  const byLikeness = (one: string, other: string) => {
    const [kind, length, path] = key(one);
    const [otherKind, otherLength, otherPath] = key(other);
    return compare(kind, otherKind) || length - otherLength || compare(path, otherPath);
  };
  async function* members() {
    for (const path of [...files.keys()].sort(byLikeness)) {
      const bytes = new TextEncoder().encode(files.get(path)!);
      let at = 0;
      yield {
        kind: "file" as const,
        path: `package/${path}`,
        modifiedMs: MODIFIED_MS,
        open: () =>
          Promise.resolve({
            bytes: bytes.length,
            executable: path === "bin.cjs",
            read(into: Uint8Array) {
              const piece = bytes.subarray(at, at + into.length);
              into.set(piece);
              at += piece.length;
              return Promise.resolve(piece.length || null);
            },
            [Symbol.dispose]() {},
          }),
      };
    }
  }
  const bytes = Buffer.concat(await Array.fromAsync(tar(members())));
  // As many blocks as pay, because the files have little in common. More iterations give no more.
  return await zopfli.gzipAsync(bytes, { numiterations: 5, blocksplittingmax: 0 });
}

/** Runs what writes the package, and says in one line why it cannot. */
async function writing(write: () => Promise<void>): Promise<void> {
  await write().catch(({ message }: Error) =>
    stop(`Cannot write ${output}: ${message}; --output FILE puts the package elsewhere`)
  );
}

// Before the work, which takes a while.
await writing(() => Deno.mkdir(output.replace(/[^/\\]*$/, "") || ".", { recursive: true }));
const packed = await tarball(await contents());
if (packed.length > MAX_BYTES) {
  stop(`The package has ${packed.length} bytes, and more than ${MAX_BYTES} are too many`);
}
await writing(() => Deno.writeFile(output, packed));
console.log(`${await Deno.realPath(output)}: ${packed.length} bytes`);
