/** Digest authentication, with a client made after RFC 7616 and RFC 2069. */

import { createHash } from "node:crypto";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { inspect } from "../../../../web/inspect.ts";
import { opened, type OpenedApp } from "../opened.ts";

const info = { peer: { transport: "tcp", hostname: "127.0.0.1", port: 1 }, serverUrl: "" } as const;
const HASHES: Readonly<Record<string, string>> = {
  "MD5": "md5",
  "SHA-256": "sha256",
  "SHA-512": "sha512",
};

interface Change {
  readonly user?: string;
  readonly password?: string;
  readonly cookie?: string;
  readonly algorithm?: string;
  readonly qop?: string | undefined;
  readonly uri?: string;
}

function ask(app: OpenedApp, path: string, headers: Record<string, string> = {}) {
  return app.service.handle(new Request(`http://127.0.0.1:1${path}`, { headers }), info);
}

/** What a challenge asks for. */
function asked(response: Response, name: string): string {
  const header = response.headers.get("www-authenticate") ?? "";
  return new RegExp(`\\b${name}="?([^",]*)`).exec(header)?.[1] ?? "";
}

/** Answers a challenge. */
function answer(challenge: Response, path: string, change: Change = {}): Record<string, string> {
  const { user = "klem", password = "rope", uri = path, cookie = "" } = change;
  const algorithm = change.algorithm ?? asked(challenge, "algorithm");
  const qop = "qop" in change ? change.qop : asked(challenge, "qop");
  const hash = (text: string) => createHash(HASHES[algorithm]!).update(text).digest("hex");
  const [realm, nonce] = [asked(challenge, "realm"), asked(challenge, "nonce")];
  const body = qop === "auth-int" ? `:${hash("")}` : "";
  const middle = qop === undefined ? nonce : `${nonce}:00000001:abc:${qop}`;
  const response = hash(
    `${hash(`${user}:${realm}:${password}`)}:${middle}:${hash(`GET:${uri}${body}`)}`,
  );
  return {
    cookie,
    authorization: `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `algorithm=${algorithm}, response="${response}"` +
      (qop === undefined ? "" : `, qop=${qop}, nc=00000001, cnonce="abc"`),
  };
}

Deno.test("each algorithm and quality of protection lets the right password in, and no other", async () => {
  await using app = await opened(inspect, {}, { random: Math.random });
  for (const algorithm of ["MD5", "SHA-256", "SHA-512"]) {
    for (const qop of ["auth", "auth-int"]) {
      const path = `/digest-auth/${qop}/klem/rope/${algorithm}?a=1`;
      const challenge = await ask(app, path);
      assertEquals(challenge.status, 401);
      const right = await ask(app, path, answer(challenge, path));
      assertEquals([right.status, await right.json()], [200, {
        authenticated: true,
        user: "klem",
      }]);
      for (
        const change of [
          { password: "knot" },
          { user: "other" },
          { uri: "/other" },
          { algorithm: algorithm === "MD5" ? "SHA-256" : "MD5" },
        ]
      ) {
        const { status } = await ask(app, path, answer(challenge, path, change));
        assertEquals(status, 401, JSON.stringify({ path, change }));
      }
    }
  }
});

Deno.test("a client of RFC 2069, without a quality of protection, is let in", async () => {
  await using app = await opened(inspect);
  const path = "/digest-auth/auth/klem/rope";
  const challenge = await ask(app, path);
  assertEquals((await ask(app, path, answer(challenge, path, { qop: undefined }))).status, 200);
});

Deno.test("a nonce wears out after the requests that the path says", async () => {
  await using app = await opened(inspect);
  const path = "/digest-auth/auth/klem/rope/MD5/1";
  const challenge = await ask(app, path);
  assertMatch(challenge.headers.getSetCookie().join(), /stale_after=1;/);
  const first = await ask(app, path, answer(challenge, path, { cookie: "stale_after=1" }));
  assertEquals(first.status, 200);
  assertMatch(first.headers.getSetCookie().join(), /stale_after=0;/);
  const worn = await ask(app, path, answer(challenge, path, { cookie: "stale_after=0" }));
  assertEquals([worn.status, asked(worn, "stale")], [401, "TRUE"]);
});

Deno.test("a nonce that failed once is stale", async () => {
  await using app = await opened(inspect);
  const path = "/digest-auth/auth/klem/rope";
  const challenge = await ask(app, path);
  const cookie = `last_nonce=${asked(challenge, "nonce")}`;
  const again = await ask(app, path, answer(challenge, path, { cookie }));
  assertEquals([again.status, asked(again, "stale")], [401, "TRUE"]);
});

Deno.test("two challenges have two nonces", async () => {
  await using app = await opened(inspect, {}, { random: Math.random });
  const path = "/digest-auth/auth/klem/rope";
  const nonces = [asked(await ask(app, path), "nonce"), asked(await ask(app, path), "nonce")];
  assert(nonces[0] !== nonces[1] && nonces[0] !== "");
});
