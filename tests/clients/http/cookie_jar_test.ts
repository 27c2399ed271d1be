/** Cookies: which are taken, which are sent, and that there are never too many (RFC 6265). */

import { assert, assertEquals } from "@std/assert";
import { type Cookie, CookieJar } from "../../../clients/http/cookie_jar.ts";
import { createHttpClient } from "../../../clients/http/client.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { answerOf, startRawServer } from "../raw_server.ts";

const NOW_MS = Date.UTC(2026, 0, 1);

/** What a jar sends to `to` after `from` has set these. */
async function sent(from: string, setCookies: readonly string[], to = from): Promise<string> {
  const jar = new CookieJar({ now: () => NOW_MS });
  await jar.take(new URL(from), setCookies);
  return (await jar.cookiesFor(new URL(to))).map(({ name, value }) => `${name}=${value}`).join(
    "; ",
  );
}

Deno.test("a cookie without a domain is for its host alone", async () => {
  const from = "http://shop.example.com/";
  assertEquals(await sent(from, ["a=b"]), "a=b");
  assertEquals(await sent(from, ["a=b"], "http://example.com/"), "");
  assertEquals(await sent(from, ["a=b"], "http://x.shop.example.com/"), "");
  assertEquals(await sent(from, ["a=b"], "https://shop.example.com:8443/x"), "a=b");
});

Deno.test("a cookie with a domain is for all below it, if it is the sender's own", async () => {
  const from = "http://shop.example.com/";
  const cases = [
    ["example.com", "http://example.com/", "a=b"],
    [".example.com", "http://other.example.com/", "a=b"],
    ["EXAMPLE.com", "http://x.y.example.com/", "a=b"],
    ["example.com", "http://badexample.com/", ""],
    ["other.example.com", "http://other.example.com/", ""],
    ["x.shop.example.com", "http://x.shop.example.com/", ""],
    ["com", "http://example.com/", ""],
    ["com", "http://shop.example.com/", ""],
    ["example.org", "http://example.org/", ""],
    ["..example.com", "http://example.com/", ""],
  ] as const;
  for (const [domain, to, expected] of cases) {
    assertEquals(await sent(from, [`a=b; Domain=${domain}`], to), expected, `${domain} to ${to}`);
  }
});

Deno.test("nobody sets a cookie for a public suffix, a bare name or the parent of an address", async () => {
  const cases = [
    ["http://a.co.uk/", "co.uk", "http://b.co.uk/"],
    ["http://a.github.io/", "github.io", "http://b.github.io/"],
    ["http://a.localhost/", "localhost", "http://b.localhost/"],
    ["http://127.0.0.1/", "0.0.1", "http://126.0.0.1/"],
    ["http://127.0.0.1/", ".0.1", "http://127.0.0.1/"],
    ["http://[::1]/", "1]", "http://[::1]/"],
  ] as const;
  for (const [from, domain, to] of cases) {
    assertEquals(await sent(from, [`a=b; Domain=${domain}`], to), "", from);
  }
  // Naming itself, such a host gets what it would get without a word.
  assertEquals(await sent("http://localhost/", ["a=b; Domain=localhost"]), "a=b");
  assertEquals(await sent("http://127.0.0.1/", ["a=b; Domain=127.0.0.1"]), "a=b");
  assertEquals(
    await sent("http://github.io/", ["a=b; Domain=github.io"], "http://x.github.io/"),
    "",
  );
});

Deno.test("a cookie is for its path and what is below it", async () => {
  const at = (path: string) => `http://host.example${path}`;
  const cases = [
    ["/docs/index", "a=b", "/docs/other", "a=b"],
    ["/docs/index", "a=b", "/docs", "a=b"],
    ["/docs/index", "a=b", "/", ""],
    ["/", "a=b; Path=/docs", "/docs/x", "a=b"],
    ["/", "a=b; Path=/docs", "/docsx", ""],
    ["/", "a=b; Path=/docs/", "/docs", ""],
    ["/x/y", "a=b; Path=nonsense", "/x/z", "a=b"],
    ["/x/y", "a=b; Path=", "/z", ""],
  ] as const;
  for (const [from, cookie, to, expected] of cases) {
    assertEquals(
      await sent(at(from), [cookie], at(to)),
      expected,
      `${cookie} from ${from} at ${to}`,
    );
  }
});

Deno.test("cookies with longer paths come first, then the older ones", async () => {
  const from = "http://host.example/a/b/c";
  const cookies = ["one=1; Path=/", "two=2; Path=/a/b", "three=3; Path=/", "one=9; Path=/"];
  assertEquals(await sent(from, cookies), "two=2; one=9; three=3");
});

Deno.test("a cookie ends when it says so, and Max-Age goes before Expires", async () => {
  const from = "http://host.example/";
  const past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
  assertEquals(await sent(from, ["a=b", `a=c; ${past}`]), "");
  assertEquals(await sent(from, ["a=b", "a=c; Max-Age=0"]), "");
  assertEquals(await sent(from, ["a=b", "a=c; Max-Age=-1"]), "");
  assertEquals(await sent(from, [`a=b; Max-Age=5; ${past}`]), "a=b");
  assertEquals(await sent(from, ["a=b; Max-Age=soon; Expires=whenever"]), "a=b");
  let now = NOW_MS;
  const jar = new CookieJar({ now: () => now });
  await jar.take(new URL(from), ["a=b; Max-Age=5", "c=d", "e=f; Max-Age=99999999999999"]);
  now += 5001;
  assertEquals(jar.cookies.map(({ name }) => name), ["c", "e"]);
  now += 401 * 86_400_000;
  assertEquals(jar.cookies.map(({ name }) => name), ["c"]);
});

