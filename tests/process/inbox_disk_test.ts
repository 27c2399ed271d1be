/** An inbox on a disk that is full, or may not be written to: one of its own, made for the test. */

import { assertEquals, assertMatch } from "@std/assert";
import { putSockdock } from "../program_on_path.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

function canMount(): boolean {
  try {
    const args = ["-rm", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt"];
    return new Deno.Command("unshare", { args, stderr: "null" }).outputSync().code === 0;
  } catch {
    return false;
  }
}

const ignore = !canMount();
if (ignore) console.log("skipped: an inbox on a small disk: it needs unshare and its permission");

/** Runs a shell script in which the folder `in` is a disk of 1 MiB. */
async function onSmallDisk(script: string): Promise<string> {
  await using folder = await temporaryFolder();
  const program = await putSockdock(folder.path);
  const text = `mkdir in; mount -t tmpfs -o size=1m none in
head -c 600000 /dev/zero > half; head -c 2000000 /dev/zero > large; echo ahoy > small
"${program}" serve inbox unix://socket in --json > log & SERVER=$!
until grep -q listening log; do kill -0 $SERVER || exit 1; sleep 0.05; done
${script}
kill -INT $SERVER; wait $SERVER || true`;
  await using shell = new RunningProcess("unshare", ["-rm", "sh", "-c", text], {
    cwd: folder.path,
    env: { NO_COLOR: "1", SOCKDOCK: program },
  });
  const { stdout, stderr } = await shell.ended();
  return `${stdout}${stderr}`;
}

Deno.test({
  name: "a full disk is a clear answer, and other files still arrive",
  ignore,
  async fn() {
    const said = await onSmallDisk(
      `"$SOCKDOCK" copy large small unix://socket; echo "exit $?"; ls -A in; cat in/small`,
    );
    assertMatch(said, /large did not arrive: There is no room left on the disk/);
    assertMatch(said, /exit 1\nsmall\nahoy\n/, "and nothing is left of the large one");
  },
});

Deno.test({
  name: "a disk that may not be written to is a clear answer",
  ignore,
  async fn() {
    const said = await onSmallDisk(
      `mount -o remount,ro in; "$SOCKDOCK" copy small unix://socket; echo "exit $?"`,
    );
    assertMatch(said, /small did not arrive: Nothing may be stored in this folder/);
    assertEquals(/exit 1/.test(said), true);
  },
});
