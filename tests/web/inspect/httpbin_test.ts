/** The inspector beside httpbin: the same requests to both, and what may differ is listed. */

import { assertEquals, assertMatch } from "@std/assert";
import { serve } from "../../../dock/serve.ts";
import { decodePercent } from "../../../web/inspect/parsed_request.ts";
import { differences } from "../../../web/inspect/page/differences.ts";
import { inspect } from "../../../web/inspect.ts";
import { httpbinTest, startHttpbin } from "../../httpbin_peer.ts";

/** One request. */
interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

type Row = readonly [path: string, asking?: Asking];

const FORM = "application/x-www-form-urlencoded";
const header = (name: string, value: string): Asking => ({ headers: { [name]: value } });
const sending = (body: Asking["body"], type?: string, method = "POST"): Asking => ({
  method,
  ...(body !== undefined && { body }),
  // A Uint8Array has no content type of its own.
  ...(type !== undefined && { headers: { "content-type": type } }),
});
const bytes = (...values: number[]) => Uint8Array.from(values);
const utf8 = (text: string) => new TextEncoder().encode(text);
const basic = (credentials: string) => header("authorization", `Basic ${btoa(credentials)}`);
const accept = (type: string) => header("accept", type);

const MULTIPART = "multipart/form-data; boundary=seam";
const part = (disposition: string, content: string, type?: string) =>
  `--seam\r\nContent-Disposition: form-data; ${disposition}\r\n` +
  `${type === undefined ? "" : `Content-Type: ${type}\r\n`}\r\n${content}\r\n`;
