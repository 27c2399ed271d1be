/** Who is told a password: only the realm and place that it is for, and once for each challenge. */

import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import type { Credentials } from "../../../clients/http/credentials.ts";
import { createHttpClient } from "../../../clients/http/client.ts";
import { parseChallenges } from "../../../clients/http/challenge.ts";
import { fetchUrl } from "../../../clients/http/client.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { answerOf, type RawRequest, type RawServer, startRawServer } from "../raw_server.ts";

const KLEM = { user: "klem", password: "kadidd!ehopper" };
const KLEM_BASIC = `Basic ${btoa("klem:kadidd!ehopper")}`;
const BASIC = 'WWW-Authenticate: Basic realm="PDQ Application"';

/** A server with a realm that one Authorization value opens. */
function protectedServer(opens: string, ...challenges: string[]): RawServer {
  return startRawServer(({ field }) =>
    field("authorization") === opens
      ? answerOf("200 OK", "welcome")
      : answerOf("401 Unauthorized", "who?", ...challenges)
  );
}

const sentTo = ({ requests }: RawServer) => requests.map(({ field }) => field("authorization"));

/** Fetches each URL with one client, and returns the statuses. */
async function statuses(credentials: readonly Credentials[], urls: readonly string[]) {
  const client = createHttpClient({ credentials });
  const found: number[] = [];
  for (const url of urls) {
    await using response = await client.fetch(url, { maxRedirects: 5 });
    found.push(response.status);
  }
  return found;
}

Deno.test("credentials answer a challenge of their realm, and then go along at once", async () => {
  await using server = protectedServer(KLEM_BASIC, BASIC);
  const credentials = [{ ...KLEM, realm: "PDQ Application", prefix: server.url }];
  assertEquals(await statuses(credentials, [`${server.url}/a/b`, `${server.url}/a/c/d`]), [
    200,
    200,
  ]);
  assertEquals(sentTo(server), [undefined, KLEM_BASIC, KLEM_BASIC]);
});

Deno.test("credentials are not told to another realm", async () => {
  await using server = protectedServer(KLEM_BASIC, BASIC);
  assertEquals(await statuses([{ ...KLEM, realm: "Other", prefix: server.url }], [server.url]), [
    401,
  ]);
  assertEquals(sentTo(server), [undefined]);
});

Deno.test("a prefix ends where a segment of the path does", async () => {
  const cases = [
    ["/a", "/a", 200],
    ["/a", "/a/b", 200],
    ["/a/", "/a", 200],
    ["/a", "/ab", 401],
    ["/a", "/", 401],
    ["/a", "/b/../a/c", 200],
    ["/a", "/a/../b", 401],
    ["/a", "/a/%2e%2e/b", 401],
    ["/a", "/A", 401],
    ["/a", "/%61/b", 401],
    ["", "/anything", 200],
  ] as const;
  for (const [prefix, path, expected] of cases) {
    await using server = protectedServer(KLEM_BASIC, BASIC);
    const credentials = [{ ...KLEM, prefix: server.url + prefix }];
    const [status] = await statuses(credentials, [server.url + path]);
    assertEquals(status, expected, `${prefix} for ${path}`);
  }
});

Deno.test("the longest prefix wins, and a realm before none", async () => {
  await using server = protectedServer(KLEM_BASIC, BASIC);
  const wrong = { user: "no", password: "no" };
  const credentials = [
    { ...wrong, prefix: server.url },
    { ...wrong, prefix: `${server.url}/a` },
    { ...KLEM, prefix: `${server.url}/a`, realm: "PDQ Application" },
    { ...wrong, prefix: `${server.url}/a/b/c` },
  ];
  assertEquals(await statuses(credentials, [`${server.url}/a/b`]), [200]);
});

Deno.test("credentials do not follow a redirect to another origin", async () => {
  await using other = protectedServer(KLEM_BASIC, BASIC);
  await using server = startRawServer(({ field }) =>
    field("authorization") === undefined
      ? answerOf("401 Unauthorized", "", BASIC)
      : answerOf("302 Found", "", `Location: ${other.url}/`)
  );
  assertEquals(await statuses([{ ...KLEM, prefix: server.url }], [server.url]), [401]);
  assertEquals(sentTo(server), [undefined, KLEM_BASIC]);
  assertEquals(sentTo(other), [undefined]);
});

Deno.test("a wrong password is offered once", async () => {
  await using server = protectedServer("never", BASIC);
  const credentials = [{ ...KLEM, prefix: server.url }];
  assertEquals(await statuses(credentials, [server.url, server.url]), [401, 401]);
  assertEquals(sentTo(server), [undefined, KLEM_BASIC, undefined, KLEM_BASIC]);
  await using response = await fetchUrl(server.url, { credentials: KLEM });
  assertEquals(response.status, 401);
  assertEquals(sentTo(server).slice(4), [KLEM_BASIC]);
});

