/** Messages as tokens, which Python's `cryptography` reads and makes too. */

import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { makeKey } from "../../../core/keys/make.ts";
import { InvalidTokenError, openToken, sealToken } from "../../../core/keys/token.ts";
import { packageTest, startPackageProgram } from "../../python_package.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const KINDS = ["fernet", "aes-gcm"] as const;

/** The secret 00 01 ... 1f. */
const AES_KEY = "aes-gcm:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/** The specification's own token, made on 26 October 1985. */
const FERNET_KEY = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const FERNET_TOKEN =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

function opened(key: string, token: string): string {
  return new TextDecoder().decode(openToken(key, token));
}

for (const kind of KINDS) {
  Deno.test(`a token of ${kind} opens with its key, and no two are the same`, () => {
    const key = makeKey(kind).text;
    for (const message of ["", "Hello, UDP!", "ソケット", "x".repeat(100_000)]) {
      const token = sealToken(key, message);
      assertEquals(opened(key, token), message);
      assertNotEquals(sealToken(key, message), token);
      assertEquals(/^[\w-]+=*$/.test(token) && !token.startsWith("-"), true);
    }
    assertEquals(openToken(key, sealToken(key, Uint8Array.of(0, 255))), Uint8Array.of(0, 255));
  });

  Deno.test(`a token of ${kind} that was changed, cut or made with another key does not open`, () => {
    const key = makeKey(kind).text;
    const token = sealToken(key, "Hello, UDP!");
    for (let at = 0; at < token.length; at++) {
      const other = token[at] === "A" ? "B" : "A";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      assertThrows(() => openToken(key, changed), InvalidTokenError);
      assertThrows(() => openToken(key, token.slice(0, at)), InvalidTokenError);
    }
    assertThrows(() => openToken(makeKey(kind).text, token), InvalidTokenError, "another key");
    assertThrows(() => openToken(key, `${token}=`), InvalidTokenError);
  });

  packageTest("cryptography", `Python opens a token of ${kind}, and makes one`, async () => {
    await using folder = await temporaryFolder();
    const file = `${folder.path}/key`;
    const { text } = makeKey(kind);
    await Deno.writeTextFile(file, text);
    const python = async (...words: string[]) => {
      await using program = startPackageProgram("cryptography", "seal_token.py", words);
      const { code, stdout, stderr } = await program.finish();
      assertEquals(code, 0, stderr);
      return stdout.trimEnd();
    };
    assertEquals(await python("open", file, sealToken(text, "from here")), "from here");
    assertEquals(opened(text, await python("seal", file, "from", "Python")), "from Python");
  });
}

Deno.test("the first key seals and every key opens", () => {
  const [old, fresh] = [makeKey("fernet").text, makeKey("aes-gcm").text];
  assertEquals(opened(fresh + old, sealToken(old, "old")), "old");
  assertEquals(opened(fresh, sealToken(fresh + old, "new")), "new");
});

Deno.test("a Fernet token has an age, and one of AES-GCM has none", () => {
  assertEquals(opened(FERNET_KEY, FERNET_TOKEN), "hello");
  const old = assertThrows(
    () => openToken(FERNET_KEY, FERNET_TOKEN, { maxAgeMs: 60_000 }),
    InvalidTokenError,
  );
  assertStrictEquals(/^this token is \d{10} s old$/.test(old.message), true, old.message);
  const now = sealToken(FERNET_KEY, "now");
  assertEquals(openToken(FERNET_KEY, now, { maxAgeMs: 3_600_000 }).length, 3);
  const token = sealToken(AES_KEY, "now");
  assertThrows(() => openToken(AES_KEY, token, { maxAgeMs: 60_000 }), RangeError, "aes-gcm");
});

Deno.test("keys that sign seal nothing", () => {
  for (const kind of ["hmac", "ed25519"] as const) {
    assertThrows(() => sealToken(makeKey(kind).text, "x"), SyntaxError, `kind ${kind} signs`);
  }
  assertThrows(() => sealToken("# none\n", "x"), SyntaxError, "no key");
});
