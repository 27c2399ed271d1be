/** `sockdock key`: keys for layers, and lines for a file of users. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { key } from "../../commands/key.ts";
import { passwordCheck } from "../../core/keys/password_hash.ts";
import { resolveOptions } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import { packageTest, startPackageProgram } from "../python_package.ts";
import { peerTest, runPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { type FakeParts, FakeStdio } from "./fake_stdio.ts";

type Given = Readonly<Record<string, unknown>>;

/** Runs `key` with these words and options, and returns what it printed. */
async function run(words: readonly string[], given: Given = {}, fake: FakeParts = {}) {
  const io = new FakeStdio(fake, { json: given.json === true });
  const names = new Set(Object.keys(given));
  await key.run({
    arguments: [...words],
    io,
    options: resolveOptions(key.options, given),
    given: names,
    flags: names,
  });
  return { stdout: io.stdoutText, stderr: io.stderrText };
}

async function lineOf(user: string, stdin: string): Promise<string> {
  return (await run(["password", user], {}, { stdin: [stdin] })).stdout;
}

Deno.test("a password becomes one line of user and hash, whatever ended its own line", async () => {
  for (const stdin of ["sesame\n", "sesame\r\n", "sesame"]) {
    const line = await lineOf("alice", stdin);
    assertMatch(line, /^alice:\$pbkdf2-sha256\$600000\$[^\s$]+\$[^\s$]+\n$/);
    assertEquals(await passwordCheck(line.trim().slice("alice:".length))("sesame"), true);
  }
});

Deno.test("a name that the file would not give back is refused", async () => {
  for (const user of ["", "a:b", "a\nb", "#alice", " alice", "alice "]) {
    await assertRejects(() => lineOf(user, "sesame\n"), UsageError, "a user name");
  }
});

Deno.test("key make writes a file that its owner alone can read, and says what may be known", async () => {
  await using folder = await temporaryFolder();
  for (const kind of ["fernet", "aes-gcm", "chacha20", "hmac", "ed25519"]) {
    const out = `${folder.path}/${kind}.key`;
    const { stdout, stderr } = await run(["make", kind], { out });
    assertEquals(stdout, "");
    assertMatch(stderr, new RegExp(`^made ${out}: ${kind}, sha256:[0-9a-f]{64}\n`));
    const { mode } = await Deno.stat(out);
    if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
    const secret = (await Deno.readTextFile(out)).trim().split("\n").at(-1)!.split(":").at(-1)!;
    assert(!stderr.includes(secret));
    const shown = await run(["show", out]);
    assert(!shown.stdout.includes(secret));
    const [, fingerprint] = /^fingerprint +sha256:(\S+)$/m.exec(shown.stdout)!;
    assert(stderr.includes(fingerprint!));
  }
});

Deno.test("key make replaces no file, unless --overwrite says so", async () => {
  await using folder = await temporaryFolder();
  const out = `${folder.path}/x.key`;
  await run(["make", "hmac"], { out });
  const before = await Deno.readTextFile(out);
  await assertRejects(() => run(["make", "hmac"], { out }), UsageError, "--overwrite");
  assertEquals(await Deno.readTextFile(out), before);
  await run(["make", "hmac"], { out, overwrite: true });
  assert(await Deno.readTextFile(out) !== before);
  assertEquals([...Deno.readDirSync(folder.path)].length, 1);
});

Deno.test("key make prints the key into a pipe, and at a terminal keeps it in the data folder", async () => {
  await using folder = await temporaryFolder();
  const piped = await run(["make", "aes-gcm"]);
  assertMatch(piped.stdout, /^aes-gcm:[\w-]{43}=\n$/);
  const asked = await run(["make", "aes-gcm"], { out: "-" }, { stdoutIsTerminal: true });
  assertMatch(asked.stdout, /^aes-gcm:/);
  const dataFolder = `${folder.path}/data`;
  const kept = await run(["make", "ed25519"], { dataFolder, name: "../alice" });
  assertEquals(kept.stdout, "");
  const [{ name: file }] = [...Deno.readDirSync(`${dataFolder}/keys`)] as [Deno.DirEntry];
  assertEquals(file, "_alice.key");
  const { stdout } = await run(["show", `${dataFolder}/keys/${file}`]);
  assertMatch(stdout, /^name +\.\.\/alice$/m);
  assertMatch(stdout, /^public +\.\.\/alice ed25519:[\w-]{43}=$/m);
});

