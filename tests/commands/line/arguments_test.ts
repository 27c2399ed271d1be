import { assert, assertEquals, assertThrows } from "@std/assert";
import { readArguments, wantsHelp } from "../../../commands/line/arguments.ts";
import { commands } from "../../../commands/index.ts";
import { environmentName, text } from "../../../core/options/option.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { options } from "../example_command.ts";

function read(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const command = { name: "serve", usage: "<protocol> <url>...", options };
  return readArguments(command, argv, (name) => environment[name]);
}

Deno.test("an option takes its value from the next word or behind an equals sign", () => {
  const spellings = [
    ["--key", "a=b", "--idle-timeout=5s", "echo"],
    ["echo", "--key=a=b", "--idle-timeout", "5s"],
    ["-k", "a=b", "echo", "--idle-timeout=5"],
    ["-ka=b", "--idle-timeout", "5000ms", "--", "echo"],
    ["-k=a=b", "--idle-timeout", "5000ms", "--", "echo"],
  ];
  for (const argv of spellings) {
    const { options, given, arguments: positional } = read(argv);
    assertEquals([options.key, options.idleTimeoutMs], ["a=b", 5_000], argv.join(" "));
    assertEquals([...given], ["key", "idleTimeoutMs"]);
    assertEquals(positional, ["echo"]);
  }
});

Deno.test("flags go on, off with --no-, and together in one word", () => {
  assertEquals(read(["--json"]).options.json, true);
  assertEquals(read(["--no-json"]).options.json, false);
  assertEquals(read(["--json", "--no-json"]).options.json, false);
  assertEquals(read(["--no-json", "--json", "--json"]).options.json, true);
  assertEquals(read(["--no-compress"]).options.compress, false);
  assertEquals(read(["--no-delay"]).options.noDelay, true);
  assertEquals(read(["--no-no-delay"]).options.noDelay, false);
  const { options, arguments: positional } = read(["-4qk", "file", "x"]);
  assertEquals([options.ipv4Only, options.quiet, options.key], [true, true, "file"]);
  assertEquals(positional, ["x"]);
});

Deno.test("a flag is given when it was said, either way, and not otherwise", () => {
  assertEquals([...read([]).given], []);
  assertEquals([...read(["--no-json"]).given], ["json"]);
});

Deno.test("arguments stay exactly what was typed", () => {
  const words = ["007", "1e3", "0x1F", "-", "-5", "-.5e1", "", " ", "true", "false", "a\nb", "é"];
  assertEquals(read(words).arguments, words);
  assertEquals(read(["--json", ...words]).arguments, words);
  const after = ["--json", "-k", "--", "--x=1", "-4"];
  assertEquals(read(["--quiet", "--", ...after]).arguments, after);
});

Deno.test("a value may be empty, a dash or a negative number", () => {
  assertEquals(read(["--key="]).options.key, "");
  assertEquals(read(["--key", "", "x"]), { ...read(["--key=", "x"]) });
  assertEquals(read(["--key", "-"]).options.key, "-");
  assertEquals(read(["--key", "-5"]).options.key, "-5");
  assertEquals(read(["--key=--json"]).options.key, "--json");
});

Deno.test("a repeatable option collects its values in order", () => {
  assertEquals(read(["-H", "A: 1, 2", "x", "--header=", "--header", "B"]).options.header, [
    "A: 1, 2",
    "",
    "B",
  ]);
});

