/** sockdock as a library in a project without "unstable": ["net"], as a process of its own. */

import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const MOD = new URL("../../mod.ts", import.meta.url).href;

/** Runs a module in a project of its own, whose deno.json maps imports and nothing else. */
async function runInProject(code: string): Promise<string> {
  await using folder = await temporaryFolder();
  const { imports } = config;
  await Deno.writeTextFile(`${folder.path}/deno.json`, JSON.stringify({ imports }));
  await Deno.writeTextFile(`${folder.path}/main.ts`, code);
  await using process = new RunningProcess(Deno.execPath(), [
    ...["run", "--quiet", "--no-lock", "--allow-net", "--allow-env"],
    ...["--config", `${folder.path}/deno.json`, `${folder.path}/main.ts`],
  ]);
  const { code: status, stdout, stderr } = await process.finish();
  assertEquals([stderr, status], ["", 0]);
  return stdout;
}

Deno.test("a flaky relay of UDP needs no flag", async () => {
  const printed = await runInProject(`
    import { echo, relay, send, serve } from "${MOD}";
    await using upstream = await serve("udp://127.0.0.1:0", echo);
    await using flaky = await relay("udp://127.0.0.1:0", upstream.url, { fault: ["latency=1ms"] });
    console.log(new TextDecoder().decode(await send(flaky.url, "through")), Deno.listenDatagram);
  `);
  assertEquals(printed, "through undefined\n");
});
