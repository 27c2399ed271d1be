import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  choice,
  decimal,
  duration,
  environmentName,
  flag,
  flagName,
  integer,
  mergeTables,
  type OptionValues,
  parseText,
  resolveOptions,
  size,
  text,
} from "../../../core/options/option.ts";
import { UsageError } from "../../../core/usage_error.ts";

const table = {
  host: text({ help: "name to announce" }),
  greeting: text({ help: "first line", default: "hello" }),
  port: integer({ help: "port to use", min: 1, max: 65_535, required: true }),
  loss: decimal({ help: "share of datagrams lost", min: 0, max: 1, default: 0 }),
  allow: text.many({ help: "address to admit" }),
  idleTimeoutMs: duration({ help: "end silent sessions", default: 60_000, allowNone: true }),
  maxMessageBytes: size({ help: "longest message", default: 10_240, min: 1 }),
  color: choice(["auto", "always", "never"], { help: "colours", default: "auto" }),
  events: choice.many(["open", "close"], { help: "events to print" }),
  json: flag({ help: "print events as JSON" }),
};

Deno.test("a table's types say which options are always there", () => {
  const values = resolveOptions(table, { port: 7 });
  const typed: {
    readonly host: string | undefined;
    readonly greeting: string;
    readonly port: number;
    readonly allow: readonly string[];
    readonly color: "auto" | "always" | "never";
    readonly events: readonly ("open" | "close")[];
    readonly json: boolean;
  } = values;
  // @ts-expect-error: an option without a default may be undefined
  const host: string = values.host;
  // @ts-expect-error: a choice is one of its words
  const color: "auto" = values.color;
  assertEquals([typed.greeting, host, color], ["hello", undefined, "auto"]);
});

Deno.test("resolveOptions() fills in the defaults and leaves its argument alone", () => {
  const given = Object.freeze({ port: 7, allow: Object.freeze(["10.0.0.0/8"]) });
  const values = resolveOptions(table, given);
  assertEquals(values, {
    host: undefined,
    greeting: "hello",
    port: 7,
    loss: 0,
    allow: ["10.0.0.0/8"],
    idleTimeoutMs: 60_000,
    maxMessageBytes: 10_240,
    color: "auto",
    events: [],
    json: false,
  });
  assert(values.allow !== given.allow, "the caller keeps its own array");
});

Deno.test("resolveOptions() takes undefined for not given", () => {
  const given = { port: 7, greeting: undefined } as unknown as { port: number };
  assertEquals(resolveOptions(table, given).greeting, "hello");
});

Deno.test("resolveOptions() refuses a wrong value with its name, itself and the remedy", () => {
  const wrong: [given: object, errorClass: new (message: string) => Error, message: string][] = [
    [{ port: 0 }, RangeError, "port: expected a whole number from 1 to 65535, got 0"],
    [{ port: 1.5 }, TypeError, "port: expected a whole number from 1 to 65535, got 1.5"],
    [{ port: "7" }, TypeError, `port: expected a whole number from 1 to 65535, got "7"`],
    [{ port: 7, host: 7 }, TypeError, "host: expected a string, got 7"],
    [{ port: 7, host: null }, TypeError, "host: expected a string, got null"],
    [{ port: 7, loss: 1.1 }, RangeError, "loss: expected a number from 0 to 1, got 1.1"],
    [{ port: 7, loss: NaN }, TypeError, "loss: expected a number from 0 to 1, got NaN"],
    [{ port: 7, allow: "::1" }, TypeError, `allow: expected an array, got "::1"`],
    [{ port: 7, allow: ["::1", 7] }, TypeError, "allow[1]: expected a string, got 7"],
    [
      { port: 7, idleTimeoutMs: "5s" },
      TypeError,
      `idleTimeoutMs: expected a number of milliseconds from 0 to 2073600000, or Infinity, got "5s"`,
    ],
    [{ port: 7, idleTimeoutMs: -1 }, RangeError, "or Infinity, got -1"],
    [
      { port: 7, maxMessageBytes: 0 },
      RangeError,
      "maxMessageBytes: expected a whole number of bytes of at least 1, got 0",
    ],
    [
      { port: 7, color: "red" },
      TypeError,
      `color: expected one of auto, always, never, got "red"`,
    ],
    [{ port: 7, json: "yes" }, TypeError, `json: expected true or false, got "yes"`],
    [{}, TypeError, "port is required: port to use"],
    [
      { port: 7, idleTimeout: 5 },
      TypeError,
      "unknown option idleTimeout; did you mean idleTimeoutMs?",
    ],
    [{ port: 7, zzz: 5 }, TypeError, "unknown option zzz"],
    [JSON.parse(`{"port": 7, "__proto__": {}}`), TypeError, "unknown option __proto__"],
    [{ port: 7, constructor: 5 }, TypeError, "unknown option constructor"],
  ];
  for (const [given, errorClass, message] of wrong) {
    assertThrows(() => resolveOptions(table, given), errorClass, message);
  }
});

