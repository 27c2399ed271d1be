/** The examples of docs/control.md in a shell, one after the other, with the control of one program: what
 * they do builds on what those before have done. */

import { assert, assertEquals } from "@std/assert";
import { startProgram } from "../program.ts";
import { readPage } from "./page.ts";
import { readText } from "./pages.ts";

Deno.test("every example of the page about the control runs", async () => {
  const { sections } = readPage("docs/control.md", readText("docs/control.md"));
  const scripts = sections.flatMap(({ blocks }) => blocks)
    .flatMap(({ kind, code }) => kind === "shown" ? [code] : []);
  assert(scripts.length >= 6);
  await using program = await startProgram([
    ...["serve", "echo", "tcp://127.0.0.1:0", "udp://127.0.0.1:0", "--json"],
    ...["--control", "http://127.0.0.1:0"],
  ], { endpoints: 2 });
  const { url, token } = JSON.parse(program.stdout.text.split("\n")[0]!);
  const { code, stdout, stderr } = await new Deno.Command("bash", {
    args: ["-e", "-c", scripts.map((script) => `echo '# next'\n${script}`).join("\n")],
    env: { CONTROL: url, TOKEN: token },
  }).output();
  const output = new TextDecoder().decode(stdout);
  assertEquals(code, 0, new TextDecoder().decode(stderr));
  assert(!output.includes('"status": 4'), output);
  const [, server, faults] = output.split("# next\n");
  assertEquals(JSON.parse(server!).protocol, "echo");
  const { fault, seed, did } = JSON.parse(faults!).faults;
  assertEquals([fault, seed, did], [["in.loss=20%,latency=20ms~5ms"], 7, { in: {}, out: {} }]);
});
