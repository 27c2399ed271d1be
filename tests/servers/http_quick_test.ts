/** Answers that lie ready, among requests to which the application's handler answers. */

import { assertEquals, assertMatch } from "@std/assert";
import type { HttpApp } from "../../core/http/app.ts";
import { ReadyAnswer } from "../../core/http/ready_answer.ts";
import { type Dock, serve, type ServeOptions } from "../../dock/serve.ts";
import { peerTest, runPeer } from "../peer.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { RawHttp } from "./raw_http.ts";

/** Has `/ready` ready, and `/file` where there is one; everything says which way it came. */
function app(file?: string): HttpApp {
  const ready = new ReadyAnswer({ headers: { "x-way": "quick" }, body: "ready", length: 5 });
  const length = file === undefined ? 0 : Deno.statSync(file).size;
  const fileHead = new ReadyAnswer({ headers: { "x-way": "quick" }, body: null, length });
  return {
    name: "ready",
    summary: "Has answers ready",
    options: {},
    open: (_, { now }) => ({
      async handle(request) {
        const { pathname } = new URL(request.url);
        const body = `${request.method} ${pathname} ${await request.text()}`;
        return new Response(body, { headers: { "x-way": "handler" } });
      },
      quick({ method, path }) {
        if (path === "/file" && file !== undefined) {
          return Deno.open(file).then((handle) => ({
            ...fileHead.head(now()),
            file: {
              length,
              read: (into) => handle.read(into),
              rewind: (bytes) => void handle.seekSync(-bytes, Deno.SeekMode.Current),
              release: () => handle.close(),
            },
          }));
        }
        if (path === "/late") return Promise.resolve(ready.whole(now()));
        if (path !== "/ready") return path === "/never" ? Promise.resolve(null) : null;
        return method === "HEAD" ? ready.head(now()) : ready.whole(now());
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
}

function serving(options: ServeOptions = {}, file?: string): Promise<Dock> {
  return serve("http://127.0.0.1:0", app(file), options);
}

Deno.test("what lies ready is answered quickly, everything else by the handler", async () => {
  await using server = await serving();
  const { host } = new URL(server.url);
  using raw = await RawHttp.open(server.url);
  const ask = async (path: string, ...lines: string[]) => {
    await raw.get(path, host, ...lines);
    const { status, headers, body } = await raw.answer();
    return [status, headers.get("x-way"), body];
  };
  assertEquals(await ask("/ready"), [200, "quick", "ready"]);
  assertEquals(await ask("/late"), [200, "quick", "ready"]);
  assertEquals(await ask("/other"), [200, "handler", "GET /other "]);
  assertEquals(await ask("/ready"), [200, "quick", "ready"]);
  assertEquals(server.stats().requests, 4);
  assertEquals(server.stats().opened, 1);
});

Deno.test("an answer has its length and date, and HEAD has no body", async () => {
  const now = Date.UTC(2026, 10, 21, 12, 0, 0);
  await using server = await serving({ now: () => now });
  using raw = await RawHttp.open(server.url);
  const request = `HEAD /ready HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\n\r\n`;
  await raw.send(request);
  await raw.send(request);
  await raw.closeWrite();
  const head = "HTTP/1.1 200 OK\r\nx-way: quick\r\ncontent-length: 5\r\n" +
    "date: Sat, 21 Nov 2026 12:00:00 GMT\r\n\r\n";
  assertEquals(await raw.rest(), head + head);
});

Deno.test("an answer that lies ready says what becomes of the connection", async () => {
  await using server = await serving();
  const { host } = new URL(server.url);
  const connectionOf = async (version: string, ...lines: string[]) => {
    using raw = await RawHttp.open(server.url);
    await raw.send([`GET /ready HTTP/${version}`, `Host: ${host}`, ...lines, "", ""].join("\r\n"));
    const { headers, body } = await raw.answer();
    assertEquals([headers.get("x-way"), body], ["quick", "ready"]);
    return headers.get("connection");
  };
  assertEquals(await connectionOf("1.1"), undefined);
  assertEquals(await connectionOf("1.1", "Connection: close"), "close");
  assertEquals(await connectionOf("1.0"), "close");
  assertEquals(await connectionOf("1.0", "Connection: keep-alive"), "keep-alive");
});

Deno.test("requests that come together or in pieces are told apart", async () => {
  await using server = await serving();
  const { host } = new URL(server.url);
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const post = `POST /p HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 3\r\n\r\nabc`;
  const all = get("/ready") + get("/late") + get("/ready") + post + get("/ready");
  const random = seeded(newSeed());
  for (let run = 0; run < 50; run++) {
    using raw = await RawHttp.open(server.url);
    for (let at = 0; at < all.length;) {
      const length = 1 + Math.floor(random() * (run < 25 ? 200 : 40));
      await raw.send(all.slice(at, at + length));
      at += length;
    }
    const ways: (string | undefined)[] = [];
    const bodies: string[] = [];
    for (let answer = 0; answer < 5; answer++) {
      const { headers, body } = await raw.answer();
      ways.push(headers.get("x-way"));
      bodies.push(body);
    }
    assertEquals(ways, ["quick", "quick", "quick", "handler", "quick"]);
    assertEquals(bodies, ["ready", "ready", "ready", "POST /p abc", "ready"]);
  }
});

Deno.test("a request that is out of the ordinary is the handler's", async () => {
  await using server = await serving();
  const { host } = new URL(server.url);
  const wayOf = async (request: string) => {
    using raw = await RawHttp.open(server.url);
    await raw.send(request.replaceAll("HOST", host));
    const { status, headers } = await raw.answer();
    return headers.get("x-way") ?? status;
  };
  const get = (...lines: string[]) =>
    wayOf(["GET /ready HTTP/1.1", "Host: HOST", ...lines, "", ""].join("\r\n"));
  assertEquals(await get(), "quick");
  assertEquals(await get("Accept: */*", "Connection: keep-alive", "Cookie: a=b"), "quick");
  for (
    const line of [
      "Range: bytes=0-1",
      'If-None-Match: "x"',
      "If-Modified-Since: Sat, 21 Nov 2026 12:00:00 GMT",
      "Authorization: Basic eDp5",
      "Content-Length: 0",
      "Connection: close",
      "X: \u00e9",
      `X: ${"x".repeat(5000)}`,
    ]
  ) assertEquals(await get(line), "quick", line.slice(0, 40));
  for (const line of ["Origin: http://other.example", "Content-Length: 1"]) {
    assertEquals(await get(line, "", "a"), "handler", line);
  }
  assertEquals(await wayOf("GET http://HOST/ready HTTP/1.1\r\nHost: HOST\r\n\r\n"), "handler");
  assertEquals(await wayOf("GET /ready HTTP/1.0\r\nHost: HOST\r\n\r\n"), "quick");
  assertEquals(await wayOf("GET /../ready HTTP/1.1\r\nHost: HOST\r\n\r\n"), "handler");
  assertEquals(await wayOf("GET /never HTTP/1.1\r\nHost: HOST\r\n\r\n"), "handler");
  // And what may not be served at all is refused there.
  assertEquals(await wayOf("GET /ready HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421);
  assertEquals(await wayOf("GET /ready HTTP/1.1\r\n\r\n"), 400);
  assertEquals(await wayOf("GET /ready HTTP/1.1\r\nHost: HOST\r\nHost: HOST\r\n\r\n"), 400);
  assertEquals(await wayOf("GET /ready HTTP/1.1\r\nHost: HOST\r\nX : a\r\n\r\n"), 400);
  assertEquals(await wayOf("\x16\x03\x01\x02\r\n\r\n"), 400);
});

Deno.test("what is watched or needs a password is answered quickly all the same", async () => {
  for (const options of [{ watch: true }, { auth: "alice:sesame" }]) {
    await using server = await serving(options);
    const ask = async (password: string) => {
      const authorization = `Basic ${btoa(`alice:${password}`)}`;
      const response = await fetch(`${server.url}/ready`, { headers: { authorization } });
      await response.text();
      return response.headers.get("x-way") ?? response.status;
    };
    await ask("sesame");
    assertEquals(await ask("sesame"), "quick");
    if (options.auth !== undefined) assertEquals(await ask("other"), 401);
  }
});

Deno.test("--once asks the handler", async () => {
  await using server = await serving({ once: true });
  const response = await fetch(`${server.url}/ready`);
  assertEquals(response.headers.get("x-way"), "handler");
  await response.text();
});

Deno.test("a file is sent from the disk, again and again on one connection", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const bytes = new Uint8Array(3_000_000).map((_, at) => at % 251);
  await Deno.writeFile(path, bytes);
  await using server = await serving({}, path);
  for (let run = 0; run < 5; run++) {
    const response = await fetch(`${server.url}/file`);
    assertEquals(response.headers.get("x-way"), "quick");
    assertEquals(await response.bytes(), bytes);
  }
  assertEquals(server.stats().opened, 1);
});

Deno.test("a file that becomes shorter breaks its answer off", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await Deno.writeFile(path, new Uint8Array(1000));
  await using server = await serving({}, path);
  await Deno.truncate(path, 10);
  using raw = await RawHttp.open(server.url);
  await raw.get("/file", new URL(server.url).host);
  assertMatch(await raw.rest(), /content-length: 1000\r\n[^]*\r\n\r\n\0{10}$/);
});

Deno.test("a client that does not read its file is dropped after the keep-alive time", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await Deno.writeFile(path, new Uint8Array(1));
  await Deno.truncate(path, 64 * 1024 * 1024);
  await using server = await serving({ keepAliveTimeoutMs: 1000 }, path);
  const { host, hostname, port } = new URL(server.url);
  using client = await Deno.connect({ hostname, port: Number(port) });
  await client.write(new TextEncoder().encode(`GET /file HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  await client.read(new Uint8Array(1));
  // Others are served meanwhile.
  assertEquals(await (await fetch(`${server.url}/ready`)).text(), "ready");
  await server.shutdown({ graceMs: 10_000 });
  assertEquals(server.stats().idle >= 1, true);
});

Deno.test("shutdown closes quiet connections at once and lets a file finish", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  const bytes = 32 * 1024 * 1024;
  await Deno.writeFile(path, new Uint8Array(1));
  await Deno.truncate(path, bytes);
  await using server = await serving({}, path);
  using quiet = await RawHttp.open(server.url);
  await quiet.get("/ready", new URL(server.url).host);
  await quiet.answer();
  const response = await fetch(`${server.url}/file`);
  const down = server.shutdown({ graceMs: 20_000 });
  assertEquals(await quiet.rest(), "");
  assertEquals((await response.bytes()).length, bytes);
  await down;
});

Deno.test("half a head is closed after the header timeout", async () => {
  await using server = await serving({ headerTimeoutMs: 100 });
  using raw = await RawHttp.open(server.url);
  await raw.send("GET /ready HT");
  assertEquals(await raw.rest(), "");
  assertEquals(server.stats().timedOut, 1);
});

peerTest("HTTP/2 without TLS goes to the handler", ["curl"], async () => {
  await using server = await serving();
  const args = ["-sS", "--http2-prior-knowledge", `${server.url}/ready`];
  assertEquals((await runPeer("curl", args)).stdout, "GET /ready ");
});

Deno.test("whatever bytes come, a connection is answered or closed, and others go on", async () => {
  await using server = await serving({ headerTimeoutMs: 300, keepAliveTimeoutMs: 300 });
  const { host } = new URL(server.url);
  const random = seeded(newSeed());
  const valid = `GET /ready HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\n\r\n`;
  for (let run = 0; run < 300; run++) {
    using raw = await RawHttp.open(server.url);
    const letters = [...valid + valid];
    for (let change = Math.floor(random() * 4); change >= 0; change--) {
      const at = Math.floor(random() * letters.length);
      letters[at] = String.fromCharCode(Math.floor(random() * 128));
      if (random() < 0.3) letters.splice(at, Math.floor(random() * 10));
    }
    await raw.send(letters.join(""));
    await raw.closeWrite();
    assertMatch(await raw.rest(), /^(?:$|HTTP\/1\.1 (?:[24]\d\d|50[15]) )/);
  }
  assertEquals(await (await fetch(`${server.url}/ready`)).text(), "ready");
});