Deno.test("both bounds are allowed values", () => {
  for (const port of [1, 65_535]) {
    assertEquals(resolveOptions(table, { port }).port, port);
    assertEquals(parseText(table.port, String(port), "--port"), port);
  }
});

Deno.test("a duration may be none only where its option says so", () => {
  assertEquals(resolveOptions(table, { port: 7, idleTimeoutMs: Infinity }).idleTimeoutMs, Infinity);
  assertEquals(parseText(table.idleTimeoutMs, "none", "--idle-timeout"), Infinity);
  const graceMs = duration({ help: "grace", default: 5_000 });
  assertThrows(() => graceMs.check(Infinity, "graceMs"), RangeError, "got Infinity");
  assertThrows(() => parseText(graceMs, "none", "--grace"), UsageError, `got "none"`);
});

Deno.test("a duration longer than timers can wait is refused unless its option allows it", () => {
  assertThrows(
    () => parseText(table.idleTimeoutMs, "30d", "--idle-timeout"),
    UsageError,
    `--idle-timeout: expected a duration from 0ms to 24d, or none, got "30d"`,
  );
  const validMs = duration({ help: "validity", default: 86_400_000, max: 3_650 * 86_400_000 });
  assertEquals(parseText(validMs, "365d", "--valid"), 365 * 86_400_000);
});

Deno.test("parseText() names the source and the remedy in its messages", () => {
  assertThrows(
    () => parseText(table.port, "0", "--port-x"),
    UsageError,
    `--port-x: expected a whole number from 1 to 65535, got "0"`,
  );
  assertThrows(
    () => parseText(table.color, "red", "SOCKDOCK_COLOR"),
    UsageError,
    `SOCKDOCK_COLOR: expected one of auto, always, never, got "red"`,
  );
  assertThrows(
    () => parseText(table.json, "maybe", "SOCKDOCK_JSON"),
    UsageError,
    `SOCKDOCK_JSON: expected true or false, got "maybe"`,
  );
  assertThrows(
    () => parseText(table.port, ["1", "2"], "harbour.toml: port"),
    UsageError,
    "harbour.toml: port: expected one value, got 2",
  );
});

Deno.test("an empty guard is refused as a text, a list and an argument, with its name", () => {
  const guards = {
    token: text({ help: "let in the holder", guard: true }),
    allow: text.many({ help: "address to admit", guard: true }),
    oldest: choice(["1.2", "1.3"], { help: "oldest version", default: "1.2", guard: true }),
    verify: flag({ help: "ask for a certificate", guard: true }),
  };
  for (const [key, option] of Object.entries(guards)) {
    assertThrows(() => parseText(option, "", key), UsageError, `${key}`);
    assert(option.guard);
  }
  for (const empty of [" ", ",", []]) {
    assertThrows(() => parseText(guards.allow, empty, "ALLOW"), UsageError, "ALLOW is empty");
  }
  const wrong = [[{ token: "" }, "token is empty"], [{ allow: [] }, "allow is empty"], [
    { allow: ["::1", ""] },
    "allow[1] is empty",
  ]] as const;
  for (const [given, message] of wrong) {
    assertThrows(() => resolveOptions(guards, given), RangeError, message);
  }
  assertEquals(resolveOptions(guards, {}).allow, [], "a guard that is left out is no error");
  assertEquals(parseText(guards.allow, "::1,,", "x"), ["::1"]);
});