Deno.test("a password of one request is not kept for the next", async () => {
  await using server = protectedServer(KLEM_BASIC, BASIC);
  const client = createHttpClient();
  await using first = await client.fetch(server.url, { credentials: KLEM });
  await using second = await client.fetch(server.url);
  assertEquals([first.status, second.status], [200, 401]);
});

Deno.test("an Authorization header of the caller's own is left alone", async () => {
  await using server = protectedServer(KLEM_BASIC, BASIC);
  const client = createHttpClient({ credentials: [{ ...KLEM, prefix: server.url }] });
  await using response = await client.fetch(server.url, {
    headers: [["Authorization", "Bearer x"]],
  });
  assertEquals(response.status, 401);
  assertEquals(sentTo(server), ["Bearer x"]);
});

Deno.test("a body that is a stream is sent once, and the challenge handed on", async () => {
  await using server = protectedServer(KLEM_BASIC, BASIC);
  const client = createHttpClient({ credentials: [{ ...KLEM, prefix: server.url }] });
  async function* parts() {
    yield new TextEncoder().encode("once");
  }
  await using once = await client.fetch(server.url, { body: parts(), bodyLengthBytes: 4 });
  assertEquals(once.status, 401);
  await using again = await client.fetch(server.url, { body: parts, bodyLengthBytes: 4 });
  assertEquals(again.status, 200);
  assertEquals(server.requests.map(({ body }) => body), ["once", "once", "once"]);
});

Deno.test("credentials that can be for no URL are refused", () => {
  const wrong: readonly Partial<Credentials>[] = [
    { prefix: "host/path" },
    { prefix: "ftp://host/" },
    { prefix: "http://me:secret@host/" },
    { prefix: "http://host/?a" },
    { user: "a:b" },
    { password: "a\r\nb" },
  ];
  for (const part of wrong) {
    const error = assertThrows(
      () => createHttpClient({ credentials: [{ ...KLEM, prefix: "http://host/", ...part }] }),
      UsageError,
    );
    assert(!error.message.includes("secret"), error.message);
  }
});

Deno.test("two realms of one server are told apart, and each remembered for its own place", async () => {
  await using server = startRawServer(({ line, field }) => {
    const name = /\/(one|two)\b/.exec(line)?.[1] ?? "";
    return field("authorization") === `Basic ${btoa(`${name}:${name}`)}`
      ? answerOf("200 OK", "")
      : answerOf("401 Unauthorized", "", `WWW-Authenticate: Basic realm="${name}"`);
  });
  const credentials = ["one", "two"].map((name) => ({
    user: name,
    password: name,
    realm: name,
    prefix: server.url,
  }));
  const urls = ["/one/a", "/two/a", "/one/b", "/two/b", "/one/c/d"].map((path) =>
    server.url + path
  );
  assertEquals(await statuses(credentials, urls), [200, 200, 200, 200, 200]);
  assertEquals(server.requests.length, 7);
});

// Digest.

/** How a digest server behaves. */
interface DigestServer {
  readonly algorithm?: string;
  readonly qop?: string;
  readonly more?: string;
  /** The nonce for each request that is not let in. */
  nonce?(count: number): string;
  /** Whether a nonce is still good. */
  isFresh?(nonce: string, nonceCount: number): boolean;
}

const HASHES: Readonly<Record<string, string>> = {
  "MD5": "md5",
  "SHA-256": "sha256",
  "SHA-512-256": "sha512-256",
};

