/** What docs/service.md shows runs, where neither root nor Docker is needed. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { freePort } from "../free_port.ts";
import { peerTest } from "../peer.ts";
import { putSockdock } from "../program_on_path.ts";
import { runsOn } from "../program_runtime.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const page = Deno.readTextFileSync(new URL("../../docs/service.md", import.meta.url));
const blocks = [...page.matchAll(/^```sh no-run\n([^]*?)^```$/gm)].map(([, code]) => code!);

function blockWith(text: string): string {
  const found = blocks.filter((code) => code.includes(text));
  assertEquals(found.length, 1, text);
  return found[0]!;
}

/** A shell in a folder that has sockdock on its path. */
function shell(folder: string, code: string): RunningProcess {
  const path = `${folder}:${Deno.env.get("PATH")}`;
  return new RunningProcess("sh", ["-ec", code], {
    cwd: folder,
    env: { PATH: path, NO_COLOR: "1" },
  });
}

peerTest("the page's socket activation answers", ["systemd-socket-activate"], async () => {
  if (!await runsOn("2.7.14")) return;
  await using folder = await temporaryFolder();
  await putSockdock(folder.path);
  const onFreePort = (code: string, port: number) => code.replaceAll("9999", String(port));
  const port = freePort();
  const serving = onFreePort(blockWith("systemd-socket-activate --listen"), port);
  await using activator = shell(folder.path, `exec ${serving}`);
  await activator.stderr.line(/^Listening on /);
  await using client = shell(folder.path, onFreePort(blockWith("send tcp://127.0.0.1:9999"), port));
  assertEquals((await client.finish()).stdout, "ahoy");
  await activator.stderr.line(new RegExp(`^listening tcp://127\\.0\\.0\\.1:${port} `));
});

peerTest("the page's receiver sees what a service manager is told", ["python3"], async () => {
  await using folder = await temporaryFolder();
  await putSockdock(folder.path);
  const code = blockWith("NOTIFY_SOCKET=").replace(" &\n", " &\necho receiver $!\n").replace(
    /^NOTIFY_SOCKET=/m,
    "while ! test -e notify.sock; do sleep 0.1; done\nexec env NOTIFY_SOCKET=",
  );
  await using program = shell(folder.path, code);
  const [, receiver] = await program.stdout.line(/^receiver (\d+)$/);
  try {
    await program.stdout.line(/^READY=1$/);
    await program.stdout.line(/^STATUS=Listening on tcp:\S+$/);
  } finally {
    Deno.kill(Number(receiver), "SIGKILL");
  }
});

Deno.test("the page installs files that exist, where their comments say they go", () => {
  const code = blockWith("systemctl daemon-reload");
  const files = [...code.matchAll(/packages\/systemd\/(\S+)/g)].map(([, name]) => name!);
  assertEquals(files, ["sockdock.service", "sockdock.socket", "sockdock.toml"]);
  for (const name of files) {
    const text = Deno.readTextFileSync(new URL(`../../packages/systemd/${name}`, import.meta.url));
    const [, place = ""] = /^# (\/etc\/\S+\/)[\w.]+:/.exec(text) ?? [];
    assert(place !== "", name);
    assertStringIncludes(code, place);
  }
});
