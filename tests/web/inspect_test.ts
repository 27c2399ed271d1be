/** What did my client send: the inspector as its clients see it. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { connect } from "../../dock/connect.ts";
import { serve, type ServeOptions } from "../../dock/serve.ts";
import type { InspectedEvent, ServerEvent } from "../../core/event.ts";
import type { RequestInfo } from "../../core/http/app.ts";
import { textOf } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { endpoints } from "../../web/inspect/endpoints/index.ts";
import { inspect } from "../../web/inspect.ts";
import { peerTest, runPeer, runPython } from "../peer.ts";
import { FakeTime } from "../fake_time.ts";
import { RawHttp } from "../servers/raw_http.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { opened } from "./inspect/opened.ts";

type Options = ServeOptions<typeof inspect.options>;

function serving(options: Options = {}) {
  return serve("http://127.0.0.1:0", inspect, options);
}

/** One request, and its whole answer. */
async function ask(path: string, init: RequestInit = {}, options: Options = {}) {
  await using server = await serving(options);
  const response = await fetch(server.url + path, { redirect: "manual", ...init });
  const { status, headers } = response;
  const bytes = await response.bytes();
  return { status, headers, bytes, text: new TextDecoder().decode(bytes) };
}

const info: RequestInfo = {
  peer: { transport: "tcp", hostname: "192.0.2.9", port: 4 },
  serverUrl: "",
};
const get = (path: string, init: RequestInit = {}) =>
  new Request(`http://127.0.0.1:1${path}`, init);

Deno.test("every endpoint answers its own examples with the status that it promises", async (t) => {
  await using server = await serving({ random: () => 0.5 });
  for (const { path, methods, tryMethod, parameters = [], status = 200 } of endpoints) {
    await t.step(path, async () => {
      let filled = path;
      const query = new URLSearchParams();
      const headers = new Headers();
      let body: string | null = null;
      for (const { name, in: place, example } of parameters) {
        if (place === "path") filled = filled.replace(new RegExp(`[:*]${name}\\b`), example);
        else if (example === "") continue;
        else if (place === "query") query.set(name, name === "duration" ? "0.05" : example);
        else if (place === "header") headers.set(name, example);
        else body = example;
      }
      filled = filled.replace("/delay/1", "/delay/0.01");
      const method = tryMethod ?? (methods === "any" ? "GET" : methods[0]!);
      const init = { method, headers, body, redirect: "manual" } as const;
      const response = await fetch(`${server.url}${filled}?${query}`, init);
      await response.bytes();
      assertEquals(response.status, status, filled);
    });
  }
});

Deno.test("header names are said back as they were written, repeated ones joined", async () => {
  await using server = await serving();
  using raw = await RawHttp.open(server.url);
  await raw.get("/headers", "localhost", "x-DOCK: 1", "X-Dock: 2", "Cookie: a=1", "cookie: b=2");
  const { body } = await raw.answer();
  assertEquals(JSON.parse(body), {
    headers: { "Host": "localhost", "x-DOCK": "1, 2", "Cookie": "a=1; b=2" },
  });
});

Deno.test("a chunked body is read", async () => {
  await using server = await serving();
  using raw = await RawHttp.open(server.url);
  const head = ["POST /anything HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked", "", ""];
  await raw.send(`${head.join("\r\n")}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`);
  const { body } = await raw.answer();
  assertEquals(JSON.parse(body).data, "abcde");
});

Deno.test("a GET with a body is answered without it, and the next request is a request", async () => {
  await using server = await serving();
  using raw = await RawHttp.open(server.url);
  await raw.get("/anything", "localhost", "Content-Length: 3");
  await raw.send("abc");
  assertEquals(JSON.parse((await raw.answer()).body).data, "");
  await raw.get("/get?next", "localhost");
  assertEquals(JSON.parse((await raw.answer()).body).args, { next: "" });
});

Deno.test("JSON comes back digit for digit", async () => {
  const body = '{"big": 12345678901234567890, "small": 1.10, "twice": 1}';
  const { text } = await ask("/anything", { method: "POST", body });
  assertStringIncludes(text, `"json": ${body}`);
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  assertStringIncludes(
    (await ask("/post", { method: "POST", body: deep })).text,
    `"json": ${deep}`,
  );
});

Deno.test("a body beyond the server's limit is 413, and no 500", async () => {
  const body = "x".repeat(2000);
  assertEquals(
    (await ask("/anything", { method: "POST", body }, { maxBodyBytes: 1000 })).status,
    413,
  );
});