const END = "--seam--\r\n";
const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** What both answer alike. */
const ALIKE: readonly Row[] = [
  // What you sent.
  ["/get"],
  ["/get?a=1"],
  ["/get?a=1&a=2&a=3"],
  ["/get?a=1&b=&c"],
  ["/get?b=%C3%A9&x=+y%20z"],
  ["/get?bad=%ff%zz%"],
  ["/get?a[]=1&a[]=2&=3"],
  ["/get?__proto__=1&constructor=2"],
  ["/get", header("x-dock", "seven")],
  ["/get", { method: "HEAD" }],
  ["/get", { method: "POST" }],
  ["/get", { method: "DELETE" }],
  ["/get", { method: "OPTIONS" }],
  ["/post", { method: "GET" }],
  ["/post", { method: "POST" }],
  ["/post?a=1", sending("a=1&b=2&a=3", FORM)],
  ["/post", sending("a=1&b=2", `${FORM}; charset=utf-8`)],
  ["/post", sending("=&&a&b=%ff&c=%C3%A9+x", FORM)],
  ["/post", sending("", FORM)],
  ["/post", sending("plain text", "text/plain")],
  ["/post", sending(utf8("no type"))],
  ["/post", sending('{"a": [1, 2.5, null, true, "é"]}', "application/json")],
  ["/post", sending('"just text"', "application/json")],
  ["/post", sending("12", "text/plain")],
  ["/post", sending("{bad json", "application/json")],
  ["/post", sending("", "application/json")],
  ["/post", sending("\ufeff{}", "application/json")],
  ["/post", sending(bytes(0, 255, 128, 7), "application/octet-stream")],
  ["/post", sending(bytes(0, 1, 2), "application/octet-stream")],
  ["/post", sending("x".repeat(100_000), "text/plain")],
  ["/post", sending(part('name="a"', "1") + part('name="b"', "two\r\nlines") + END, MULTIPART)],
  ["/post", sending(part('name="a"', "1") + part('name="a"', "2") + END, MULTIPART)],
  [
    "/post",
    sending(part('name="f"; filename="f.txt"', "words", "text/plain") + END, MULTIPART),
  ],
  ["/post", sending(part('name="f"; filename="f"', "words") + END, MULTIPART)],
  ["/post", sending(part('name="f"; filename=""', "") + END, MULTIPART)],
  ["/post", sending(part('name="empty"', "") + END, MULTIPART)],
  ["/post", sending(part('name="é"', "ü") + END, MULTIPART)],
  [
    "/post",
    sending(
      latin1(part('name="f"; filename="f.png"', "\x89PNG\xff", "image/png") + END),
      MULTIPART,
    ),
  ],
  [
    "/post",
    sending(latin1(part('name="f"; filename="f.bin"', "\xff\xfe") + END), MULTIPART),
  ],
  ["/put", sending("x", "text/plain", "PUT")],
  ["/put", sending("a=1", FORM, "PUT")],
  ["/patch", sending('{"a":1}', "application/json", "PATCH")],
  ["/delete", { method: "DELETE" }],
  ["/delete", sending("x", "text/plain", "DELETE")],
  ["/delete", { method: "GET" }],
  ["/anything"],
  ["/anything?x=1"],
  ["/anything", sending("a=1", FORM)],
  ["/anything", sending('{"a":1}', "application/json", "PUT")],
  ["/anything", { method: "PATCH" }],
  ["/anything", { method: "DELETE" }],
  ["/anything/some/path"],
  ["/anything/some/path/?x=1", { method: "POST" }],
  ["/anything/a%20b"],
  ["/anything/"],
  ["/headers"],
  ["/headers", header("x-one", "1")],
  ["/headers", { method: "POST" }],
  ["/ip"],
  ["/user-agent", header("user-agent", "Dock/7")],
  // Status and redirects.
  ["/status/200"],
  ["/status/201"],
  ["/status/204"],
  ["/status/301"],
  ["/status/302"],
  ["/status/303"],
  ["/status/304"],
  ["/status/305"],
  ["/status/307"],
  ["/status/308"],
  ["/status/400"],
  ["/status/401"],
  ["/status/403"],
  ["/status/404"],
  ["/status/407"],
  ["/status/429"],
  ["/status/500"],
  ["/status/503"],
  ["/status/599"],
  ["/status/200,200"],
  ["/status/201:1,201:3"],
  ["/status/500:0,404:1"],
  ["/status/abc"],
  ["/status/200,abc"],
  ["/status/200:x,201"],
  ["/status/"],
  ["/status/202", { method: "POST" }],
  ["/status/202", { method: "PUT" }],
  ["/status/202", { method: "PATCH" }],
  ["/status/202", { method: "DELETE" }],
  ["/status/202", { method: "HEAD" }],
  ["/cookies", { method: "OPTIONS" }],
  ["/redirect/1"],
  ["/redirect/3"],
  ["/redirect/3?absolute=true"],
  ["/redirect/1?absolute=TRUE"],
  ["/redirect/x"],
  ["/redirect/-1"],
  ["/relative-redirect/1"],
  ["/relative-redirect/4"],
  ["/absolute-redirect/1"],
  ["/absolute-redirect/4"],
  ["/redirect-to?url=/get"],
  ["/redirect-to?url=http%3A%2F%2Fexample.test%2Fa%3Fb%3Dc%23d"],
  ["/redirect-to?url=/get&status_code=307"],
  ["/redirect-to?url=/get&status_code=200"],
  ["/redirect-to?URL=/get&Status_Code=301"],
  ["/redirect-to?url=/get", { method: "POST" }],
  ["/redirect-to?url=/get", { method: "PUT" }],
  ["/redirect-to?url="],
  // Cookies.
  ["/cookies"],
  ["/cookies", header("cookie", "a=1; b=2")],
  ["/cookies", header("cookie", 'a="x y"; b="q\\"q"; c="\\303\\251"')],
  ["/cookies", header("cookie", "a=1; a=2; =3; d; e=")],
  ["/cookies/set?a=1"],
  ["/cookies/set?a=1&b=2&a=3"],
  ["/cookies/set?a=x%20y%3B%22z%5C%C3%A9"],
  ["/cookies/set?a=1,2"],
  ["/cookies/set"],
  ["/cookies/set/berth/12"],
  ["/cookies/set/berth/a%20b"],
  ["/cookies/delete?a&b=1"],
  ["/cookies/delete"],
  // Authentication.
  ["/basic-auth/klem/rope"],
  ["/basic-auth/klem/rope", basic("klem:rope")],
  ["/basic-auth/klem/rope", basic("klem:wrong")],
  ["/basic-auth/klem/rope", basic("klem")],
  ["/basic-auth/klem/a%3Ab", basic("klem:a:b")],
  ["/basic-auth/klem/rope", header("authorization", "Basic !!!")],
  ["/basic-auth/klem/rope", header("authorization", "Bearer x")],
  ["/hidden-basic-auth/klem/rope"],
  ["/hidden-basic-auth/klem/rope", basic("klem:rope")],
  ["/bearer"],
  ["/bearer", header("authorization", "Bearer 0123")],
  ["/digest-auth/auth/klem/rope"],
  ["/digest-auth/auth-int/klem/rope"],
  ["/digest-auth/none/klem/rope"],
  ["/digest-auth/auth/klem/rope/SHA-256"],
  ["/digest-auth/auth/klem/rope/SHA-512/2"],
  ["/digest-auth/auth/klem/rope/other"],
  ["/digest-auth/auth/klem/rope?require-cookie=1"],
  [
    "/digest-auth/auth/klem/rope?require-cookie=true",
    { headers: { "authorization": 'Digest username="klem"', "cookie": "fake=no" } },
  ],
  // Made to order.
  ["/delay/0"],
  ["/delay/0.05?a=1"],
  ["/bytes/0"],
  ["/bytes/16"],
  ["/bytes/16?seed=7"],
  ["/bytes/999999"],
  ["/bytes/x"],
  ["/bytes/-1"],
  ["/uuid"],
  ["/response-headers"],
  ["/response-headers?X-A=1"],
  ["/response-headers?X-A=1&X-A=2&x-b=3"],
  ["/response-headers?X-A=1", { method: "POST" }],
  ["/response-headers?Server-Timing=db;dur=1", { method: "GET" }],
  ["/links/3/1"],
  ["/links/3/99"],
  ["/links/7"],
  ["/links/0"],
  // Streams.
  ["/stream/3"],
  ["/stream/3?a=1"],
  ["/stream/0"],
  ["/stream/1000"],
  ["/stream-bytes/50?seed=1&chunk_size=7"],
  ["/stream-bytes/0"],
  ["/stream-bytes/20?chunk_size=-3"],
  ["/drip?numbytes=5&duration=0.05"],
  ["/drip?numbytes=5&duration=0&code=202"],
  ["/drip?numbytes=0"],
  ["/drip?numbytes=3&duration=0&delay=0.01"],
  ["/range/26"],
  ["/range/100", header("range", "bytes=10-19")],
  ["/range/100", header("range", "bytes=90-")],
  ["/range/100", header("range", "bytes=-5")],
  ["/range/100", header("range", "bytes=0-99")],
  ["/range/100", header("range", "bytes=100-")],
  ["/range/100", header("range", "bytes=-0")],
  ["/range/100", header("range", "lines=1-2")],
  ["/range/100", header("range", "bytes=0-1,3-4")],
  ["/range/30?chunk_size=7&duration=0.05"],
  ["/range/0"],
  ["/range/102401"],
  // Formats, images, caching.
  ["/html"],
  ["/xml"],
  ["/robots.txt"],
  ["/deny"],
  ["/encoding/utf8"],
  ["/forms/post"],
  ["/gzip"],
  ["/deflate"],
  ["/brotli"],
  ["/image", accept("image/png")],
  ["/image", accept("image/jpeg")],
  ["/image", accept("image/webp,image/png")],
  ["/image", accept("image/svg+xml")],
  ["/image", accept("image/*")],
  ["/image", accept("text/html")],
  ["/image/png"],
  ["/image/jpeg"],
  ["/image/webp"],
  ["/image/svg"],
  ["/image/other"],
  ["/cache"],
  ["/cache", header("if-modified-since", "Sat, 01 Jan 2000 00:00:00 GMT")],
  ["/cache", header("if-none-match", '"x"')],
  ["/cache/60"],
  ["/cache/x"],
  ["/etag/seven"],
  ["/etag/seven", header("if-none-match", '"seven"')],
  ["/etag/seven", header("if-none-match", 'W/"seven", "eight"')],
  ["/etag/seven", header("if-none-match", "*")],
  ["/etag/seven", header("if-none-match", '"eight"')],
  ["/etag/seven", header("if-match", '"seven"')],
  ["/etag/seven", header("if-match", '"eight"')],
  ["/etag/seven", header("if-match", "*")],
  // Nothing there.
  ["/nowhere"],
  ["/get/"],
  ["/get/x"],
  ["/status"],
  ["/cookies/set/only"],
];

