/** `sealed` and `signed` on real sockets: the program with itself, and with Python's cryptography. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { makeKey } from "../../mod/cert.ts";
import { type Program, runProgram, startProgram } from "../program.ts";
import { packageTest, startPackageProgram } from "../python_package.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { placeArguments } from "../peer.ts";

async function keyIn(folder: string, kind: string, name: string): Promise<string> {
  const file = `${folder}/${name}.key`;
  const args = ["key", "make", kind, "--name", name, "--out", file];
  // A named Fernet key is a line that other programs do not understand.
  const { code, stderr } = await runProgram(kind === "fernet" ? args.toSpliced(3, 2) : args);
  assertEquals(code, 0, stderr);
  return file;
}

async function publicOf(key: string): Promise<string> {
  const { stdout } = await runProgram(["key", "show", key]);
  const [, line = ""] = /^public +(.+)$/m.exec(stdout) ?? [];
  await Deno.writeTextFile(`${key}.pub`, `${line}\n`);
  return `${key}.pub`;
}

/** Ends a server and returns what it counted. */
async function statsOf(program: Program): Promise<Record<string, number>> {
  program.interrupt();
  return (await program.event("stopped")).stats as Record<string, number>;
}

async function say(url: string, words: string, ...options: string[]) {
  const { code, stdout } = await runProgram(["send", url, words, ...options]);
  return { code, stdout };
}

const ANSWERED = { code: 0, stdout: "AHOY\n" };

for (
  const [kind, scheme] of [["chacha20", "udp"], ["aes-gcm", "udp"], ["fernet", "udp"], [
    "aes-gcm",
    "unixgram",
  ]]
) {
  Deno.test(`send over ${scheme}+sealed with ${kind} is answered, with another key it is not`, async () => {
    await using folder = await temporaryFolder();
    const key = await keyIn(folder.path, kind!, "ours");
    const wrong = await keyIn(folder.path, kind!, "wrong");
    const place = scheme === "udp" ? "127.0.0.1:0" : `${folder.path}/socket`;
    const url = `${scheme}+sealed://${place}`;
    await using server = await startProgram([
      ...["serve", "upper", url, "--sealed-key", key, "--json"],
    ]);
    assertEquals(await say(server.url, "ahoy", "--sealed-key", key), ANSWERED);
    assertEquals((await server.event("opened")).identity !== undefined, true);
    const refused = await say(server.url, "ahoy", "--sealed-key", wrong, "--timeout", "300ms");
    assertEquals(refused, { code: 4, stdout: "" });
    // What is answered afterwards says that the server has seen the other.
    assertEquals(await say(server.url, "ahoy", "--sealed-key", key), ANSWERED);
    const stats = await statsOf(server);
    assertEquals(stats.messagesReceived, 2);
    assertEquals(stats[kind === "fernet" ? "forged" : "unknownSenders"], 1);
  });
}

Deno.test("the key of --sealed-key is named in the environment too", async () => {
  await using folder = await temporaryFolder();
  const key = await keyIn(folder.path, "aes-gcm", "ours");
  const env = { SOCKDOCK_SEALED_KEY: key };
  await using server = await startProgram(
    ["serve", "upper", "udp+sealed://127.0.0.1:0", "--json"],
    { env },
  );
  const { stdout } = await runProgram(["send", server.url, "ahoy"], { env });
  assertEquals(stdout, "AHOY\n");
});

Deno.test("over udp+signed the server knows by name who opened a session", async () => {
  await using folder = await temporaryFolder();
  const server = await keyIn(folder.path, "ed25519", "harbour");
  const client = await keyIn(folder.path, "ed25519", "alice");
  const senders = await publicOf(client);
  const known = await publicOf(server);
  await using program = await startProgram([
    ...["serve", "upper", "udp+signed://127.0.0.1:0", "--json"],
    ...["--signed-key", server, "--signed-senders", senders],
  ]);
  const options = ["--signed-key", client, "--signed-senders", known];
  assertEquals(await say(program.url, "ahoy", ...options), ANSWERED);
  const { identity } = await program.event("opened");
  const { name, source } = identity as { name: string; source: string };
  assertEquals({ name, source }, { name: "alice", source: "signature" });
});