/** Checks digest answers on its own, without a line of what makes them. */
function digestServer(
  { algorithm = "SHA-256", qop = "auth", more = "", nonce = () => "n1", isFresh }: DigestServer =
    {},
): RawServer & { readonly wrong: string[] } {
  const wrong: string[] = [];
  let count = 0;
  const check = ({ line, body, field }: RawRequest): "in" | "out" | "stale" => {
    const [challenge] = parseChallenges([field("authorization") ?? ""]);
    const said = challenge?.parameters;
    if (challenge?.scheme !== "digest" || said === undefined) return "out";
    const [method = "", target = ""] = line.split(" ");
    const hash = (text: string) =>
      createHash(HASHES[algorithm.replace(/-sess$/, "")]!).update(text, "utf8").digest("hex");
    const get = (name: string) => said.get(name) ?? "";
    let a1 = hash("klem:harbour:kadidd!ehopper");
    if (algorithm.endsWith("-sess")) a1 = hash(`${a1}:${get("nonce")}:${get("cnonce")}`);
    const a2 = get("qop") === "auth-int"
      ? hash(`${method}:${target}:${hash(body)}`)
      : hash(`${method}:${target}`);
    const middle = said.has("qop")
      ? `${get("nonce")}:${get("nc")}:${get("cnonce")}:${get("qop")}`
      : get("nonce");
    if (get("uri") !== target || get("response") !== hash(`${a1}:${middle}:${a2}`)) {
      wrong.push(field("authorization") ?? "");
      return "out";
    }
    return isFresh?.(get("nonce"), parseInt(get("nc"), 16)) === false ? "stale" : "in";
  };
  const server = startRawServer((request) => {
    const verdict = check(request);
    if (verdict === "in") return answerOf("200 OK", "welcome");
    const offered = qop === "" ? "" : `, qop="${qop}"`;
    return answerOf(
      "401 Unauthorized",
      "",
      `WWW-Authenticate: Digest realm="harbour", nonce="${nonce(count++)}", ` +
        `algorithm=${algorithm}${offered}${verdict === "stale" ? ", stale=true" : ""}${more}`,
    );
  });
  return { ...server, wrong, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

for (const algorithm of ["MD5", "SHA-256", "SHA-512-256"]) {
  for (const session of ["", "-sess"]) {
    for (const qop of ["auth", "auth-int", ...(session === "" ? [""] : [])]) {
      const name = `${algorithm}${session}${qop === "" ? "" : ` with ${qop}`}`;
      Deno.test(`digest by ${name} opens`, async () => {
        await using server = digestServer({ algorithm: algorithm + session, qop });
        await using response = await fetchUrl(`${server.url}/a?b=c`, {
          credentials: { ...KLEM, scheme: "digest" },
          body: "the body",
        });
        assertEquals([response.status, server.wrong], [200, []]);
        assertEquals(server.requests.length, 2);
      });
    }
  }
}

Deno.test("digest counts the requests of a nonce, on the whole server", async () => {
  await using server = digestServer();
  const urls = ["/a/b", "/c", "/d?e"].map((path) => server.url + path);
  assertEquals(await statuses([{ ...KLEM, prefix: server.url }], urls), [200, 200, 200]);
  const counts = sentTo(server).map((value) => /nc=(\d+)/.exec(value ?? "")?.[1]);
  assertEquals(counts, [undefined, "00000001", "00000002", "00000003"]);
});

Deno.test("a nonce that is out of date is replaced, but not for ever", async () => {
  await using server = digestServer({
    nonce: (count) => `n${count}`,
    isFresh: (_nonce, nonceCount) => nonceCount < 2,
  });
  const urls = [server.url, server.url];
  assertEquals(await statuses([{ ...KLEM, prefix: server.url }], urls), [200, 200]);
  await using never = digestServer({ nonce: (count) => `n${count}`, isFresh: () => false });
  assertEquals(await statuses([{ ...KLEM, prefix: never.url }], [never.url]), [401]);
  assert(never.requests.length <= 6, `${never.requests.length} requests`);
});

Deno.test("a wrong password is proved once to a digest server", async () => {
  await using server = digestServer();
  const credentials = [{ ...KLEM, password: "wrong", prefix: server.url }];
  assertEquals(await statuses(credentials, [server.url]), [401]);
  assertEquals(server.requests.length, 2);
});

Deno.test("the strongest challenge is answered", async () => {
  const digest = (algorithm: string) =>
    `WWW-Authenticate: Digest realm="harbour", nonce="n", qop="auth", algorithm=${algorithm}`;
  await using server = protectedServer(
    "never",
    'WWW-Authenticate: Basic realm="harbour", Digest realm="harbour", nonce="n", algorithm=MD5',
    digest("SHA-512"),
    digest("SHA-256"),
    "WWW-Authenticate: Negotiate",
  );
  await statuses([{ ...KLEM, prefix: server.url }], [server.url]);
  assertMatch(sentTo(server)[1] ?? "", /^Digest .*algorithm=SHA-256,/);
});

Deno.test("a password for digest alone is never sent as it is", async () => {
  await using server = protectedServer(KLEM_BASIC, BASIC);
  await using response = await fetchUrl(server.url, {
    credentials: { ...KLEM, scheme: "digest" },
  });
  assertEquals([response.status, sentTo(server)], [401, [undefined]]);
});

Deno.test("a password that was sent as it is may be proved where that is asked for", async () => {
  await using server = digestServer();
  await using response = await fetchUrl(server.url, { credentials: KLEM });
  assertEquals(response.status, 200);
  assertEquals(sentTo(server).map((value) => value?.split(" ")[0]), ["Basic", "Digest"]);
});

Deno.test("the next nonce is the one that the server announces", async () => {
  await using server = startRawServer(({ field }) =>
    field("authorization") === undefined
      ? answerOf("401 No", "", 'WWW-Authenticate: Digest realm="a", nonce="n1", qop="auth"')
      : answerOf("200 OK", "", 'Authentication-Info: nextnonce="n2"')
  );
  assertEquals(await statuses([{ ...KLEM, prefix: server.url }], [server.url, server.url]), [
    200,
    200,
  ]);
  const [, first = "", second = ""] = sentTo(server);
  assertStringIncludes(first, 'nonce="n1", nc=00000001');
  assertStringIncludes(second, 'nonce="n2", nc=00000001');
});

Deno.test("an endless list of challenges is answered once or not at all", async () => {
  const values = Array.from({ length: 200 }, (_, at) => `Basic realm="r${at}"`).join(", ");
  await using server = protectedServer("never", `WWW-Authenticate: ${values}`);
  assertEquals(await statuses([{ ...KLEM, prefix: server.url }], [server.url]), [401]);
  assertEquals(server.requests.length, 2);
});