Deno.test("key --json has the same as one object", async () => {
  const { stdout } = await run(["make", "ed25519"], { name: "alice", json: true });
  const made = JSON.parse(stdout) as Record<string, string>;
  assertEquals(made.kind, "ed25519");
  assertMatch(made.key!, /^name: alice\n-----BEGIN PRIVATE KEY-----\n/);
  assertMatch(made.public!, /^alice ed25519:/);
});

Deno.test("key says what it does not understand", async () => {
  for (
    const [words, given, message] of [
      [["mak", "hmac"], {}, "known are make, show, password"],
      [["make", "aes"], {}, "known are fernet, aes-gcm, chacha20, hmac, ed25519"],
      [["make", "hmac"], { name: "hmac" }, "--name: the name of a key"],
      [["show", "/nowhere/x.key"], {}, "there is no such file"],
      [["show", "x"], { overwrite: true }, "--overwrite is for key make"],
      [["make", "hmac"], { out: "/nowhere/x.key" }, "cannot write /nowhere/x.key"],
    ] as const
  ) {
    await assertRejects(() => run(words, given), UsageError, message);
  }
});

peerTest("openssl reads the Ed25519 key that key make writes", ["openssl"], async () => {
  await using folder = await temporaryFolder();
  const out = `${folder.path}/alice.key`;
  await run(["make", "ed25519"], { out, name: "alice" });
  const { code, stdout } = await runPeer("openssl", ["pkey", "-in", out, "-noout", "-text"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^ED25519 Private-Key:/);
});

packageTest("cryptography", "Python reads the Fernet key that key make writes", async () => {
  await using folder = await temporaryFolder();
  const out = `${folder.path}/f.key`;
  await run(["make", "fernet"], { out });
  await using server = startPackageProgram("cryptography", "fernet_server.py", [
    out,
    "127.0.0.1",
    "0",
  ]);
  await server.stdout.line(/^listening /);
});

Deno.test("key seal prints a token of its words or of stdin, and key open what is in it", async () => {
  await using folder = await temporaryFolder();
  const out = `${folder.path}/x.key`;
  await run(["make", "fernet"], { out });
  const token = (await run(["seal", out, "Hello,", "UDP!"])).stdout;
  assertMatch(token, /^gAAAA[\w-]+=*\n$/);
  assertEquals((await run(["open", out, token.trim()])).stdout, "Hello, UDP!");
  assertEquals((await run(["open", out], {}, { stdin: [token] })).stdout, "Hello, UDP!");
  const piped = (await run(["seal", out], {}, { stdin: ["two\n", "lines\n"] })).stdout;
  assertEquals((await run(["open", out, piped.trim()])).stdout, "two\nlines\n");
  // A terminal obeys nothing of it, and its next line begins on the left.
  const odd = (await run(["seal", out, "a\x1b[2Jb"])).stdout.trim();
  const shown = await run(["open", out, odd], {}, { stdoutIsTerminal: true });
  assertEquals(shown.stdout, "a\\x1b[2Jb\n");
  const json = await run(["open", out, token.trim()], { json: true });
  assertEquals(json.stdout, '{"event":"message","text":"Hello, UDP!"}\n');
});

Deno.test("key open says what is wrong with a token, and with its own use", async () => {
  await using folder = await temporaryFolder();
  const [fernet, hmac] = [`${folder.path}/f.key`, `${folder.path}/h.key`];
  await run(["make", "fernet"], { out: fernet });
  await run(["make", "hmac"], { out: hmac });
  assertEquals(
    (await run(["open", fernet, "gAAAAA"])).stderr,
    "error: this token was made with another key, or was changed on its way\n",
  );
  await assertRejects(() => run(["seal", hmac, "x"]), UsageError, "kind hmac signs");
  await assertRejects(
    () => run(["seal", fernet, "x"], { maxAgeMs: 1 }),
    UsageError,
    "for key open",
  );
  await assertRejects(() => run(["show", fernet, "x"]), UsageError, "one argument");
});

Deno.test("an unknown subject of key is named, whatever follows it", async () => {
  const text = 'unknown subject of key "sael" (did you mean seal?)';
  for (const words of [["sael", "a.key"], ["sael", "a.key", "ahoy"]]) {
    await assertRejects(() => run(words), UsageError, text);
  }
});