/** What stands in one answer, without what differs each time. */
interface Seen {
  readonly status: number;
  readonly type: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Header fields that clients rely on. */
const COMPARED = [
  "accept-ranges",
  "allow",
  "cache-control",
  "content-encoding",
  "content-range",
  "etag",
  "location",
  "proxy-authenticate",
  "server-timing",
  "www-authenticate",
  "x-a",
  "x-b",
];

async function ask(base: string, path: string, asking: Asking = {}): Promise<Response> {
  return await fetch(base + path, { ...asking, redirect: "manual" });
}

async function see(base: string, [path, asking]: Row): Promise<Seen> {
  const response = await ask(base, path, asking);
  const { status } = response;
  const local = (text: string) =>
    text.replaceAll(base, "http://HOST").replaceAll(base.slice(7), "HOST");
  const headers: Record<string, string> = {};
  for (const name of COMPARED) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = withoutChance(name, local(value));
  }
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.replace(/_nonce=\w+/, ""));
  if (cookies.length > 0) headers["set-cookie"] = cookies.join("\n");
  // What has no body needs no type either, and httpbin gives one all the same.
  const type = status === 204 ? null : response.headers.get("content-type");
  const length = response.headers.get("content-length");
  const isMeasured = type === "application/octet-stream" && !path.startsWith("/stream-bytes/");
  if (length !== null && isMeasured) headers["content-length"] = length;
  const raw = await rawOf(response);
  const isOurWording = status >= 400 && !type?.includes("json") || type?.startsWith("text/");
  return {
    status,
    // What says that something is wrong is in words of ours.
    type: isOurWording && status >= 400 ? "words" : type,
    headers,
    body: isOurWording || type?.startsWith("image/") || status === 406
      ? "ours"
      : bodyOf(raw, type, local, path),
  };
}

