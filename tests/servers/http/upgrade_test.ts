/** WebSockets inside an HTTP application: the same port serves pages and them. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { ServerEvent } from "../../../core/event.ts";
import type { HttpApp, WebSocketAnswer } from "../../../core/http/app.ts";
import { connect } from "../../../dock/connect.ts";
import { send } from "../../../dock/send.ts";
import { type Dock, serve, type ServeOptions } from "../../../dock/serve.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { RawHttp } from "../raw_http.ts";

const echo: WebSocketAnswer = {
  subprotocols: ["v2.echo", "v1.echo"],
  async serve(session) {
    for await (const message of session) await session.send(message);
  },
};

/** Pages everywhere, and a WebSocket at /echo. */
function mixed(answer: WebSocketAnswer = echo): HttpApp {
  return {
    name: "mixed",
    summary: "Pages and a WebSocket",
    options: {},
    open: () => ({
      handle: (request, info) =>
        Response.json({
          path: new URL(request.url).pathname,
          version: info.httpVersion,
          names: info.headerList?.map(([name]) => name),
        }),
      upgrade: (request) =>
        new URL(request.url).pathname === "/echo"
          ? answer
          : new Response("only /echo\n", { status: 404 }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
}

function serving(options: ServeOptions = {}, answer?: WebSocketAnswer): Promise<Dock> {
  return serve("http://127.0.0.1:0", mixed(answer), options);
}

const handshake = [
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Sec-WebSocket-Version: 13",
];

/** The status of an upgrade that is asked for by hand. */
async function upgradeStatus(url: string, path: string, ...lines: string[]): Promise<number> {
  using raw = await RawHttp.open(url);
  await raw.get(path, new URL(url).host, ...lines);
  return (await raw.answer()).status;
}

Deno.test("pages and a WebSocket share a port", async () => {
  await using server = await serving();
  const ws = server.url.replace("http", "ws");
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(await send(`${ws}/echo`, "hello")), "hello");
  assertEquals((await (await fetch(`${server.url}/page`)).json()).path, "/page");
  const { opened, messagesReceived, messagesSent } = server.stats();
  assertEquals([opened, messagesReceived, messagesSent], [3, 1, 1]);
});

Deno.test("a handler sees the fields as they were written", async () => {
  await using server = await serving();
  using raw = await RawHttp.open(server.url);
  await raw.get("/", new URL(server.url).host, "X-Odd-CASE: 1", "accept: */*");
  const { version, names } = JSON.parse((await raw.answer()).body);
  assertEquals(version, "1.1");
  assertEquals(names, ["Host", "X-Odd-CASE", "accept"]);
});

Deno.test("an application refuses a WebSocket with its own answer", async () => {
  await using server = await serving();
  const error = await assertRejects(() =>
    send(`${server.url.replace("http", "ws")}/elsewhere`, "x")
  );
  assertMatch((error as Error).message, /404/);
});

Deno.test("what opens no WebSocket is answered with the right status", async () => {
  await using server = await serving();
  const ask = (...lines: string[]) => upgradeStatus(server.url, "/echo", ...lines);
  assertEquals(await ask(...handshake), 101);
  assertEquals(await ask(...handshake.slice(0, 3), "Sec-WebSocket-Version: 8"), 426);
  assertEquals(await ask(...handshake.filter((line) => !line.includes("Key"))), 400);
  assertEquals(await ask(...handshake, "Origin: http://evil.example"), 403);
  assertEquals(server.stats().forbidden, 1);
});

Deno.test("the application's subprotocols are agreed on", async () => {
  await using server = await serving();
  using raw = await RawHttp.open(server.url);
  const { host } = new URL(server.url);
  await raw.get("/echo", host, ...handshake, "Sec-WebSocket-Protocol: v0.echo, v1.echo");
  assertEquals((await raw.answer()).headers.get("sec-websocket-protocol"), "v1.echo");
});

Deno.test("shutdown closes a WebSocket with 1001 and waits for nobody", async () => {
  const reasons: string[] = [];
  await using server = await serving({
    emit: (event: ServerEvent) => event.event === "closed" && reasons.push(event.reason),
  });
  await using session = await connect(`${server.url.replace("http", "ws")}/echo`);
  await session.send("x");
  const messages = session[Symbol.asyncIterator]();
  await messages.next();
  await server.shutdown({ graceMs: 60_000 });
  assertEquals((await messages.next()).done, true);
  assertEquals(reasons, ["became a WebSocket", "shutdown"]);
});

Deno.test("a handler of a WebSocket that fails closes it alone", async () => {
  await using server = await serving({}, { serve: () => Promise.reject(new Error("oh")) });
  const url = `${server.url.replace("http", "ws")}/echo`;
  await using session = await connect(url);
  await assertRejects(async () => {
    for await (const _ of session) { /* nothing comes */ }
  }).catch(() => {});
  assertEquals((await (await fetch(server.url)).json()).path, "/");
  assertEquals(server.stats().failed, 1);
});

Deno.test("--once counts a WebSocket as the request that is served", async () => {
  await using server = await serving({ once: true });
  await send(`${server.url.replace("http", "ws")}/echo`, "x");
  await server.finished;
});

peerTest("an application with WebSockets speaks HTTP/2 without TLS too", ["curl"], async () => {
  await using server = await serving();
  const { stdout } = await runPeer("curl", ["-sS", "--http2-prior-knowledge", `${server.url}/a`]);
  assertMatch(stdout, /"path":"\/a","version":"2"/);
});

for (const body of ["known", "streamed"] as const) {
  peerTest(`a HEAD over HTTP/2 gets no body, where the application gives a ${body} one`, [
    "curl",
  ], async () => {
    const answer = () =>
      new Response(body === "known" ? "body" : ReadableStream.from([new Uint8Array(4)]));
    await using server = await serve(["http://127.0.0.1:0", "https://127.0.0.1:0"], answer);
    await using deno = await serve("https://127.0.0.1:0", answer, { listener: "deno" });
    for (const url of [...server.urls, deno.url]) {
      const version = url.startsWith("https") ? "--http2" : "--http2-prior-knowledge";
      const { stdout } = await runPeer("curl", ["-sSk", "--head", version, url]);
      assertMatch(stdout, /^HTTP\/2 200/);
      assertEquals(/content-length: (\d+)/.exec(stdout)?.[1], body === "known" ? "4" : undefined);
    }
  });
}

peerTest("over TLS, HTTP/2, HTTP/1.1 and WebSockets share a port", ["curl"], async () => {
  await using server = await serve("https://127.0.0.1:0", mixed());
  for (const [flag, version] of [["--http2", "2"], ["--http1.1", "1.1"]] as const) {
    const { stdout } = await runPeer("curl", ["-sSk", flag, server.url]);
    assertMatch(stdout, new RegExp(`"version":"${version}"`));
  }
  using client = Deno.createHttpClient({ caCerts: [server.certificate?.pem ?? ""] });
  const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);
  const answers = await Promise.all(
    paths.map(async (path) => (await (await fetch(server.url + path, { client })).json()).path),
  );
  assertEquals(answers, paths);
  const url = `${server.url.replace("https", "wss")}/echo`;
  const answer = await send(url, "sealed", { insecure: true });
  assertEquals(new TextDecoder().decode(answer), "sealed");
});

peerTest("an application runs on a Unix socket", ["curl"], async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/web.sock`;
  await using server = await serve(`unix://${path}`, () => new Response("over a file\n"));
  const args = ["-sS", "--unix-socket", path, "http://localhost/"];
  assertEquals((await runPeer("curl", args)).stdout, "over a file\n");
  assertEquals(server.stats().requests, 1);
  assertMatch(server.url, /^unix:\/\/.*web\.sock$/);
});
