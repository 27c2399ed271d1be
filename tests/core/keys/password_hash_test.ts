/** Password hashes: ours, passlib's form, and bcrypt's. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { hashPassword, passwordCheck } from "../../../core/keys/password_hash.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { peerTest, runPeer } from "../../peer.ts";

Deno.test("a password passes its own hash, and no other password does", async () => {
  const hash = await hashPassword("pâssword");
  assertMatch(hash, /^\$pbkdf2-sha256\$600000\$[A-Za-z0-9./]{22}\$[A-Za-z0-9./]{43}$/);
  const check = passwordCheck(hash);
  assert(await check("pâssword"));
  for (const wrong of ["password", "pâssword ", "", "pâsswor"]) assert(!await check(wrong));
});

Deno.test("two hashes of one password differ", async () => {
  assert(await hashPassword("x") !== await hashPassword("x"));
});

peerTest("Python derives the same PBKDF2 hash", ["python3"], async () => {
  const program = `
import base64, hashlib
ab64 = lambda data: base64.b64encode(data, altchars=b"./").rstrip(b"=").decode()
salt = bytes(range(16))
for name in ("sha256", "sha512"):
    key = hashlib.pbkdf2_hmac(name, "pâss".encode(), salt, 1000)
    print(f"$pbkdf2-{name}$1000$" + ab64(salt) + "$" + ab64(key))
`;
  const { stdout } = await runPeer("python3", ["-c", program]);
  for (const hash of stdout.trim().split("\n")) {
    assert(await passwordCheck(hash)("pâss"), hash);
    assert(!await passwordCheck(hash)("pass"), hash);
  }
});

Deno.test("bcrypt hashes of every letter are understood", async () => {
  // Of the password "U*U", from the test vectors of the original implementation.
  const hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  for (const letter of ["a", "b", "y"]) {
    const check = passwordCheck(hash.replace("$2a$", `$2${letter}$`));
    assertEquals([await check("U*U"), await check("U*V")], [true, false]);
  }
});

Deno.test("a hash that cannot be used is refused with the remedy", () => {
  const salt = "AAAAAAAAAAAAAAAAAAAAAA";
  for (
    const hash of [
      "secret",
      "",
      "$apr1$abc$def",
      "{SHA}2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
      "$2y$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
      "$2y$05$short",
      `$pbkdf2-sha256$0$${salt}$${salt}`,
      `$pbkdf2-sha256$99999999$${salt}$${salt}`,
      `$pbkdf2-sha256$1000$${salt}$AAAA`,
      `$pbkdf2-md5$1000$${salt}$${salt}`,
    ]
  ) {
    assertThrows(() => passwordCheck(hash), UsageError);
  }
});
