/** Digest answers against the examples of the RFCs. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseChallenges } from "../../../clients/http/challenge.ts";
import { answerDigest, parseDigest } from "../../../clients/http/digest.ts";

const challengeOf = (text: string) => parseDigest(parseChallenges([text])[0]!);

const MUFASA = {
  user: "Mufasa",
  password: "Circle of Life",
  method: "GET",
  target: "/dir/index.html",
  body: undefined,
  cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
  nonceCount: 1,
};
const RFC_7616 = 'realm="http-auth@example.org", qop="auth, auth-int", ' +
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ' +
  'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';

Deno.test("answerDigest() agrees with the examples of RFC 7616 3.9.1", async () => {
  const cases = [
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ] as const;
  for (const [algorithm, response] of cases) {
    const challenge = challengeOf(`Digest ${RFC_7616}, algorithm=${algorithm}`)!;
    assertEquals(
      await answerDigest(challenge, MUFASA),
      'Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", ' +
        `algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", ` +
        'nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, ' +
        `response="${response}", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`,
    );
  }
});

Deno.test("answerDigest() agrees with the example of RFC 2617 3.5", async () => {
  const challenge = challengeOf(
    'Digest realm="testrealm@host.com", qop="auth,auth-int", ' +
      'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
  )!;
  const request = { ...MUFASA, password: "Circle Of Life", cnonce: "0a4f113b" };
  assertStringIncludes(
    await answerDigest(challenge, request),
    'response="6629fae49393a05397450978507c4ef1"',
  );
});

Deno.test("answerDigest() hides the user and reads names as UTF-8, as RFC 7616 3.9.2 does", async () => {
  const challenge = challengeOf(
    'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, charset=UTF-8, ' +
      'userhash=true, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"',
  )!;
  const answer = await answerDigest(challenge, {
    ...MUFASA,
    user: "J\u00e4s\u00f8n Doe",
    password: "Secret, or not?",
    target: "/doe.json",
    cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm",
  });
  // The figures of the example itself are of another hash; these are what hashlib of Python makes
  // of it with SHA-512/256 (FIPS 180-4).
  assertStringIncludes(
    answer,
    'username="793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"',
  );
  assertStringIncludes(
    answer,
    'response="7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c"',
  );
  assertStringIncludes(answer, "userhash=true");
});

Deno.test("answerDigest() writes a name beyond ASCII as the server can read it", async () => {
  const request = { ...MUFASA, user: 'J\u00fcr"gen' };
  const plain = challengeOf('Digest realm="a", nonce="b", qop="auth"')!;
  assertMatch(await answerDigest(plain, request), /username="J\xc3\xbcr\\"gen"/);
  const utf8 = challengeOf('Digest realm="a", nonce="b", qop="auth", charset="UTF-8"')!;
  assertMatch(await answerDigest(utf8, request), /username\*=UTF-8''J%C3%BCr%22gen,/);
});

Deno.test("parseDigest() knows what it cannot answer", () => {
  const kept = (text: string) => challengeOf(`Digest realm="a", nonce="b"${text}`) !== undefined;
  assertEquals(kept(""), true);
  assertEquals(kept(", algorithm=MD5-sess"), true);
  assertEquals(kept(', qop="auth-int"'), true);
  assertEquals(kept(', qop="token"'), false);
  assertEquals(kept(", algorithm=SHA3-512"), false);
  assertEquals(challengeOf('Digest realm="a"'), undefined);
  assertEquals(challengeOf('Basic realm="a", nonce="b"'), undefined);
});