Deno.test("a signature goes around a seal, and the session has the signer's name", async () => {
  await using folder = await temporaryFolder();
  const seal = await keyIn(folder.path, "aes-gcm", "fleet");
  const sign = await keyIn(folder.path, "hmac", "alice");
  const options = ["--sealed-key", seal, "--signed-key", sign];
  await using program = await startProgram([
    ...["serve", "upper", "udp+signed+sealed://127.0.0.1:0", "--json", ...options],
  ]);
  assertEquals(await say(program.url, "ahoy", ...options), ANSWERED);
  assertEquals(((await program.event("opened")).identity as { name: string }).name, "alice");
});

packageTest("cryptography", "Python's Fernet on a bare socket is answered", async () => {
  await using folder = await temporaryFolder();
  const key = await keyIn(folder.path, "fernet", "ours");
  await using server = await startProgram([
    ...["serve", "upper", "udp+sealed://127.0.0.1:0", "--json", "--sealed-key", key],
  ]);
  const place = placeArguments(server.url);
  const words = ["hello", "again", "x".repeat(5000)];
  await using client = startPackageProgram("cryptography", "fernet_client.py", [
    key,
    ...place,
    ...words,
  ]);
  const { stdout, stderr } = await client.finish();
  assertEquals(stderr, "");
  assertEquals(stdout, words.map((word) => `Answer: ${word.toUpperCase()}\n`).join(""));
});

packageTest("cryptography", "Python's Fernet on a bare socket answers", async () => {
  await using folder = await temporaryFolder();
  const key = await keyIn(folder.path, "fernet", "ours");
  await using server = startPackageProgram("cryptography", "fernet_server.py", [
    key,
    "127.0.0.1",
    "0",
  ]);
  const [, , port] = await server.stdout.line(/^listening (\S+) (\d+)$/);
  const url = `udp+sealed://127.0.0.1:${port}`;
  assertEquals(await say(url, "ahoy", "--sealed-key", key), ANSWERED);
  await server.stdout.line(/^Decrypted: ahoy$/);
});

/** Writes 65 Fernet keys. */
async function manyKeysIn(folder: string): Promise<string> {
  const file = `${folder}/many.key`;
  const keys = Array.from({ length: 65 }, () => makeKey("fernet").text);
  await Deno.writeTextFile(file, keys.join(""), { mode: 0o600 });
  return file;
}

/** What is refused at startup: options, and a part of what is said. */
const REFUSED: readonly (readonly [string, (folder: string) => Promise<string[]>, string])[] = [
  ["sealed", () => Promise.resolve([]), "sockdock key make chacha20 --out sealed.key"],
  ["signed", () => Promise.resolve([]), "sockdock key make ed25519 --out signed.key"],
  [
    "sealed",
    (folder) => Promise.resolve(["--sealed-key", `${folder}/none`]),
    "there is no such file",
  ],
  [
    "sealed",
    async (folder) => ["--sealed-key", await keyIn(folder, "hmac", "x")],
    "signs and does not seal",
  ],
  [
    "signed",
    async (folder) => ["--signed-key", await keyIn(folder, "fernet", "x")],
    "seals and does not sign",
  ],
  [
    "signed",
    async (folder) => ["--signed-key", await keyIn(folder, "ed25519", "x")],
    "--signed-senders",
  ],
  [
    "sealed",
    async (folder) => [
      ...["--sealed-key", await keyIn(folder, "aes-gcm", "x")],
      ...["--sealed-cipher", "fernet"],
    ],
    "sockdock key make fernet",
  ],
  [
    "sealed",
    async (folder) => {
      const file = await keyIn(folder, "aes-gcm", "x");
      await Deno.chmod(file, 0o640);
      return ["--sealed-key", file];
    },
    "chmod go=",
  ],
  [
    "sealed",
    async (folder) => ["--sealed-key", await manyKeysIn(folder)],
    "64 at most",
  ],
  [
    "signed",
    async (folder) => {
      const key = await keyIn(folder, "ed25519", "x");
      const senders = await publicOf(key);
      await Deno.chmod(senders, 0o666);
      return ["--signed-key", key, "--signed-senders", senders];
    },
    "chmod o-w",
  ],
];

for (const [layer, optionsIn, message] of REFUSED) {
  Deno.test(`${layer} is refused at startup, and says: ${message}`, async () => {
    await using folder = await temporaryFolder();
    const options = await optionsIn(folder.path);
    const { code, stderr } = await runProgram([
      ...["send", `udp+${layer}://127.0.0.1:9`, "x", ...options],
    ]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1);
  });
}