Deno.test("parseText() reads flags, numbers and lists", () => {
  assertEquals(["1", "true", "ON", "no", "0"].map((word) => parseText(table.json, word, "x")), [
    true,
    true,
    true,
    false,
    false,
  ]);
  assertEquals(parseText(table.loss, ".05", "x"), 0.05);
  assertEquals(parseText(integer({ help: "any" }), "-12", "x"), -12);
  assertEquals(parseText(table.greeting, "", "x"), "");
  assertEquals(parseText(table.allow, "10.0.0.0/8, ::1", "x"), ["10.0.0.0/8", "::1"]);
  assertEquals(parseText(table.allow, ["a, b", "c"], "x"), ["a, b", "c"]);
  const header = text.many({ help: "header", separator: "\n" });
  assertEquals(parseText(header, "Accept: a, b\nHost: c", "x"), ["Accept: a, b", "Host: c"]);
  for (const number of ["", " 7", "7.0", "1e3", "0x7", "7n", "9".repeat(20)]) {
    assertThrows(() => parseText(integer({ help: "any" }), number, "x"), UsageError);
  }
});

Deno.test("flagName() and environmentName() leave the unit out", () => {
  assertEquals(
    [
      "idleTimeoutMs",
      "maxMessageBytes",
      "maxConnections",
      "replyRatePerSecond",
      "rateBytesPerSecond",
      "caFile",
      "baseURLPath",
    ].map(flagName),
    [
      "idle-timeout",
      "max-message",
      "max-connections",
      "reply-rate",
      "rate",
      "ca-file",
      "base-url-path",
    ],
  );
  assertEquals(environmentName("idleTimeoutMs"), "SOCKDOCK_IDLE_TIMEOUT");
});

Deno.test("mergeTables() joins tables that share one option and keeps their types", () => {
  const port = integer({ help: "port", default: 7 });
  const merged = mergeTables({ port }, { port, json: table.json }, { color: table.color });
  const values: OptionValues<typeof merged> = resolveOptions(merged, { color: "never" });
  assertEquals(values, { port: 7, json: false, color: "never" });
});

Deno.test("mergeTables() refuses two options of one name", () => {
  const quiet = flag({ help: "say less", short: "q" });
  assertThrows(
    () => mergeTables({ json: flag({ help: "one" }) }, { json: flag({ help: "other" }) }),
    TypeError,
    `two options claim --json: json ("one") and json ("other")`,
  );
  const claims = [
    { quick: flag({ help: "hurry", short: "q" }) },
    { quietMs: duration({ help: "silence" }) },
    { noQuiet: flag({ help: "noise" }) },
    { silent: quiet, quiet: flag({ help: "other" }) },
  ];
  for (const other of claims) {
    assertThrows(() => mergeTables({ quiet }, other), TypeError, "two options claim -");
  }
});

Deno.test("mergeTables() refuses keys the command line could not read", () => {
  for (const key of ["constructor", "__proto__", "idle-timeout", "Port", "_", ""]) {
    const other = Object.fromEntries([[key, text({ help: "odd" })]]);
    assertThrows(() => mergeTables(other), TypeError, `option key "${key}"`);
  }
  assertThrows(() => mergeTables({ noProxy: text({ help: "odd" }) }), TypeError, `"noProxy"`);
});

Deno.test("a declaration that contradicts itself fails when it is loaded", () => {
  assertThrows(
    () => integer({ help: "port", min: 1, default: 0 }),
    RangeError,
    `default of "port"`,
  );
  assertThrows(() => flag({ help: "odd", short: "ab" }), TypeError, `short form "ab"`);
});

Deno.test("a default is shown in people's units", () => {
  assertEquals(table.idleTimeoutMs.fallbackText, "1m");
  assertEquals(table.maxMessageBytes.fallbackText, "10k");
  assertEquals(duration({ help: "x", allowNone: true, default: Infinity }).fallbackText, "none");
  assertEquals("fallbackText" in table.host, false);
});