/** The body, decoded from the one coding that fetch does not know. */
async function rawOf(response: Response): Promise<Uint8Array> {
  if (response.headers.get("content-encoding") !== "deflate") return await response.bytes();
  const decoded = response.body!.pipeThrough(new DecompressionStream("deflate"));
  return await new Response(decoded).bytes();
}

function withoutChance(name: string, value: string): string {
  if (name === "allow") return value.split(", ").sort().join(", ");
  if (name === "etag") return value.replace(/^"?([^"]*)"?$/, "$1").replace(/^\w{32}$/, "CHANCE");
  if (name.endsWith("-authenticate")) {
    return value.replace(/(nonce|opaque)="(\w+)"/g, (_, key, hex) => `${key}="${hex.length}"`)
      .replace(/realm="(?:sockdock|me@[^"]*)"/, "realm").split(/, (?=\w+=)/).sort().join(", ")
      .replace(/Digest |stale="?FALSE"?/gi, "").replaceAll('"', "");
  }
  return value;
}

function bodyOf(
  raw: Uint8Array,
  type: string | null,
  local: (text: string) => string,
  path: string,
): unknown {
  if (type === "application/octet-stream") {
    return path.includes("bytes/") ? raw.length : new TextDecoder().decode(raw);
  }
  const text = local(new TextDecoder().decode(raw));
  if (type !== "application/json" || text === "") return text === "" ? "" : type;
  return path.startsWith("/stream")
    ? text.trim().split("\n").map((line) => fieldsOf(JSON.parse(line)))
    : fieldsOf(JSON.parse(text));
}

/** Header names in one case, and what is different each time replaced. */
function fieldsOf(fields: unknown): unknown {
  if (typeof fields !== "object" || fields === null) return fields;
  const { headers, uuid, url, ...rest } = fields as Record<string, unknown>;
  delete rest["Content-Length"];
  return {
    ...rest,
    ...(typeof url === "string" && { url: decodePercent(url) }),
    ...(typeof uuid === "string" && { uuid: uuid.replace(/[0-9a-f]/g, "x") }),
    ...(headers !== undefined && {
      headers: Object.fromEntries(
        Object.entries(headers as Record<string, string>)
          .map(([name, value]) => [name.toLowerCase(), value]).sort(),
      ),
    }),
  };
}

