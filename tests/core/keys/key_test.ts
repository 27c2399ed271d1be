import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import {
  formatKey,
  type Key,
  KEY_KINDS,
  keyFingerprint,
  keyName,
  parseKeys,
} from "../../../core/keys/key.ts";
import { makeKey } from "../../../core/keys/make.ts";

const BASE64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

function summary(key: Key) {
  return { kind: key.kind, name: key.name };
}

Deno.test("a line of a key may have a kind and a name, and the key any base64", () => {
  const lines: [string, ReturnType<typeof summary>][] = [
    [BASE64, { kind: "fernet", name: undefined }],
    [BASE64.slice(0, -1), { kind: "fernet", name: undefined }],
    [`alice:${BASE64}`, { kind: "fernet", name: "alice" }],
    [`aes-gcm:${BASE64}`, { kind: "aes-gcm", name: undefined }],
    [`alice:aes-gcm:${BASE64}`, { kind: "aes-gcm", name: "alice" }],
    [`  alice hmac:${BASE64}  `, { kind: "hmac", name: "alice" }],
    [`a b: c ed25519:${BASE64}`, { kind: "ed25519", name: "a b: c" }],
    [`aes-gcm: ${BASE64}`, { kind: "aes-gcm", name: undefined }],
    [`alice: hmac: ${BASE64}`, { kind: "hmac", name: "alice" }],
    [`alice: ${BASE64}`, { kind: "fernet", name: "alice" }],
    [`alice:fernet:${"_-+/".repeat(10)}_-8=`, { kind: "fernet", name: "alice" }],
  ];
  for (const [line, expected] of lines) {
    assertEquals(parseKeys(line).map(summary), [expected], line);
  }
  const both = parseKeys(`# keys\n\nalice:aes-gcm:${BASE64}\r\nbob:aes-gcm:${BASE64}\n`);
  assertEquals(both.map(({ name }) => name), ["alice", "bob"]);
  assertEquals(parseKeys(BASE64, "aes-gcm").map(({ kind }) => kind), ["aes-gcm"]);
});

Deno.test("a line that is wrong is named, and no message shows a key", () => {
  for (
    const [text, why] of [
      [
        `alice:${BASE64}\nbob:aes-gcm:AAAA`,
        "line 2: a key of kind aes-gcm has 32 bytes, this one 3",
      ],
      [`aes-gcm:${BASE64}!`, "line 1: expected name:kind:KEY"],
      ["hmac:AAECAwQFBgcICQoLDA0O", "16 to 64 bytes, this one 15"],
      [`#\n\x07:hmac:${BASE64}`, "line 2: the name of a key"],
      [`hmac:aes-gcm:${BASE64}`, "line 1: the name of a key"],
      [`AES-GCM:${BASE64}`, "line 1: the name of a key"],
      [`${BASE64} ${BASE64}`, "line 1: the name of a key"],
      [`aes-gcm:${BASE64} aes-gcm:${BASE64}`, "line 1: the name of a key"],
      [`${BASE64} alice:hmac:${BASE64}`, "line 1: the name of a key"],
      ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "no private key"],
    ] as const
  ) {
    const error = assertThrows(() => parseKeys(text), SyntaxError, why);
    assert(!error.message.includes(BASE64.slice(0, 12)));
  }
});

Deno.test("a made key reads back as what it is, and no two are the same", () => {
  for (const kind of KEY_KINDS) {
    for (const name of [undefined, "alice", "Ada Lovelace: the first"]) {
      const options = name === undefined ? {} : { name };
      const made = makeKey(kind, options);
      assertNotEquals(made.text, makeKey(kind, options).text);
      const [key, more] = parseKeys(made.text);
      assertEquals(summary(key!), { kind, name });
      assertEquals(more, undefined);
      assertEquals(keyFingerprint(key!), made.fingerprint);
      assertMatch(made.fingerprint, /^[0-9a-f]{64}$/);
      assertEquals(keyName(key!), name ?? `sha256:${made.fingerprint}`);
      assertEquals(made.publicLine !== undefined, kind === "ed25519");
      if (made.publicLine === undefined) continue;
      const [known] = parseKeys(made.publicLine);
      assertEquals(summary(known!), { kind, name });
      assertEquals(keyFingerprint(known!), made.fingerprint);
      assertEquals(formatKey(key!), made.publicLine);
    }
  }
});

Deno.test("an unnamed Fernet key is the line that every Fernet library takes", () => {
  assertMatch(makeKey("fernet").text, /^[A-Za-z0-9_-]{43}=\n$/);
});

Deno.test("one secret has another fingerprint for each kind of key", () => {
  const prints = ["fernet", "aes-gcm", "hmac"].map((kind) =>
    keyFingerprint(parseKeys(`${kind}:${BASE64}`)[0]!)
  );
  assertEquals(new Set(prints).size, 3);
});

Deno.test("a name that a file would not give back is refused", () => {
  for (
    const name of [
      "",
      " alice",
      "#alice",
      "a\nb",
      "hmac",
      "x:hmac",
      "x hmac",
      "x:",
      BASE64,
      "é".repeat(65),
    ]
  ) {
    assertThrows(() => makeKey("hmac", { name }), SyntaxError, "the name of a key");
  }
});
