/** RFC 6265's algorithms over what the public test cases of the http-state working group are about:
 * what a server sets, and what is sent to it afterwards. Each row is of our own; where that suite
 * and the later drafts (RFC 6265bis) differ, the drafts count. */

import { assertEquals } from "@std/assert";
import { CookieJar } from "../../../clients/http/cookie_jar.ts";

const ORIGIN = "http://home.example.org:8888";
const FROM = `${ORIGIN}/harbour?set`;
/** All dates that the cases name lie after or before it, as they did when they were made. */
const NOW_MS = Date.UTC(2010, 0, 1);

type Case = readonly [setCookies: string | readonly string[], sent: string, to?: string];

const CASES: Readonly<Record<string, readonly Case[]>> = {
  "a pair of name and value (5.2)": [
    ["foo=bar", "foo=bar"],
    ["foo", ""],
    ["", ""],
    ["    ", ""],
    ["=", ""],
    ["=bar", ""],
    [" =bar", ""],
    ["=foo=bar", ""],
    ["===a=bar", ""],
    ["x=", "x="],
    ["; bar", ""],
    ["foo;bar=baz", ""],
    ["foo=  bar", "foo=bar"],
    ["   foo     =       bar             ;       ttt", "foo=bar"],
    ["  A=== BC  ;foo;;;   bar", "A=== BC"],
    ["foo=bar    ;", "foo=bar"],
    ["foo bar=baz", "foo bar=baz"],
    ["a =bar", "a=bar"],
    ["$Version=1; foo=bar", "$Version=1"],
    ["z=y, a=b", "z=y, a=b"],
    ["z=y; foo=bar, a=b", "z=y"],
    [`foo="bar, baz=qux"`, `foo="bar, baz=qux"`],
    [`foo="bar;baz"`, `foo="bar`],
    [`foo="bar=baz"`, `foo="bar=baz"`],
    [`aBc="zzz "   "ppp"  ;`, `aBc="zzz "   "ppp"`],
    [`aBc=A"B ;`, `aBc=A"B`],
    [`"a=b"=bar`, `"a=b"=bar`],
    [`"foo;bar"=baz`, ""],
    ["foo=\xe5\xae\xb6", "foo=\xe5\xae\xb6"],
    [`a=${"a".repeat(4095)}`, `a=${"a".repeat(4095)}`],
    [`a=${"a".repeat(4096)}`, ""],
    ["a=b\0c", ""],
    ["a=b\rc", ""],
  ],
  "several of them (5.3, 11)": [
    [["foo=bar", "foo=qux"], "foo=qux"],
    [["a=b", "z=y"], "a=b; z=y"],
    [["z=y", "a=b"], "z=y; a=b"],
    [["a=b", "=", "c=d"], "a=b; c=d"],
    [["a=b", "x=", "c=d"], "a=b; x=; c=d"],
    [[`"a=b"=bar`, `"a=qux`], `"a=qux`],
    [["six", "seven", " =eight", "test=six"], "test=six"],
  ],
  "characters that a name may have": Array.from("1$!@#%^&*()-_+\"'|~", (one): Case => [
    `${one}a=bar`,
    `${one}a=bar`,
  ]),
  "attributes that mean nothing (5.2)": [
    ["foo=bar; version=1", "foo=bar"],
    [`foo=bar; customvalue="1000 or more";`, "foo=bar"],
    ["foo=bar; b,az=qux", "foo=bar"],
    [`foo=bar; "Secure"`, "foo=bar"],
    ["foo=bar; Secure qux", "foo=bar"],
    ["test=parser; domain=.parser.test; ;; ;=; ,,, ===,abc,=; abracadabra! max-age=20;=;;", ""],
  ],
  "Secure, by http (5.2.5)": [
    ...["Secure", "seCURe", "Secure=", "Secure=aaaa", "Secure =aaaaa", "Secure; qux"],
    ...["               Secure    ;qux", "qux; Secure", `qux="aaa;bbb"; Secure`],
  ].map((attribute): Case => [`foo=bar; ${attribute}`, ""]),
  "Expires and Max-Age (5.2.1, 5.2.2)": [
    ["foo=bar; Expires=Fri, 07 Aug 2019 08:04:19 GMT", "foo=bar"],
    ["foo=bar; Expires=Fri, 07 Aug 2007 08:04:19 GMT", ""],
    ["foo=bar; Expires=Fri 07 Aug 2019 08:04:19 GMT, baz=qux", "foo=bar"],
    ["foo=bar; expires=Thu, 10 Apr 1980 16:33:12 GMT", ""],
    ["foo=bar; expires=Sun, 18-Apr-2027 21:06:29 GMT ; path=/  ;  ", "foo=bar"],
    ["foo=bar; max-age=10000;", "foo=bar"],
    ["foo=bar; max-age=0;", ""],
    ["foo=bar; max-age=-20", ""],
    ["foo=bar; Max-Age=50,399", "foo=bar"],
    ["foo=b;max-age=3600, c=d;path=/", "foo=b"],
    [["foo=bar; max-age=60", "foo1=bar", "foo=other; max-age=0", "foo2=x; max-age=0"], "foo1=bar"],
  ],
  "dates as servers write them (5.1.1)": [
    ...["06 Nov 2010 08:49:37 GMT", "Sunday, 06-Nov-10 08:49:37 GMT", "Sat Nov  6 08:49:37 2010"],
    ...["06 nov 2010 8:49:37", "Nov 6 08:49:37 2010", "2010 6 November 8:9:7"],
  ].flatMap((date): Case[] => [
    [`foo=bar; Expires=${date}`, "foo=bar"],
    [`foo=bar; Expires=${date.replace("2010", "2009").replace("-10", "-09")}`, ""],
  ]),
  "dates that are none keep the cookie (5.1.1)": [
    ...["tomorrow", "31 Feb 2000 00:00:00", "1 Jan 1500 00:00:00", "1 Jan 2000 24:00:00"],
    ...["1 Jan 2000", "0 Jan 2000 00:00:00", "Nov 6 08:49:37.999 2000"],
  ].map((date): Case => [`foo=bar; Expires=${date}`, "foo=bar"]),
  "Domain (5.2.3, 5.3)": [
    ["foo=bar; domain=home.example.org", "foo=bar"],
    ["foo=bar; domain=.home.example.org", "foo=bar"],
    ["foo=bar; domain=  .home.example.org", "foo=bar"],
    ["foo=bar; domain=home.eXaMpLe.org", "foo=bar"],
    ["foo=bar; domain=home.example.org", "foo=bar", "http://hoMe.eXaMplE.org/harbour"],
    ["foo=bar; domain=.example.org", "foo=bar"],
    ["foo=bar; domain=home.example.org", "", "http://sibling.example.org/harbour"],
    ["foo=bar; domain=home.example.org", "foo=bar", "http://below.home.example.org/harbour"],
    ["foo=bar; domain=sibling.example.org", "", "http://sibling.example.org/harbour"],
    ["foo=bar; domain=.below.home.example.org", "", "http://below.home.example.org/harbour"],
    ["foo=bar", "", "http://below.home.example.org/harbour"],
  ],
  "a Domain that is not the sender's (5.3, 6)": [
    ...["..home.example.org", "home..example.org", "  .  home.example.org", "home.example.org."],
    ...["home.example.org..", "home.example.org .", ".org", ".org.", `"home.example.org"`],
    ...["home.example.org:8888", "example.org:80", "home.example.org/", "x@home.example.org"],
    ...["http://home.example.org", "ome.example.org", "*.example.org", "home.example.com"],
  ].map((domain): Case => [`foo=bar; domain=${domain}`, ""]),
  "the last Domain (5.3)": [
    [
      "foo=bar; domain=.example.org; domain=home.example.org",
      "",
      "http://sibling.example.org/harbour",
    ],
    [
      "foo=bar; domain=home.example.org; domain=.example.org",
      "foo=bar",
      "http://sibling.example.org/harbour",
    ],
    ["foo=bar; domain=home.example.org; domain=home.example.com", ""],
    ["foo=bar; domain=home.example.com; domain=home.example.org", "foo=bar"],
    [["foo=bar; domain=home.example.org", "a=b; domain=.example.org"], "foo=bar; a=b"],
    ["foo=bar; domain=", "foo=bar"],
    ["foo=bar; domain=example.org; domain=", "foo=bar"],
    ["foo=bar; domain=foo.example.org; domain=", ""],
  ],
  "Path (5.1.4, 5.2.4)": [
    ["foo=bar; Path", "foo=bar"],
    ["foo=bar; Path=", "foo=bar"],
    ["foo=bar; Path= /", "foo=bar"],
    ["foo=bar; Path=/qux", ""],
    ["foo=bar; Path    =/qux", ""],
    ["foo=bar; Path=/HARBOUR", ""],
    ["foo=bar; Path=/qux; Path=/", "foo=bar"],
    ["foo=bar; Path=/; Path=/qux", ""],
    ["foo=bar; path=/dog; path=", "foo=bar"],
    ["foo=bar; path=; path=/dog", ""],
    ["foo=bar; path=/harbour/foo", "foo=bar", "/harbour/foo?x"],
    ["foo=bar; path=/harbour/foo", "", "/harbour/bar"],
    ["foo=bar; path=/harbour/foo/qux", "", "/harbour/foo"],
    ["foo=bar; path=/harbour/foo/qux/", "", "/harbour/foo/qux"],
    ["foo=bar; path=/harbour/foo/qux/", "foo=bar", "/harbour/foo/qux/"],
    ["foo=bar; path=/harbour/foo/", "foo=bar", "/harbour/foo//qux"],
    ["foo=bar; path=/harbour/foo/", "", "/harbour/fooqux"],
    ["foo=bar; path=/harbour/foo/qux?", "", "/harbour/foo/qux"],
    ["foo=bar; path=/harbour/foo/qux;", "foo=bar", "/harbour/foo/qux"],
    [`foo=bar; path="/harbour/foo/qux;"`, "foo=bar", "/harbour/foo/qux"],
    ["foo=bar; path=/harbour/f%6Fo", "", "/harbour/foo"],
    ["foo=bar; path=/harbour/f%6Fo", "foo=bar", "/harbour/f%6Fo/bar"],
    ["foo=bar; path=/har\tbour", "", "/har%09bour"],
  ],
  "the order in which they are sent (5.4)": [
    [["a=b; path=/", "x=y; path=/harbour"], "x=y; a=b"],
    [["x=y; path=/harbour", "a=b; path=/"], "x=y; a=b"],
    [["foo=bar; path=/harbour", "foo=qux; path=/harbour/"], "foo=qux; foo=bar", "/harbour/dog"],
    [
      [
        "key=0;",
        "key=1; path=/harbour",
        "key=2; path=/",
        "key=3; path=/bar",
        "key=4; domain=.example.org",
        "key=5; domain=.example.org; path=/harbour/foo",
      ],
      "key=5; key=1; key=2; key=4",
      "/harbour/foo/baz",
    ],
  ],
};

for (const [rule, cases] of Object.entries(CASES)) {
  Deno.test(`cookies: ${rule}`, async () => {
    for (const [setCookies, sent, to = "/harbour"] of cases) {
      const jar = new CookieJar({ now: () => NOW_MS });
      await jar.take(new URL(FROM), [setCookies].flat());
      const cookies = await jar.cookiesFor(new URL(to, ORIGIN));
      const pairs = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
      assertEquals(pairs, sent, `${JSON.stringify(setCookies)} to ${to}`);
    }
  });
}