httpbinTest("inspect answers as httpbin does", async (t) => {
  await using httpbin = await startHttpbin();
  await using server = await serve("http://127.0.0.1:0", inspect);
  for (const row of ALIKE) {
    const [path, asking = {}] = row;
    const { method = "GET", headers = {} } = asking;
    const name = `${method} ${path} ${JSON.stringify(headers)}`;
    await t.step(name, async () => {
      const theirs = await see(httpbin.url, row);
      const ours = await see(server.url, row);
      // It sends some answers without any type; ours say theirs.
      assertEquals(theirs.type === null ? { ...ours, type: null } : ours, theirs);
    });
  }
});

/** What one side of a difference is shown by. */
interface Sign {
  readonly status: number;
  readonly body?: RegExp;
  readonly header?: readonly [name: string, value: string | RegExp | null];
}

/** A request for every difference, and what each makes of it. */
const DIFFERENT: readonly (readonly [where: string, row: Row, httpbin: Sign, here: Sign])[] = [
  ["bad parameters", ["/delay/x"], { status: 500 }, { status: 400, body: /seconds/ }],
  ["bad parameters", ["/delay/-1"], { status: 500 }, { status: 400 }],
  ["bad parameters", ["/redirect/0"], { status: 500 }, { status: 400 }],
  ["bad parameters", ["/redirect-to"], { status: 500 }, { status: 400 }],
  ["bad parameters", ["/redirect-to?url=a%0d%0aX:1"], { status: 500 }, { status: 400 }],
  ["bad parameters", ["/bytes/5?seed=x"], { status: 500 }, { status: 400 }],
  ["bad parameters", ["/drip?numbytes=x"], { status: 500 }, { status: 400 }],
  ["bad parameters", ["/range/5?chunk_size=x"], { status: 500 }, { status: 400 }],
  ["bad parameters", ["/base64/QWhve"], { status: 500 }, { status: 400 }],
  [
    "malformed multipart",
    ["/post", sending("no boundary in here", MULTIPART)],
    { status: 200, body: /"form":\{\}/ },
    { status: 400, body: /boundary/ },
  ],
  [
    "headers",
    ["/headers", header("x-forwarded-for", "192.0.2.1")],
    { status: 200, body: /^(?!.*192\.0\.2\.1)/s },
    { status: 200, body: /192\.0\.2\.1/ },
  ],
  [
    "/ip, origin and url",
    ["/ip", header("x-forwarded-for", "192.0.2.1")],
    { status: 200, body: /192\.0\.2\.1/ },
    { status: 200, body: /127\.0\.0\.1/ },
  ],
  [
    "cross-origin requests",
    ["/get", header("origin", "http://other.test")],
    { status: 200, header: ["access-control-allow-origin", "http://other.test"] },
    { status: 200, header: ["access-control-allow-origin", "*"] },
  ],
  [
    "changes from other origins",
    ["/post", { method: "POST", headers: { origin: "http://other.test" } }],
    { status: 200 },
    { status: 403 },
  ],
  [
    "/cookies",
    ["/cookies", header("cookie", "__utmz=1")],
    { status: 200, body: /"cookies":\{\}/ },
    { status: 200, body: /__utmz/ },
  ],
  [
    "repeated file fields",
    [
      "/post",
      sending(
        part('name="f"; filename="1"', "1") + part('name="f"; filename="2"', "2") + END,
        MULTIPART,
      ),
    ],
    { status: 200, body: /"f":"1"/ },
    { status: 200, body: /"f": \[\s+"1",\s+"2"\s+\]/ },
  ],
  [
    "json",
    ["/post", sending("[1.0, 10000000000000000000001, NaN]", "application/json")],
    { status: 200, body: /NaN/ },
    { status: 200, body: /"json": null/ },
  ],
  [
    "json",
    ["/post", sending("[1.50, 1e2]", "application/json")],
    { status: 200, body: /"json":\[1\.5,100\.0\]/ },
    { status: 200, body: /"json": \[1\.50, 1e2\]/ },
  ],
  [
    "url",
    ["/anything/%C3%A9"],
    { status: 200, body: /anything\/(?:é|\\u00e9)/ },
    { status: 200, body: /anything\/%C3%A9/ },
  ],
  [
    "more methods and paths",
    ["/anything", { method: "PROPFIND" }],
    { status: 405 },
    { status: 200, body: /"method": "PROPFIND"/ },
  ],
  ["more methods and paths", ["/delay/0", { method: "POST" }], { status: 405 }, { status: 200 }],
  ["more methods and paths", ["/json"], { status: 404 }, { status: 200 }],
  ["more methods and paths", ["/delay/0/status/503"], { status: 404 }, { status: 503 }],
  [
    "TRACE",
    ["/anything", { method: "OPTIONS" }],
    { status: 200, header: ["allow", /\bTRACE\b/] },
    { status: 200, header: ["allow", /^(?!.*TRACE)/] },
  ],
  ["/status/:codes", ["/status/600"], { status: 600 }, { status: 400 }],
  [
    "/status/402, 406 and 418, and every document",
    ["/status/418"],
    { status: 418, header: ["content-type", null] },
    { status: 418, header: ["content-type", "text/plain; charset=utf-8"] },
  ],
  [
    "/response-headers",
    ["/response-headers?Content-Length=5"],
    { status: 200 },
    { status: 400 },
  ],
  [
    "/response-headers",
    ["/response-headers?Content-Type=text/html&X-A=%3Cb%3E"],
    { status: 200, header: ["content-security-policy", null] },
    { status: 200, header: ["content-security-policy", "sandbox; default-src 'none'"] },
  ],
  [
    "/base64/:value",
    ["/base64/PGI-aGk8L2I-"],
    { status: 200, header: ["content-type", "text/html; charset=utf-8"], body: /<b>hi/ },
    { status: 200, header: ["content-type", "text/plain; charset=utf-8"], body: /<b>hi/ },
  ],
  ["/bearer", ["/bearer", header("authorization", "Basic abc")], { status: 200 }, { status: 401 }],
  [
    "/bearer",
    ["/bearer", header("authorization", "Bearer ear")],
    { status: 200, body: /"token":""/ },
    { status: 200, body: /"token": "ear"/ },
  ],
  ["ETag", ["/etag/a"], { status: 200, header: ["etag", "a"] }, {
    status: 200,
    header: ["etag", '"a"'],
  }],
  ["/range/:n", ["/range/10", header("range", "bytes=5-20")], { status: 416 }, {
    status: 206,
    body: /^fghij$/,
  }],
  ["/range/:n", ["/range/10", header("range", "bytes=5-2")], { status: 416 }, { status: 200 }],
  [
    "/redirect-to",
    ["/redirect-to?url=/%C3%A9"],
    { status: 302, header: ["location", "/%C3%83%C2%A9"] },
    { status: 302, header: ["location", "/\u00c3\u00a9"] },
  ],
  ["/image", ["/image", accept("*/*")], { status: 406 }, { status: 200 }],
];

