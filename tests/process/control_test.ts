// The control of the program, driven by programs of other languages.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { send, textOf } from "../../mod.ts";
import { consoleFiles } from "../../web/console/files.ts";
import { Program, runProgram, startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const PEERS = `${import.meta.dirname}/../peers`;

/** Starts sockdock with a control, and returns what its first line says of that. */
async function controlled(args: readonly string[], endpoints: number) {
  const program = await startProgram(args, { endpoints });
  const [first = "", second = ""] = program.stdout.text.split("\n");
  const { event, url, token } = JSON.parse(first);
  assertEquals([event, JSON.parse(second).event], ["control", "listening"]);
  return { program, url: String(url), token: String(token) };
}

for (
  const [language, command, args, found] of [
    ["Python", "python3", [`${PEERS}/control/tests.py`], /Ran 5 tests[^]*OK/],
    ["Node", "node", ["--test", `${PEERS}/control/tests.mjs`], /pass 3\n/],
  ] as const
) {
  Deno.test(`tests in ${language} drive servers over the control`, async () => {
    const { program, url, token } = await controlled([
      ...["serve", "echo", "tcp://127.0.0.1:0", "udp://127.0.0.1:0", "--json"],
      ...["--control", "http://127.0.0.1:0", "--control-traffic"],
    ], 2);
    await using _program = program;
    const { code, stdout, stderr } = await new Deno.Command(command, {
      args: [...args],
      env: { CONTROL: url, TOKEN: token },
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, 0, text);
    assertMatch(text, found);
  });
}

Deno.test("the control takes its token from a file that is its owner's alone", async () => {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/token`;
  await Deno.writeTextFile(file, "correct horse battery staple\n", { mode: 0o644 });
  const args = [
    ...["serve", "echo", "tcp://127.0.0.1:0", "--json"],
    ...["--control", "http://127.0.0.1:0", "--control-token-file", file],
  ];
  const refused = await runProgram(args);
  assertEquals(refused.code, 2);
  assertMatch(refused.stderr, /mode 644.*chmod go= /);
  await Deno.chmod(file, 0o600);
  await using program = await startProgram(args);
  const { url, token } = JSON.parse(program.stdout.text.split("\n")[0]!);
  assertEquals(token, undefined);
  const answer = await fetch(`${url}/api/servers`, {
    headers: { authorization: "Bearer correct horse battery staple" },
  });
  assertEquals((await answer.json()).servers.length, 1);
});

Deno.test("the built-in suite has a control unless it is turned off, a configuration has none", async () => {
  await using suite = new Program(["up", "--free-ports"]);
  const [, shown] = await suite.stdout.line(/^The control is at (http:\/\/127\.0\.0\.1:\S+)$/);
  const { origin, hash } = new URL(shown!);
  const headers = { authorization: `Bearer ${hash.slice("#token=".length)}` };
  const { servers } = await (await fetch(`${origin}/api/servers`, { headers })).json();
  assert(servers.length > 10);
  assertEquals(await fetch(`${origin}/healthz`).then((answer) => answer.text()), "ok\n");
  const metrics = await (await fetch(`${origin}/metrics`)).text();
  assertMatch(metrics, /^sockdock_sessions_open\{/m);

  await using off = await startProgram(["up", "--free-ports", "--control", "off", "--json"]);
  assertEquals(JSON.parse(off.stdout.text.split("\n")[0]!).event, "listening");
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(
    `${folder.path}/a.toml`,
    '[[server]]\nserve = "echo"\non = "tcp://127.0.0.1:0"\n',
  );
  await using configured = await startProgram(["up", `${folder.path}/a.toml`, "--json"]);
  assertEquals(JSON.parse(configured.stdout.text.split("\n")[0]!).event, "listening");
});

Deno.test("the program has the console in it, every file as it stands in the sources", async () => {
  const { program, url } = await controlled([
    ...["serve", "echo", "tcp://127.0.0.1:0", "--json", "--control", "http://127.0.0.1:0"],
  ], 1);
  await using _program = program;
  for (const [path, { text }] of consoleFiles()) {
    assertEquals(await fetch(url + path).then((answer) => answer.text()), text, path);
  }
});

Deno.test("--control without a URL takes another port when the usual one is taken", async () => {
  const args = ["serve", "echo", "tcp://127.0.0.1:0", "--json", "--control"];
  const { program: one, url } = await controlled(args, 1);
  await using _one = one;
  const { program: other, url: otherUrl } = await controlled(args, 1);
  await using _other = other;
  assert(url !== otherUrl, `${url} ${otherUrl}`);
  for (
    const words of [
      ["--control-traffic"],
      // Toxiproxy's API has no token, so one for it would be none.
      ["--control-toxiproxy", "http://127.0.0.1:0", "--control-token-file", "token"],
    ]
  ) {
    const stray = await runProgram([...args.slice(0, 4), ...words]);
    assertEquals([stray.code, /needs --control\b/.test(stray.stderr)], [2, true], stray.stderr);
  }
});

Deno.test("Toxiproxy's API stands beside the control, which sees its proxies", async () => {
  await using program = await startProgram([
    ...["serve", "echo", "tcp://127.0.0.1:0", "--json"],
    ...["--control", "http://127.0.0.1:0", "--control-toxiproxy", "http://127.0.0.1:0"],
  ]);
  const [control, toxiproxy] = program.stdout.text.split("\n").slice(0, 2)
    .map((line) => JSON.parse(line));
  const upstream = program.url.slice("tcp://".length);
  const made = await fetch(`${toxiproxy.url}/proxies`, {
    method: "POST",
    body: JSON.stringify({ name: "echo", upstream }),
  });
  const { listen } = await made.json();
  assertEquals(textOf(await send(`tcp://${listen}`, "through")), "through");
  const headers = { authorization: `Bearer ${control.token}` };
  const { servers } = await (await fetch(`${control.url}/api/servers`, { headers })).json();
  assertEquals(servers.map(({ protocol }: { protocol: string }) => protocol).sort(), [
    "echo",
    "relay",
  ]);
});

Deno.test("a relay has a control, which puts faults between its two sides", async () => {
  await using server = await startProgram(["serve", "echo", "tcp://127.0.0.1:0"]);
  const { program, url, token } = await controlled([
    ...["relay", "tcp://127.0.0.1:0", server.url, "--json", "--control", "http://127.0.0.1:0"],
  ], 1);
  await using _program = program;
  const path = `${url}/api/servers/1/faults`;
  const headers = { authorization: `Bearer ${token}` };
  const body = JSON.stringify({ fault: "latency=5ms" });
  await (await fetch(path, { method: "PUT", headers, body })).text();
  assertEquals(textOf(await send(program.url, "through")), "through");
  const { faults } = await (await fetch(path, { headers })).json();
  assertEquals([faults.did.in.delayed, faults.did.out.delayed], [1, 1]);
});
