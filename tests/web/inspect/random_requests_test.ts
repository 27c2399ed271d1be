/** Whatever is asked of the inspector, it answers, and never with a 500 that nobody asked for. */

import { assert, assertEquals } from "@std/assert";
import type { RequestInfo } from "../../../core/http/app.ts";
import { endpoints } from "../../../web/inspect/endpoints/index.ts";
import { inspect } from "../../../web/inspect.ts";
import { cpuMs } from "../../cpu_time.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { opened } from "./opened.ts";

const REQUESTS = 6000;
const info: RequestInfo = {
  peer: { transport: "tcp", hostname: "127.0.0.1", port: 40000 },
  serverUrl: "",
};

const ODD = [
  "",
  "0",
  "1",
  "-1",
  "1e9",
  "NaN",
  "inf",
  "007",
  "99999999999999999999999",
  "0.001",
  "a",
  "é",
  "%",
  "%ff%fe",
  "%00",
  "%0d%0aX: y",
  "%2F%2e%2e",
  "..",
  "a:b",
  "200,404",
  "200:1,500:0",
  "204",
  "304",
  "1xx",
  "%22quoted%22",
  "<script>",
  "x".repeat(3000),
  "__proto__",
  "constructor",
];
const HEADER_NAMES = [
  "accept",
  "authorization",
  "content-type",
  "cookie",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "origin",
  "range",
  "x-forwarded-for",
  "x-forwarded-proto",
  "access-control-request-headers",
];
const HEADER_VALUES = [
  "",
  "*",
  "*/*",
  "bytes=-",
  "bytes=5-1",
  "bytes=99999999999999999999-",
  "bytes=0-0,2-3",
  "Basic",
  "Basic ====",
  "Basic YTpi",
  "Digest",
  'Digest username="a", realm="b", nonce="c", uri="/", response="d", qop=auth-int, algorithm=X',
  'Digest username="\\',
  "Bearer",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  'multipart/form-data; boundary="',
  "application/x-www-form-urlencoded",
  "application/json",
  'a="\\',
  'a="\\999"; b; =; ;;',
  'W/"x", "y',
  "\u00ff\u00fe",
  "image/webp;q=0",
  "http",
];
const BODIES = [
  "",
  "{",
  "[".repeat(5000),
  "--x\r\n",
  '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
  "--x\r\n\r\n\r\n--x--",
  "a=%ff&b=%zz&&=",
  "\u0000\u00ff\u00fe",
  "null",
];
const QUERY_NAMES = [
  "delay",
  "duration",
  "numbytes",
  "code",
  "count",
  "seed",
  "chunk_size",
  "url",
  "status_code",
  "failure_rate",
  "absolute",
  "require-cookie",
  "Content-Type",
  "X-A",
  "Content-Length",
  "bad name",
];

Deno.test("any request gets an answer, and none a 500 that was not asked for", async () => {
  const seed = newSeed();
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const chance = (share: number) => random() < share;

  await using app = await opened(inspect, {}, { random });
  // Real waits would take days: the server has stopped, so that none lasts.
  app.stop();

  for (let count = 0; count < REQUESTS; count++) {
    const endpoint = pick(endpoints);
    const path = endpoint.path.split("/").map((segment) => {
      if (!/^[:*]/.test(segment)) return segment;
      const parameter = endpoint.parameters?.find(({ name }) => name === segment.slice(1));
      return chance(0.3) ? parameter?.example ?? "" : pick(ODD);
    }).join("/");
    const query = Array.from(
      { length: Math.floor(random() * 4) },
      () => `${encodeURIComponent(pick(QUERY_NAMES))}=${pick(ODD)}`,
    ).join("&");
    const headers = new Headers();
    for (let more = Math.floor(random() * 3); more > 0; more--) {
      headers.set(pick(HEADER_NAMES), pick(HEADER_VALUES));
    }
    const method = pick(["GET", "GET", "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "BREW"]);
    const hasBody = method !== "GET" && method !== "HEAD" && chance(0.7);
    const request = new Request(`http://127.0.0.1:1/${path.slice(1)}${query && `?${query}`}`, {
      method,
      headers,
      body: hasBody ? pick(BODIES) : null,
    });
    const told = `seed ${seed}, request ${count}: ${method} ${request.url.slice(0, 300)} ` +
      JSON.stringify([...headers]);
    const response = await app.service.handle(request, info).catch((error: unknown) => {
      throw new Error(told, { cause: error });
    });
    // A body that would take its time breaks off, because the server has stopped.
    await response.bytes().catch(() => {});
    const asked500 = /^\/(?:unstable|status\/|delay\/[^/]+\/(?:status|unstable))|code=/.test(
      path + query,
    );
    assert(response.status !== 500 || asked500, told);
    assert(response.status >= 200 && response.status <= 599, told);
    assertEquals(response.headers.get("x-content-type-options")?.split(",")[0], "nosniff", told);
  }
});

Deno.test("a long value of any kind is judged in no time", async () => {
  await using app = await opened(inspect);
  app.stop();
  const long = [
    "1",
    "a",
    " ",
    "=",
    ",",
    ";",
    '"',
    "\\",
    '"\\',
    "a=",
    'a="',
    "%",
    "%ff",
    "1.",
    "-",
    ":",
  ]
    .map((piece) => piece.repeat(60_000 / piece.length));
  const startMs = cpuMs();
  for (const text of long) {
    const encoded = encodeURIComponent(text);
    const asking = [
      ...["delay", "status", "base64", "etag", "bytes", "cookies/set/a", "anything"].map(
        (path): [string, HeadersInit] => [`${path}/${text.replace(/[ "\\]/g, "x")}`, {}],
      ),
      ...["drip?duration", "unstable?failure_rate", "status/200?delay", "range/5?chunk_size"].map(
        (path): [string, HeadersInit] => [`${path}=${encoded}`, {}],
      ),
      ["cookies", { cookie: text }],
      ["digest-auth/auth/a/b", { authorization: `Digest ${text}` }],
      ["basic-auth/a/b", { authorization: `Basic ${text}` }],
      ["bearer", { authorization: `Bearer ${text}` }],
      ["range/9", { range: `bytes=${text}` }],
      ["etag/a", { "if-none-match": text, "if-match": text }],
      ["image", { accept: text }],
    ] satisfies [string, HeadersInit][];
    for (const [path, headers] of asking) {
      const response = await app.service.handle(
        new Request(`http://127.0.0.1:1/${path}`, { headers }),
        info,
      );
      await response.bytes().catch(() => {});
      assert(response.status !== 500 || path.startsWith("unstable"), path.slice(0, 50));
    }
    const body = `--x\r\nContent-Disposition: form-data;${text}\r\n\r\n`;
    const type = `multipart/form-data; boundary=x;${text}`;
    const form = { method: "POST", body, headers: { "content-type": type } };
    const refused = await app.service.handle(new Request("http://127.0.0.1:1/post", form), info);
    assertEquals(refused.status, 400);
  }
  const tookMs = cpuMs() - startMs;
  assert(tookMs < 5000, `${tookMs} ms`);
});