/** Shown by other tests, or by how the same request is answered. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set([
  "chunked bodies",
  "GET with a body",
  "/digest-auth",
  "/bytes and /stream-bytes with a seed",
  "/drip and /range",
]);

httpbinTest("inspect differs from httpbin where its list says so", async (t) => {
  await using httpbin = await startHttpbin();
  await using server = await serve("http://127.0.0.1:0", inspect);
  for (const [where, row, theirs, ours] of DIFFERENT) {
    await t.step(`${where}: ${row[0]}`, async () => {
      for (const [base, sign] of [[httpbin.url, theirs], [server.url, ours]] as const) {
        // A length that is not true would leave the client waiting for the rest.
        const response = await ask(base, ...row).catch(() => null);
        if (response === null) continue;
        const text = await response.text().catch(() => "");
        assertEquals(response.status, sign.status, `${base}: ${text}`);
        if (sign.body !== undefined) assertMatch(text, sign.body);
        if (sign.header !== undefined) {
          const [name, wanted] = sign.header;
          const value = response.headers.get(name);
          if (wanted instanceof RegExp) assertMatch(value ?? "", wanted);
          else assertEquals(value, wanted);
        }
      }
    });
  }
  const shown = new Set([...DIFFERENT.map(([where]) => where), ...SHOWN_ELSEWHERE]);
  assertEquals(new Set(differences.map(({ where }) => where)), shown);
});