Deno.test("a wrong command line is refused with the remedy", () => {
  const wrong: [argv: string[], message: string][] = [
    [["--max-conections", "5"], "unknown option --max-conections; did you mean --max-connections?"],
    [["--idle-timeout-ms=5"], "unknown option --idle-timeout-ms; did you mean --idle-timeout?"],
    [["--zzz"], "unknown option --zzz; put -- before an argument that begins with a dash"],
    [["-z"], "unknown option -z; put -- before an argument that begins with a dash"],
    [["-qz"], "unknown option -z in -qz; put -- before an argument that begins with a dash"],
    [["-45"], "unknown option -5 in -45; put -- before an argument that begins with a dash"],
    [["--__proto__=1"], "unknown option --__proto__;"],
    [["--constructor", "1"], "unknown option --constructor;"],
    [["--toString"], "unknown option --toString;"],
    [["--="], "unknown option --;"],
    [["---json"], "unknown option ---json; did you mean --json?"],
    [["--key.x=1"], "unknown option --key.x"],
    [["--no-key"], "--no-key: --key cannot be turned off; leave it out instead"],
    [["--no-ipv4-only"], "--no-ipv4-only: --ipv4-only cannot be turned off"],
    [["--json=maybe"], `--json takes no value, got "maybe"`],
    [["--json="], `--json takes no value, got ""`],
    [["--no-json=true"], `--no-json takes no value, got "true"`],
    [["-q=1"], `-q takes no value, got "1"`],
    [["--key"], "--key needs a value: --key <file>, or --key=... when it begins with a dash"],
    [["--key", "--json"], "--key needs a value"],
    [["--key", "-4"], "--key needs a value"],
    [["--key", "--", "x"], "--key needs a value"],
    [["-k"], "--key needs a value"],
    [["--key", "a", "-k", "b"], "--key was given 2 times; give it once"],
    [["--idle-timeout", "soon"], `--idle-timeout: expected a duration such as 500ms, 5s or 2m`],
    [
      ["--max-connections=0"],
      `--max-connections: expected a whole number from 1 to 65535, got "0"`,
    ],
    [["--color", "red"], `--color: expected one of auto, always, never, got "red"`],
  ];
  for (const [argv, message] of wrong) {
    assertThrows(() => read(argv), UsageError, message);
  }
});

Deno.test("the command line wins over the environment, the environment over the default", () => {
  const environment = {
    SOCKDOCK_IDLE_TIMEOUT: "5s",
    SOCKDOCK_JSON: "1",
    SOCKDOCK_COMPRESS: "false",
    SOCKDOCK_HEADER: "A: 1, 2\nB: 3",
    SOCKDOCK_KEY: "",
  };
  const { options, given } = read(["--idle-timeout=7s", "--no-json"], environment);
  assertEquals(options.idleTimeoutMs, 7_000);
  assertEquals(options.json, false);
  assertEquals(options.compress, false);
  assertEquals(options.header, ["A: 1, 2", "B: 3"]);
  assertEquals(options.key, undefined, "an empty variable counts as not set");
  assertEquals([...given].sort(), ["compress", "header", "idleTimeoutMs", "json"]);
});

/** Guards by their keys, as the help of each command lists them. */
const GUARDS: Readonly<Record<string, readonly string[]>> = {
  serve: [
    ...["allow", "deny", "auth", "authFile", "authToken", "authTokenFile", "root"],
    ...["tlsCert", "tlsKey", "tlsCa", "tlsMin", "requireClientCert", "allowIdentity"],
    ...["pskFile", "sealedKey", "signedKey", "signedSenders", "layers"],
    ...["natsCreds", "natsTlsCa", "natsTlsCert", "natsTlsKey", "upstreamTlsFingerprint"],
  ],
  connect: ["tlsCa", "tlsFingerprint", "tlsCert", "tlsKey", "pskFile", "sealedKey", "layers"],
  fetch: ["user", "realm", "digest", "credentials", "tlsCa", "tlsFingerprint"],
};

for (const [name, guards] of Object.entries(GUARDS)) {
  Deno.test(`${name} refuses the empty variable of a guard, by its name`, async () => {
    const command = await commands.find((one) => one.name === name)!.load();
    for (const key of guards) {
      const variable = environmentName(key);
      const environment = (name: string) => name === variable ? "" : undefined;
      assertThrows(() => readArguments(command, ["x", "y"], environment), UsageError, variable);
    }
  });
}

Deno.test("a wrong value from the environment names its variable", () => {
  assertThrows(
    () => read([], { SOCKDOCK_IDLE_TIMEOUT: "soon" }),
    UsageError,
    `SOCKDOCK_IDLE_TIMEOUT: expected a duration such as 500ms, 5s or 2m, got "soon"`,
  );
  assertEquals(
    read(["--idle-timeout=1s"], { SOCKDOCK_IDLE_TIMEOUT: "soon" }).options.idleTimeoutMs,
    1_000,
    "a variable that is overruled is not read",
  );
});

