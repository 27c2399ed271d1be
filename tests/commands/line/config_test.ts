import { assertEquals, assertRejects } from "@std/assert";
import { readConfig } from "../../../commands/line/config.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

/** Reads a configuration of this text, and what is in it by name. */
async function read(
  name: string,
  text: string,
  overrides: Readonly<Record<string, unknown>> = {},
) {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/${name}`;
  await Deno.writeTextFile(path, text);
  try {
    const entries = await readConfig(path, overrides);
    return entries.map(({ what, urls, options }) => ({
      what: what.name,
      urls: urls.map(({ text }) => text),
      options,
    }));
  } catch (error) {
    // The folder is another one every time.
    if (error instanceof UsageError) throw new UsageError(error.message.replaceAll(path, name));
    throw error;
  }
}

const ECHO = `[[server]]
serve = "echo"
on = "tcp://:9999"
`;

Deno.test("a TOML configuration lists servers, each with its options by the names of flags", async () => {
  const text = `
# Defaults for all of them.
idle-timeout = "90s"
max-message = "10k"

[[server]]
serve = "echo"
on = ["tcp://:9999", "udp://:9999"]
allow = ["127.0.0.1", "10.0.0.0/8"]
once = true

[[server]]
serve = "print"
on = "unix:///tmp/print.sock"
until = "q"
max-connections = 5
idle-timeout = "none"
`;
  assertEquals(await read("harbour.toml", text), [
    {
      what: "echo",
      urls: ["tcp://:9999", "udp://:9999"],
      options: {
        idleTimeoutMs: 90_000,
        maxMessageBytes: 10_240,
        allow: ["127.0.0.1", "10.0.0.0/8"],
        once: true,
      },
    },
    {
      what: "print",
      urls: ["unix:///tmp/print.sock"],
      options: {
        idleTimeoutMs: Infinity,
        maxMessageBytes: 10_240,
        until: "q",
        maxConnections: 5,
      },
    },
  ]);
});

Deno.test("a JSON configuration says the same, with comments and trailing commas", async () => {
  const text = `{
    // Seconds, as on the command line.
    "idle-timeout": 5,
    "server": [
      { "serve": "upper", "on": "tcp://:9999", "deny": "::1, 10.0.0.1", "once": false },
    ],
  }`;
  const expected = [{
    what: "upper",
    urls: ["tcp://:9999"],
    options: { idleTimeoutMs: 5_000, deny: ["::1", "10.0.0.1"], once: false },
  }];
  assertEquals(await read("harbour.json", text), expected);
  assertEquals(await read("harbour.jsonc", text), expected);
});

Deno.test("the caller's options win over a server's key, that over the default at the top", async () => {
  const text = `
max-connections = 1
idle-timeout = "1s"
max-message = "1k"
${ECHO}max-connections = 2
idle-timeout = "2s"
`;
  const [server] = await read("harbour.toml", text, { maxConnections: 3 });
  assertEquals(server?.options, {
    maxConnections: 3,
    idleTimeoutMs: 2_000,
    maxMessageBytes: 1_024,
  });
});

Deno.test("a default and the caller's options reach only the servers that they concern", async () => {
  const text = `
until = "default"
backlog = 7
${ECHO}
[[server]]
serve = "print"
on = "udp://:9999"
`;
  const overrides = { until: "override", maxPeers: 3, backlog: 8 };
  const options = (await read("harbour.toml", text, overrides)).map((server) => server.options);
  assertEquals(options, [{ backlog: 8 }, { until: "override", maxPeers: 3 }]);
});

/** What is wrong, the configuration, and the whole message. */
const WRONG: readonly [what: string, name: string, text: string, message: string][] = [
  [
    "an unknown key",
    "a.toml",
    `${ECHO}idle-timout = "5s"`,
    "a.toml:4: server[1].idle-timout: unknown key; did you mean idle-timeout?",
  ],
  [
    "an unknown key of the second server",
    "a.toml",
    `${ECHO}\n${ECHO}onn = "tcp://:1"`,
    "a.toml:8: server[2].onn: unknown key; did you mean on?",
  ],
  [
    "an unknown key in JSON",
    "a.json",
    `{\n"server": [{\n"serve": "echo",\n"on": "tcp://:1",\n"oncee": true }]}`,
    "a.json:5: server[1].oncee: unknown key; did you mean once?",
  ],
  [
    "an unknown key at the top",
    "a.toml",
    `\nidle-timout = "1s"\n${ECHO}`,
    "a.toml:2: idle-timout: unknown key; did you mean idle-timeout?",
  ],
  [
    "a misspelt list of servers",
    "a.toml",
    `\n${ECHO.replace("server", "servers")}`,
    "a.toml:2: servers: unknown key; did you mean server?",
  ],
  [
    "an unknown table",
    "a.toml",
    `${ECHO}\n[defaults]\nonce = true`,
    "a.toml:5: defaults: unknown key",
  ],
  [
    "a key that only looks known",
    "a.toml",
    `${ECHO}__proto__ = 1`,
    "a.toml:4: server[1].__proto__: unknown key",
  ],
  [
    "a wrong value",
    "a.toml",
    `${ECHO}idle-timeout = "soon"`,
    'a.toml:4: server[1].idle-timeout: expected a duration such as 500ms, 5s or 2m, or none, got "soon"',
  ],
  [
    "a wrong value in JSON",
    "a.json",
    `{"server": [\n{"serve": "echo", "on": "tcp://:1",\n"max-connections": -1}]}`,
    'a.json:3: server[1].max-connections: expected a whole number from 1 to 1000000, got "-1"',
  ],
  [
    "a wrong value at the top",
    "a.toml",
    `once = "maybe"\n${ECHO}`,
    'a.toml:1: once: expected true or false, got "maybe"',
  ],
  [
    "a list where one value belongs",
    "a.toml",
    `${ECHO}max-connections = [1, 2]`,
    "a.toml:4: server[1].max-connections: expected one value, got 2",
  ],
  [
    "a list in a list",
    "a.toml",
    `${ECHO}allow = ["10.0.0.1", ["10.0.0.2"]]`,
    "a.toml:4: server[1].allow: expected a value, got a list",
  ],
  [
    "a table where a value belongs",
    "a.toml",
    `${ECHO}once.upon = 1`,
    "a.toml:4: server[1].once: expected a value, got a table",
  ],
  [
    "null where a value belongs",
    "a.json",
    `{"server": [{"serve": "print", "on": "tcp://:1",\n"until":\nnull}]}`,
    "a.json:2: server[1].until: expected a value, got null",
  ],
  [
    "a duplicate key",
    "a.toml",
    `${ECHO}on = "tcp://:1"`,
    "a.toml:4: not valid TOML: Defining a key multiple times is invalid",
  ],
  [
    "a duplicate key in JSON",
    "a.json",
    `{"server": [{"serve": "echo",\n"on": "tcp://:1",\n"serve": "upper"}]}`,
    "a.json:3: serve stands here twice",
  ],
  [
    "a syntax error",
    "a.toml",
    `[[server]]\nserve = echo`,
    "a.toml:2: not valid TOML: Unexpected character",
  ],
  [
    "a syntax error in JSON",
    "a.json",
    `{"server": [\n{"serve": "echo"\n"on": "tcp://:1"}]}`,
    "a.json:3: not valid JSON: comma expected",
  ],
  ["nothing in JSON", "a.json", "", "a.json:1: not valid JSON: value expected"],
  ["no object in JSON", "a.json", "[]", "a.json:1: expected an object at the top"],
  [
    "a server without serve",
    "a.toml",
    `\n[[server]]\non = "tcp://:1"`,
    "a.toml:2: server[1].serve: expected the name of a protocol",
  ],
  [
    "a serve that is no text",
    "a.toml",
    `[[server]]\nserve = 7\non = "tcp://:1"`,
    "a.toml:2: server[1].serve: expected the name of a protocol",
  ],
  [
    "a server without on",
    "a.toml",
    `\n\n[[server]]\nserve = "echo"`,
    "a.toml:3: server[1].on: expected a URL, or a list",
  ],
  [
    "an on without a URL",
    "a.toml",
    `[[server]]\nserve = "echo"\non = []`,
    "a.toml:3: server[1].on: expected a URL, or a list",
  ],
  [
    "an on that is no text",
    "a.json",
    `{"server": [{"serve": "echo",\n"on": ["tcp://:1",\n7]}]}`,
    "a.json:3: server[1].on: expected a URL",
  ],
  [
    "an unknown scheme",
    "a.toml",
    `[[server]]\nserve = "echo"\non = "tpc://:1"`,
    'a.toml:3: server[1].on: unknown scheme "tpc" in "tpc://:1" (did you mean tcp?)',
  ],
  [
    "a malformed URL",
    "a.json",
    `{"server": [{"serve": "echo", "on": ["tcp://:1",\n"localhost"]}]}`,
    'a.json:2: server[1].on: "localhost" is not a URL; write it as scheme://host:port',
  ],
  [
    "a port out of range",
    "a.toml",
    `[[server]]\nserve = "echo"\non = "tcp://:65536"`,
    'a.toml:3: server[1].on: port 65536 in "tcp://:65536" is out of range; ports are 0 to 65535',
  ],
  [
    "an option of another protocol",
    "a.toml",
    `${ECHO}until = "q"`,
    "a.toml:4: server[1].until: this option has no effect on what is served here",
  ],
  [
    "an option of another transport",
    "a.toml",
    `[[server]]\nserve = "echo"\non = "udp://:1"\nbacklog = 5`,
    "a.toml:4: server[1].backlog: this option has no effect on what is served here",
  ],
  [
    "an option that has no effect by itself",
    "a.toml",
    `${ECHO}seed = 7`,
    "a.toml:4: server[1].seed: this option has no effect without fault",
  ],
  [
    "a guard that is empty",
    "a.toml",
    `[[server]]\nserve = "hello"\non = "http://:1"\nauth-token = ""`,
    "a.toml:4: server[1].auth-token is empty, and nothing would be guarded by it",
  ],
  [
    "a guard that is an empty list",
    "a.json",
    `{"allow": [],\n"server": [{"serve": "echo", "on": "tcp://:1"}]}`,
    "a.json:1: allow is empty, and nothing would be guarded by it",
  ],
  ["no list of servers", "a.toml", "once = true", "a.toml:1: server: expected a list of servers"],
  [
    "a single server",
    "a.toml",
    `\n[server]\nserve = "echo"`,
    "a.toml:2: server: expected a list of servers",
  ],
  ["an empty list of servers", "a.json", `{\n"server": []}`, "a.json:2: server: expected a list"],
  [
    "a server that is no table",
    "a.toml",
    `server = ["echo"]`,
    "a.toml:1: server[1]: expected a table",
  ],
];

for (const [what, name, text, message] of WRONG) {
  Deno.test(`${what} is refused by file, line and key`, async () => {
    const { message: actual } = await assertRejects(() => read(name, text), UsageError);
    assertEquals(actual.slice(0, message.length), message);
    assertEquals(actual.includes("\n"), false);
  });
}

Deno.test("an unknown protocol is refused with the nearest one", async () => {
  const { message } = await assertRejects(
    () => read("a.toml", ECHO.replace(`"echo"`, `"ecko"`)),
    UsageError,
  );
  const expected = 'a.toml:2: server[1].serve: unknown protocol "ecko" (did you mean echo?); known';
  assertEquals(message.slice(0, expected.length), expected);
});

Deno.test("a configuration that cannot be read is refused by name", async () => {
  await using folder = await temporaryFolder();
  for (const path of [`${folder.path}/missing.toml`, folder.path]) {
    await assertRejects(
      () => readConfig(path, {}),
      UsageError,
      `cannot read the configuration ${path}: `,
    );
  }
});

Deno.test("a file that is nested without end is refused by name", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, "[".repeat(200_000));
    await assertRejects(() => readConfig(path, {}), UsageError, `${path}: it is nested too deeply`);
  } finally {
    await Deno.remove(path);
  }
});
