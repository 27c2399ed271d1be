/** Challenges as servers write them (RFC 9110 11.6.1). */

import { assert, assertEquals } from "@std/assert";
import { parseChallenges } from "../../../clients/http/challenge.ts";
import { newSeed, seeded } from "../../seeded.ts";

const read = (...values: string[]) =>
  parseChallenges(values).map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);

Deno.test("parseChallenges() reads one challenge or several, in one field or several", () => {
  const basic = ["basic", { realm: "simple" }];
  const newauth = ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }];
  assertEquals(read('Basic realm="simple"'), [basic]);
  assertEquals(
    read('Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"'),
    [newauth, basic],
  );
  assertEquals(read('BASIC Realm = "simple"', "Negotiate"), [basic, ["negotiate", {}]]);
  assertEquals(read("Negotiate YII+/abc==, Basic realm=simple"), [["negotiate", {}], basic]);
  assertEquals(read(',, Basic realm="simple" , ,NTLM,'), [basic, ["ntlm", {}]]);
  assertEquals(read('Digest qop="auth,auth-int", nonce="a, Basic realm=x"'), [
    ["digest", { qop: "auth,auth-int", nonce: "a, Basic realm=x" }],
  ]);
});

Deno.test("parseChallenges() leaves out what is malformed, and keeps what came before", () => {
  assertEquals(read('Basic realm="a"', 'Digest realm="unclosed'), [["basic", { realm: "a" }]]);
  assertEquals(read('Basic realm="a", realm="b"'), []);
  assertEquals(read('realm="a"'), []);
  assertEquals(read(""), []);
  assertEquals(read("\x80\xff"), []);
  assert(read(Array.from({ length: 999 }, () => "A").join(", ")).length <= 32);
});

Deno.test("parseChallenges() ends on any text", () => {
  const random = seeded(newSeed());
  const pieces = ["Basic", "Digest", " ", ",", "=", '"', "\\", "realm", "a", "\t", "==", "\xff"];
  for (let run = 0; run < 5000; run++) {
    const length = Math.floor(random() * 20);
    const text = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join(
      "",
    );
    for (const { scheme } of parseChallenges([text])) assert(scheme.length > 0);
  }
});