Deno.test("a required option may come from either place and is missed by name", () => {
  const certificate = text({ help: "file with the certificate", metavar: "file", required: true });
  const command = { name: "serve", usage: "", options: { certificate } };
  assertThrows(
    () => readArguments(command, [], () => undefined),
    UsageError,
    "--certificate <file> is required (or SOCKDOCK_CERTIFICATE): file with the certificate",
  );
  const fromEnvironment = readArguments(command, [], () => "a.pem").options.certificate;
  assertEquals(fromEnvironment satisfies string, "a.pem");
});

Deno.test("too few and too many arguments are refused with the usage", () => {
  const command = {
    name: "relay",
    usage: "<listen-url> <upstream-url>",
    options: {},
    minArguments: 2,
    maxArguments: 2,
  };
  assertThrows(
    () => readArguments(command, ["a"], () => undefined),
    UsageError,
    "relay needs 2 arguments; usage: sockdock relay <listen-url> <upstream-url>",
  );
  assertThrows(
    () => readArguments(command, ["a", "b", "c"], () => undefined),
    UsageError,
    `unexpected argument "c"; usage: sockdock relay`,
  );
});

Deno.test("wantsHelp() finds --help and -h wherever options are read", () => {
  assertEquals(wantsHelp(["echo", "--bogus", "--help"]), true);
  assertEquals(wantsHelp(["-h"]), true);
  assertEquals(wantsHelp(["echo", "--", "--help"]), false);
});

/** Numbers below `limit`, the same ones for the same seed (mulberry32). */
function seeded(seed: number): (limit: number) => number {
  return (limit) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const NASTY = [
  ..."|-|--|---|=|--=|-=|007|1e3|-5|-.5|true|false|a=b|--json|--no-json|--json=1|-q|-k|-qk|-H|-4",
  ..."|__proto__|--__proto__|constructor|--constructor=1|--key|--key=|--no-key|--header| |x y|é|\n",
].join("").split("|");

Deno.test("any intended line, however it is spelt, is read as intended (seeded)", () => {
  for (let seed = 0; seed < 3_000; seed++) {
    const random = seeded(seed);
    const nasty = () => NASTY[random(NASTY.length)] ?? "";
    const argv: string[] = [];
    const headers: string[] = [];
    const positional: string[] = [];
    let json = false;
    for (let count = random(7); count > 0; count--) {
      const word = nasty();
      const readsAsOption = word.startsWith("-") && !["-", "-5", "-.5"].includes(word);
      const kind = random(4);
      if (kind === 0) {
        json = random(2) === 0;
        argv.push(json ? "--json" : "--no-json");
      } else if (kind === 1) {
        headers.push(word);
        argv.push(`--header=${word}`);
      } else if (kind === 2 && !readsAsOption) {
        headers.push(word);
        argv.push(random(2) === 0 ? "--header" : "-qH", word);
      } else if (!readsAsOption) {
        positional.push(word);
        argv.push(word);
      }
    }
    if (random(2) === 0) {
      const rest = Array.from({ length: random(4) }, nasty);
      positional.push(...rest);
      argv.push("--", ...rest);
    }
    const actual = read(argv);
    assertEquals(actual.options.json, json, JSON.stringify(argv));
    assertEquals(actual.options.header, headers, JSON.stringify(argv));
    assertEquals(actual.arguments, positional, JSON.stringify(argv));
  }
});

Deno.test("any line at all is read or refused, and nothing else happens (seeded)", () => {
  let readable = 0;
  for (let seed = 0; seed < 5_000; seed++) {
    const random = seeded(seed);
    const argv = Array.from({ length: random(5) }, () => NASTY[random(NASTY.length)] ?? "");
    try {
      const { options, arguments: positional } = read(argv);
      assertEquals(Object.keys(options), Object.keys(read([]).options));
      const left = [...argv];
      for (const word of positional) {
        const index = left.indexOf(word);
        assert(index !== -1, `${JSON.stringify(word)} was not in ${JSON.stringify(argv)}`);
        left.splice(0, index + 1);
      }
      readable++;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
    assertEquals(Object.keys(Object.prototype), [], "the prototype stays clean");
  }
  assert(readable > 500, `only ${readable} lines were readable`);
});
