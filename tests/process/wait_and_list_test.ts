/** `wait` and `list` as processes. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { freePort } from "../free_port.ts";
import { Program, runProgram, startProgram } from "../program.ts";

const UDP = "udp://127.0.0.1:0";

Deno.test("wait ends once an endpoint answers, and with exit code 3 when none does", async () => {
  const port = freePort();
  const none = await runProgram(["wait", `tcp://127.0.0.1:${port}`, "--timeout", "300ms"]);
  assertEquals({ code: none.code, stdout: none.stdout }, { code: 3, stdout: "" });
  assertMatch(none.stderr, /^error: tcp:\S+ did not answer within 300 ms: [^\n]*\n$/);

  await using waiting = new Program(["wait", `tcp://127.0.0.1:${port}`, "--json"]);
  await using program = await startProgram(["serve", "echo", `tcp://127.0.0.1:${port}`]);
  assertEquals((await waiting.ended()).code, 0);
  assert(program.pid > 0);
  assertMatch(waiting.stdout.text, /^\{"event":"answered","url":"tcp:[^"]*","tookMs":\d+\}\n$/);
});

Deno.test("wait on udp takes a reply for an answer, and silence for none", async () => {
  await using echo = await startProgram(["serve", "echo", UDP]);
  assertEquals((await runProgram(["wait", echo.url])).code, 0);
  await using discard = await startProgram(["serve", "discard", UDP]);
  assertEquals((await runProgram(["wait", discard.url, "--timeout", "300ms"])).code, 3);
});

Deno.test("list --json names what can be served where", async () => {
  const { code, stdout, stderr } = await runProgram(["list", "--json"]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const { protocols, transports, impossible } = JSON.parse(stdout);
  const echo = protocols.find(({ name }: { name: string }) => name === "echo");
  for (const transport of ["tcp", "tls", "udp", "unix", "unixgram"]) {
    assert(echo.transports.includes(transport), transport);
    assert(transports.some(({ name }: { name: string }) => name === transport), transport);
  }
  assertStringIncludes(JSON.stringify(impossible), "AF_CAN");
});