Deno.test("what is for https is set and sent by https alone", async () => {
  const [http, https] = ["http://host.example/", "https://host.example/"];
  assertEquals(await sent(https, ["a=b; Secure"]), "a=b");
  assertEquals(await sent(https, ["a=b; Secure"], http), "");
  assertEquals(await sent(http, ["a=b; Secure"], https), "");
  assertEquals(await sent(https, ["__Host-a=b; Secure; Path=/"]), "__Host-a=b");
  assertEquals(await sent(https, ["__Host-a=b; Secure; Path=/; Domain=host.example"]), "");
  assertEquals(await sent(https, ["__Secure-a=b"]), "");
  const jar = new CookieJar();
  await jar.take(new URL(https), ["a=good; Secure; Path=/"]);
  await jar.take(new URL(http), ["a=bad; Path=/x"]);
  assertEquals(jar.cookies.map(({ value }) => value), ["good"]);
});

Deno.test("what is no cookie, or an absurd one, is left out", async () => {
  const from = "http://host.example/";
  const wrong = ["", "a", "=b", ";", "a\0=b", "a=b\x07", "a=\tb\tc", `a=${"x".repeat(5000)}`];
  assertEquals(await sent(from, [...wrong, `a=b; Path=/${"x".repeat(9000)}`, "good=1"]), "good=1");
  assertEquals(await sent(from, ['a="b c"; HttpOnly', "c==d="]), 'a="b c"; c==d=');
  const jar = new CookieJar();
  await jar.take(new URL(from), ["a=b; Path=/x\ty", "c=d; Domain=host.example:80"]);
  assertEquals(jar.cookies, [], "no request has such a path, and no host such a name");
});

Deno.test("a jar holds only so many cookies of a domain, and the oldest goes", async () => {
  const jar = new CookieJar();
  for (let count = 0; count < 1000; count++) {
    await jar.take(new URL("http://host.example/"), [`a${count}=b`]);
  }
  assertEquals(jar.cookies.length, 180);
  assertEquals(jar.cookies.at(-1)?.name, "a999");
  for (let host = 0; host < 100; host++) {
    const all = Array.from({ length: 300 }, (_, at) => `c${at}=d`);
    await jar.take(new URL(`http://host${host}.example/`), all);
  }
  assert(jar.cookies.length <= 3000, `${jar.cookies.length} cookies`);
});

Deno.test("a jar takes any text without an error", async () => {
  const random = seeded(newSeed());
  const pieces = [
    "a",
    "=",
    ";",
    "Domain",
    ".",
    "com",
    "Path",
    "/",
    "Expires",
    "\0",
    "\xff",
    " ",
    "99",
  ];
  const jar = new CookieJar();
  for (let run = 0; run < 3000; run++) {
    const length = Math.floor(random() * 30);
    const text = Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join(
      "",
    );
    await jar.take(new URL("http://a.example.com/b/c"), [text]);
    for (const { domain } of jar.cookies) assert("a.example.com".endsWith(domain), text);
  }
});

// In the client.

Deno.test("a client brings cookies along, over redirects and from one request to the next", async () => {
  await using server = startRawServer(({ line, field }) =>
    line.startsWith("GET /set")
      ? answerOf("302 Found", "", "Location: /show", "Set-Cookie: a=b", "Set-Cookie: c=d; Path=/x")
      : answerOf("200 OK", field("cookie") ?? "none")
  );
  const client = createHttpClient();
  await using first = await client.fetch(`${server.url}/set`, { maxRedirects: 1 });
  assertEquals(await first.text(), "a=b");
  await using second = await client.fetch(`${server.url}/x`, { headers: [["Cookie", "e=f; a=z"]] });
  assertEquals(await second.text(), "e=f; a=z; c=d");
  assertEquals(client.cookies.map(({ name }) => name), ["a", "c"]);
});

Deno.test("cookies go to their host alone, also over a redirect", async () => {
  await using server = startRawServer(({ field }) => answerOf("200 OK", field("cookie") ?? "none"));
  const other = server.url.replace("127.0.0.1", "localhost");
  await using first = startRawServer(() =>
    answerOf("302 Found", "", `Location: ${other}/`, "Set-Cookie: a=b")
  );
  const cookie: Cookie = {
    name: "mine",
    value: "1",
    domain: "127.0.0.1",
    hostOnly: true,
    path: "/",
    secure: false,
    httpOnly: false,
    expiresMs: undefined,
  };
  const client = createHttpClient({ cookies: [cookie] });
  await using response = await client.fetch(first.url, { maxRedirects: 1, ipv4: true });
  assertEquals(await response.text(), "none");
  assertEquals(first.requests[0]?.field("cookie"), "mine=1");
});
