/** The Python package `sockdock-pytest`: its fixture in tests of pytest, and what it is made of. */

import { assertEquals, assertMatch } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { eventually } from "../eventually.ts";
import { dial, readToEnd } from "../process/sockets.ts";
import { putSockdock } from "../program_on_path.ts";
import { packageTest, pythonWith } from "../python_package.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const PACKAGE = new URL("../../packages/python", import.meta.url).pathname;
const SUITE = new URL("projects/test_servers.py", import.meta.url).pathname;

/** Starts Python with the package, and with the program under test. */
async function python(args: readonly string[], folder: string): Promise<RunningProcess> {
  const env = {
    PYTHONPATH: PACKAGE,
    PYTHONDONTWRITEBYTECODE: "1",
    SOCKDOCK: await putSockdock(folder),
  };
  return new RunningProcess(pythonWith("pytest")!, args, { cwd: folder, env });
}

packageTest("pytest", "the fixture sockdock serves tests of pytest", async () => {
  await using folder = await temporaryFolder();
  await Deno.copyFile(SUITE, `${folder.path}/test_servers.py`);
  const page = await Deno.readTextFile(new URL("../../docs/install.md", import.meta.url));
  const [, example = ""] = /```python\n([^]*?)```/.exec(page) ?? [];
  await Deno.writeTextFile(`${folder.path}/test_example.py`, example);
  const args = ["-m", "pytest", "-p", "sockdock_pytest", "-p", "no:cacheprovider", "-q"];
  await using running = await python(args, folder.path);
  const { code, stdout } = await running.finish();
  assertEquals(code, 0, stdout);
  assertMatch(stdout, /^10 passed/m);
});

packageTest(
  "pytest",
  "servers end with the Python that started them, though that was killed",
  async () => {
    await using folder = await temporaryFolder();
    const program = `import sockdock_pytest, time
print(sockdock_pytest.start("echo", "tcp://127.0.0.1:0").url, flush=True)
time.sleep(600)`;
    await using running = await python(["-c", program], folder.path);
    const [url] = await running.stdout.line(/^tcp:\S+$/);
    using conn = await dial(url);
    await conn.write(new TextEncoder().encode("x"));
    await conn.read(new Uint8Array(1));
    running.signal("SIGKILL");
    // The end of the connection is that of the server.
    await readToEnd(conn).catch(() => {});
    await eventually(() => dial(url).then((more) => (more.close(), false), () => true));
  },
);

packageTest("wheel", "pip installs the package, typed and as a plugin of pytest", async () => {
  await using folder = await temporaryFolder();
  // A copy, because building writes beside the sources.
  await copyFolder(PACKAGE, `${folder.path}/package`);
  // What builds it is installed already, so nothing has to be fetched.
  const args = ["-m", "pip", "install", "--no-build-isolation", "--no-deps", "--no-index"];
  await using installing = new RunningProcess(pythonWith("wheel")!, [
    ...[...args, "--disable-pip-version-check", "--target", `${folder.path}/site`],
    `${folder.path}/package`,
  ], { cwd: folder.path });
  const { code, stdout, stderr } = await installing.finish();
  assertEquals(code, 0, stdout + stderr);
  const site = `${folder.path}/site`;
  const info = `${site}/sockdock_pytest-${denoJson.version}.dist-info`;
  assertMatch(await Deno.readTextFile(`${info}/entry_points.txt`), /pytest11[^]*sockdock_pytest/);
  assertEquals(await Deno.readTextFile(`${site}/sockdock_pytest/py.typed`), "");
});

Deno.test("the Python package has the version of deno.json", async () => {
  const text = await Deno.readTextFile(`${PACKAGE}/pyproject.toml`);
  assertEquals(/^version = "(.+)"$/m.exec(text)?.[1], denoJson.version);
});

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