Deno.test("X-Forwarded fields are believed only on request", async () => {
  const headers = { "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "https" };
  const plain = JSON.parse((await ask("/get", { headers })).text);
  assertEquals([plain.origin, plain.url.slice(0, 5)], ["127.0.0.1", "http:"]);
  const behind = JSON.parse((await ask("/get", { headers }, { trustForwarded: true })).text);
  assertEquals([behind.origin, behind.url.slice(0, 6)], ["192.0.2.1", "https:"]);
  const cookie = await ask("/cookies/set?a=1", { headers }, { trustForwarded: true });
  assertEquals(cookie.headers.get("set-cookie"), "a=1; Secure; Path=/");
});

Deno.test("pages of other origins read answers, with cookies only where that is allowed", async () => {
  const headers = { "origin": "http://other.test", "access-control-request-headers": "x-a" };
  const plain = await ask("/get", { headers });
  assertEquals(plain.headers.get("access-control-allow-origin"), "*");
  assertEquals(plain.headers.get("access-control-allow-credentials"), null);
  const open = await ask("/get", { headers }, { allowCredentials: true });
  assertEquals(open.headers.get("access-control-allow-origin"), "http://other.test");
  assertEquals(open.headers.get("access-control-allow-credentials"), "true");
  const chosen = await ask("/response-headers?Access-Control-Allow-Origin=http://a.test");
  assertEquals(chosen.headers.get("access-control-allow-origin"), "http://a.test");
  const asked = await ask("/get", { headers, method: "OPTIONS" });
  assertEquals(asked.headers.get("access-control-allow-headers"), "x-a");
  assertEquals(asked.headers.get("allow"), "GET, HEAD, OPTIONS");
});

Deno.test("a delay comes before any other path, once", async () => {
  const start = performance.now();
  assertEquals((await ask("/delay/0.1/status/503")).status, 503);
  assert(performance.now() - start >= 99);
  assertEquals((await ask("/status/201?delay=50ms")).status, 201);
  assertEquals((await ask("/delay/0/redirect/2")).headers.get("location"), "/relative-redirect/1");
  assertEquals((await ask("/delay/0/delay/0/get")).status, 404);
  assertEquals((await ask("/delay/0/delay/0")).status, 200);
  assertEquals((await ask("/delay/0/post")).status, 405);
  assertEquals((await ask("/delay/0/nowhere")).status, 404);
});

Deno.test("hundreds of delays and drips keep nobody waiting", async () => {
  await using server = await serving();
  const leaving = new AbortController();
  const slow = Array.from({ length: 150 }, async (_, at) => {
    const path = at % 2 === 0 ? "/delay/10" : "/drip?duration=60&numbytes=1000";
    const response = await fetch(server.url + path, { signal: leaving.signal });
    await response.bytes();
  });
  const all = Promise.allSettled(slow);
  for (let count = 0; count < 20; count++) {
    await (await fetch(`${server.url}/get`)).bytes();
  }
  leaving.abort();
  const drips = (await all).filter((_, at) => at % 2 === 1);
  assertEquals(drips.filter(({ status }) => status === "fulfilled"), []);
});

Deno.test("a stopping server ends delays, streams and event streams", async () => {
  const server = await serving();
  const late = fetch(`${server.url}/delay/10`);
  const events = await fetch(`${server.url}/sse?count=2&duration=60`);
  const drip = await fetch(`${server.url}/drip?duration=60`);
  const reader = events.body!.getReader();
  assertStringIncludes(new TextDecoder().decode((await reader.read()).value), "id: 0");
  const rest = assertRejects(() => drip.bytes());
  const stopped = server.shutdown({ graceMs: 600_000 });
  assertEquals((await reader.read()).done, true);
  const answer = await late;
  assertEquals([answer.status, await answer.text()], [503, "The server is stopping.\n"]);
  await rest;
  await stopped;
});

Deno.test("a client that leaves leaves no timer behind", async () => {
  using time = new FakeTime();
  await using app = await opened(inspect);
  const drip = await app.service.handle(get("/drip?duration=50"), info);
  const reader = drip.body!.getReader();
  await reader.read();
  const pending = reader.read();
  await time.advance(0);
  assertEquals(time.timers, 1);
  await reader.cancel();
  await pending;
  assertEquals(time.timers, 0);

  const leaving = new AbortController();
  const asked = get("/delay/10", { signal: leaving.signal });
  const late = app.service.handle(asked, { ...info, headerList: [] });
  leaving.abort();
  assertEquals([(await late).status, time.timers], [503, 0]);
});

Deno.test("when the server stops, a body that is not whole breaks off and events end", async () => {
  await using app = await opened(inspect);
  const drip = await app.service.handle(get("/drip?duration=50"), info);
  const events = await app.service.handle(get("/sse?duration=50"), info);
  const broken = assertRejects(() => drip.bytes(), Error, "the server is stopping");
  const text = events.text();
  app.stop();
  await broken;
  assertMatch(await text, /^event: ping\nid: 0\n.*\n\n$/);
});

Deno.test("bodies come in their time", async () => {
  using time = new FakeTime();
  await using app = await opened(inspect);
  const { body } = await app.service.handle(get("/drip?duration=4&numbytes=2&delay=0"), info);
  const reader = body!.getReader();
  assertEquals((await reader.read()).value?.length, 1);
  const second = reader.read();
  await time.advance(1999);
  assertEquals(time.timers, 1);
  await time.advance(1);
  assertEquals((await second).value?.length, 1);
  const end = reader.read();
  await time.advance(2000);
  assertEquals((await end).done, true);
});

Deno.test("no body is made for HEAD", async () => {
  for (const path of ["/drip?duration=50", "/sse?duration=50", "/range/50", "/stream/5"]) {
    const { status, bytes } = await ask(path, { method: "HEAD" });
    assertEquals([status, bytes.length], [200, 0], path);
  }
});

Deno.test("the same seed makes the same bytes, in pieces or whole", async () => {
  const whole = await ask("/bytes/1000?seed=7");
  assertEquals((await ask("/stream-bytes/1000?seed=7&chunk_size=33")).bytes, whole.bytes);
  assert((await ask("/bytes/1000?seed=8")).text !== whole.text);
  assert((await ask("/bytes/1000")).text !== (await ask("/bytes/1000")).text);
  assert(new Set(whole.bytes).size > 200);
});

Deno.test("counts, sizes and times are capped", async () => {
  assertEquals((await ask("/bytes/99999999999999999999")).bytes.length, 102_400);
  assertEquals((await ask("/stream/101")).text.split("\n").length, 101);
  assertEquals((await ask("/sse?count=999&duration=0")).text.match(/event: /g)?.length, 100);
  assertEquals((await ask("/links/999/0")).text.match(/<a /g)?.length, 199);
  const drip = await ask("/drip?numbytes=99999999999&duration=0");
  assertEquals(drip.bytes.length, 10 * 1024 * 1024);
});

Deno.test("events come with their ids", async () => {
  const { text, headers } = await ask("/sse?count=2&duration=0", {}, { now: () => 42 });
  assertEquals(headers.get("content-type"), "text/event-stream; charset=utf-8");
  assertEquals(
    text,
    'event: ping\nid: 0\ndata: {"id":0,"timestamp":42}\n\n' +
      'event: ping\nid: 1\ndata: {"id":1,"timestamp":42}\n\n',
  );
});

Deno.test("/unstable fails as often as it is told to", async () => {
  for (
    const [random, path, status] of [
      [0.49, "/unstable", 500],
      [0.5, "/unstable", 200],
      [0, "/unstable?failure_rate=0", 200],
      [0.99, "/unstable?failure_rate=1", 500],
      [0.5, "/unstable?failure_rate=2", 400],
      [0.5, "/unstable?failure_rate=x", 400],
    ] as const
  ) {
    assertEquals((await ask(path, {}, { random: () => random })).status, status, path);
  }
});

Deno.test("statuses are chosen by weight", async () => {
  const statusAt = async (random: number) =>
    (await ask("/status/200:1,503:3", {}, { random: () => random })).status;
  assertEquals([await statusAt(0.2), await statusAt(0.3), await statusAt(0.99)], [200, 503, 503]);
});

Deno.test("what somebody else made up runs nowhere", async () => {
  const script = "<script>alert(1)</script>";
  const type = await ask(
    `/response-headers?Content-Type=text/html&x=${encodeURIComponent(script)}`,
  );
  assertEquals(type.headers.get("content-security-policy"), "sandbox; default-src 'none'");
  const base64 = await ask(`/base64/${btoa(script)}`);
  assertEquals([base64.text, base64.status], [script, 200]);
  assertEquals(base64.headers.get("content-type"), "text/plain; charset=utf-8");
  for (const path of ["/anything/<script>", "/status/<script>", "/nowhere/<script>"]) {
    const { headers } = await ask(path);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assert(!headers.get("content-type")?.includes("html"), path);
  }
  for (const name of ["transfer-encoding", "Connection", "Upgrade", "a%0d%0ab", "a b", ""]) {
    assertEquals((await ask(`/response-headers?${name}=x`)).status, 400, name);
  }
  assertEquals((await ask("/response-headers?a=x%0d%0ab:1")).status, 400);
  assertEquals((await ask("/cookies/set?a%3Bb=1")).status, 400);
});

peerTest("/response-headers sends a field for each value", ["curl"], async () => {
  await using server = await serving();
  const asked = `${server.url}/response-headers?X-A=1&x-a=2&X-A=3,4&set-cookie=a&set-cookie=b`;
  for (const options of [["-si"], ["-sI"]]) {
    const { stdout } = await runPeer("curl", [...options, asked]);
    const lines = stdout.split("\r\n").filter((line) => /^(?:x-a|set-cookie):/i.test(line));
    const sent = lines.map((line) => line.toLowerCase()).sort();
    assertEquals(sent, ["set-cookie: a", "set-cookie: b", "x-a: 1", "x-a: 2", "x-a: 3,4"]);
  }
});

Deno.test("/response-headers tells its own length", async () => {
  const { headers, text } = await ask("/response-headers?a=é&a=2");
  assertEquals(JSON.parse(text)["Content-Length"], headers.get("content-length"));
  assertEquals(JSON.parse(text)["a"], ["é", "2"]);
});

Deno.test("/ws says every message back, and nothing else is a WebSocket", async () => {
  const events: ServerEvent[] = [];
  const emit = (event: ServerEvent) => void events.push(event);
  await using server = await serving({ showRequests: true, emit });
  const session = await connect(`${server.url.replace("http", "ws")}/ws`, {});
  const messages = session[Symbol.asyncIterator]();
  for (const message of ["ahoy", new Uint8Array([0, 255]), ""]) {
    await session.send(message);
    const { value } = await messages.next();
    assertEquals(value, message);
  }
  await session.close();
  await assertRejects(() => connect(`${server.url.replace("http", "ws")}/get`, {}), Error, "404");
  const urls = inspected(events).map(({ target }) => target.slice(server.url.length));
  assertEquals(urls, ["/ws", "/get"]);
});

/** The requests that were logged. */
function inspected(events: readonly ServerEvent[]): InspectedEvent[] {
  return events.filter((event) => event.event === "inspected");
}

Deno.test("each request becomes an event when that is asked for", async () => {
  const events: ServerEvent[] = [];
  const options: Options = { emit: (event) => events.push(event), now: () => 0 };
  await ask("/get", {}, options);
  assertEquals(inspected(events), []);
  const init = { method: "PUT", body: "ahoy", headers: { "x-a": "1" } };
  await ask("/nowhere?a=1", init, { ...options, showRequests: true });
  const [event] = inspected(events);
  assert(event !== undefined);
  const { time, method, target, headers, bodyBytes, message, httpVersion } = event;
  assertEquals([time, method, bodyBytes], ["1970-01-01T00:00:00.000Z", "PUT", 4]);
  assertEquals([textOf(message), httpVersion], ["ahoy", "1.1"]);
  assertMatch(target, /^http:\/\/127\.0\.0\.1:\d+\/nowhere\?a=1$/);
  assertEquals(new Headers(headers as [string, string][]).get("x-a"), "1");
});

Deno.test("credentials that the server asked for are neither logged nor said back", async () => {
  await using folder = await temporaryFolder();
  const requestLog = `${folder.path}/requests.jsonl`;
  const authToken = "tok3n-of-the-server";
  const events: ServerEvent[] = [];
  const options: Options = {
    ...{ requestLog, showRequests: true, authToken, auth: "ada:sesame" },
    emit: (event) => events.push(event),
  };
  await using server = await serving(options);
  const secrets = [`Bearer ${authToken}`, `Basic ${btoa("ada:sesame")}`];
  for (const authorization of secrets) {
    for (const path of ["/headers", "/anything"]) {
      const answer = await fetch(server.url + path, { headers: { authorization } });
      const [scheme = "", secret = ""] = authorization.split(" ");
      const said = await answer.text();
      assert(said.includes(scheme) && !said.includes(secret), said);
    }
  }
  const kept = await Deno.readTextFile(requestLog) + JSON.stringify(inspected(events));
  assertEquals(inspected(events).length, 4);
  for (const secret of [authToken, btoa("ada:sesame")]) assert(!kept.includes(secret), kept);
  // Without a guard of our own, credentials are what somebody wants to look at.
  const open = await ask("/headers", { headers: { authorization: secrets[0]! } });
  assert(open.text.includes(authToken));
});

Deno.test("a long body is logged in part, with its whole length and no half character", async () => {
  await using app = await opened(inspect, { showRequests: true, logBody: 4 });
  await app.service.handle(get("/post", { method: "POST", body: "abcé€" }), info);
  const [event] = inspected(app.events);
  assertEquals([event?.bodyBytes, textOf(event!.message)], [8, "abc"]);
  await app.service.handle(get("/post", { method: "POST", body: "1234" }), info);
  assertEquals(textOf(inspected(app.events)[1]!.message), "1234");
});

Deno.test("the request log is lines of JSON in a file, appended up to its limit", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/requests.jsonl`;
  await Deno.writeTextFile(path, "before\n");
  const options = { requestLog: path, requestLogLimit: 400 };
  await using app = await opened(inspect, options);
  for (let count = 0; count < 5; count++) {
    await app.service.handle(get("/get", { method: "POST", body: "ahoy" }), info);
  }
  const [before, line = "", ...rest] = (await Deno.readTextFile(path)).trimEnd().split("\n");
  assertEquals(before, "before");
  const { event, peer, text } = JSON.parse(line);
  assertEquals({ event, peer, text }, { event: "inspected", peer: "192.0.2.9:4", text: "ahoy" });
  assert(rest.length === 0 || rest.length === 1);
  const notices = app.events.filter((event) => event.event === "notice");
  assertEquals(notices.length, 1);
  assertMatch(JSON.stringify(notices), /request log .* has reached 400/);
  await assertRejects(
    () => opened(inspect, { requestLog: `${folder.path}/no/such` }),
    UsageError,
    "--request-log: cannot open",
  );
});

peerTest("curl proves itself by digest with each algorithm it knows", ["curl"], async () => {
  await using server = await serving();
  for (const path of ["auth/klem/rope", "none/klem/rope/SHA-256", "auth/klem/rope/MD5/3"]) {
    const url = `${server.url}/digest-auth/${path}?a=1&b=%20`;
    const asking = ["-sS", "-w", "%{http_code}", "--digest", "-u"];
    const right = await runPeer("curl", [...asking, "klem:rope", url]);
    assertMatch(right.stdout, /"authenticated": true[^]*200$/, path);
    const wrong = await runPeer("curl", [...asking, "klem:wrong", url]);
    assertMatch(wrong.stdout, /401$/, path);
    const other = await runPeer("curl", [...asking, "other:rope", url]);
    assertMatch(other.stdout, /401$/, path);
  }
  const basic = await runPeer("curl", [
    "-sS",
    "-u",
    "klem:rope",
    `${server.url}/basic-auth/klem/rope`,
  ]);
  assertMatch(basic.stdout, /"authenticated": true/);
});

peerTest("curl sends a form with files and follows cookies over redirects", ["curl"], async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/a.bin`, new Uint8Array([255, 0]));
  await Deno.writeTextFile(`${folder.path}/b.txt`, "ahoy");
  await using server = await serving();
  const form = ["-F", `f=@${folder.path}/a.bin`, "-F", `f=@${folder.path}/b.txt`, "-F", "a=1"];
  const { stdout } = await runPeer("curl", ["-sS", ...form, `${server.url}/post`]);
  const { files, form: fields, data, json } = JSON.parse(stdout);
  assertEquals({ files, fields, data, json }, {
    files: { f: ["data:application/octet-stream;base64,/wA=", "ahoy"] },
    fields: { a: "1" },
    data: "",
    json: null,
  });
  const jar = ["-sS", "-L", "-b", "none", `${server.url}/cookies/set?a=1&b=x%20y`];
  assertEquals(JSON.parse((await runPeer("curl", jar)).stdout), { cookies: { a: "1", b: "x y" } });
  const far = await runPeer("curl", ["-sS", "-L", `${server.url}/redirect/5?absolute=true`]);
  assertStringIncludes(far.stdout, "/get");
});

peerTest("curl decodes what was encoded for it", ["curl"], async () => {
  await using server = await serving();
  for (
    const [path, field] of [["gzip", "gzipped"], ["deflate", "deflated"], ["brotli", "brotli"]]
  ) {
    const { stdout } = await runPeer("curl", ["-sS", "--compressed", `${server.url}/${path}`]);
    assertEquals(JSON.parse(stdout)[field!], true, path);
  }
});

peerTest("urllib reads what it sent", ["python3"], async () => {
  await using server = await serving();
  const { stdout } = await runPython("http_client.py", [`${server.url}/headers`, "--bytes", "300"]);
  assertStringIncludes(stdout, '"User-Agent": "Python-urllib');
});
