/** HTTPS: the versions of HTTP that ALPN chooses, and what HTTP/2 does differently. */

import { assertEquals, assertMatch } from "@std/assert";
import type { HttpHandler } from "../../core/http_app.ts";
import { type Dock, serve, type ServeOptions } from "../../dock/serve.ts";
import { peerTest, runPeer } from "../peer.ts";
import { RawHttp } from "./raw_http.ts";

function serving(handler: HttpHandler, options: ServeOptions = {}): Promise<Dock> {
  return serve("https://127.0.0.1:0", handler, options);
}

/** Deno's own client, which takes HTTP/2 when the server offers it. */
function clientOf(server: Dock): Deno.HttpClient {
  return Deno.createHttpClient({ caCerts: [server.certificate?.pem ?? ""] });
}

peerTest("curl gets HTTP/2 or HTTP/1.1, whichever it prefers", ["curl"], async () => {
  await using server = await serving((request) => new Response(request.url));
  for (const [flag, version] of [["--http2", "2"], ["--http1.1", "1.1"]] as const) {
    const args = ["-sSk", flag, "-w", " %{http_version}", `${server.url}/path`];
    assertEquals((await runPeer("curl", args)).stdout, `${server.url}/path ${version}`);
  }
});

Deno.test("fetch trusts the certificate that the server shows", async () => {
  await using server = await serving(() => new Response("hi"));
  using client = clientOf(server);
  assertEquals(await (await fetch(server.url, { client })).text(), "hi");
});

Deno.test("many requests share one connection", async () => {
  await using server = await serving(async (request) => {
    await Promise.resolve();
    return new Response(request.url);
  });
  using client = clientOf(server);
  await (await fetch(server.url, { client })).text();
  const urls = Array.from({ length: 50 }, (_, index) => `${server.url}/${index}`);
  const answers = await Promise.all(
    urls.map(async (url) => await (await fetch(url, { client })).text()),
  );
  assertEquals(answers, urls);
  assertEquals(server.stats().opened, 1);
});

Deno.test("a name that the server does not go by is refused under HTTP/2 too", async () => {
  await using server = await serving(() => new Response("hi"));
  using client = Deno.createHttpClient({ caCerts: [server.certificate?.pem ?? ""] });
  const { port } = new URL(server.url);
  assertEquals(await (await fetch(`https://localhost:${port}`, { client })).text(), "hi");
  const args = ["-sSk", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: evil.example"];
  const { stdout } = await runPeer("curl", [...args, server.url]);
  assertEquals(stdout, "421");
});

Deno.test("a body without a length is held to its limit", async () => {
  await using server = await serving(
    async (request) => new Response(String((await request.bytes()).length)),
    { maxBodyBytes: 1000 },
  );
  using client = clientOf(server);
  const post = (bytes: number) =>
    fetch(server.url, {
      client,
      method: "POST",
      body: ReadableStream.from([new Uint8Array(bytes)]),
    });
  assertEquals(await (await post(1000)).text(), "1000");
  const refused = await post(1001);
  assertEquals(refused.status, 413);
  await refused.body?.cancel();
  // What was refused has not ended the connection.
  assertEquals(await (await post(10)).text(), "10");
  assertEquals(server.stats().opened, 1);
});

Deno.test("shutdown lets one slow answer of several finish", async () => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  await using server = await serving(async (request) => {
    if (request.url.endsWith("/slow")) {
      asked.resolve();
      await go.promise;
    }
    return new Response("done");
  });
  using client = clientOf(server);
  assertEquals(await (await fetch(server.url, { client })).text(), "done");
  const slow = fetch(`${server.url}/slow`, { client });
  await asked.promise;
  const down = server.shutdown({ graceMs: 30_000 });
  go.resolve();
  assertEquals(await (await slow).text(), "done");
  await down;
});

Deno.test("a quiet HTTP/2 connection is closed after the keep-alive time", async () => {
  const stopped = Promise.withResolvers<void>();
  await using server = await serving(() => new Response("hi"), { keepAliveTimeoutMs: 40 });
  using client = clientOf(server);
  for (let round = 1; round <= 2; round++) {
    await (await fetch(server.url, { client })).text();
    // A second connection that is done earlier tells when the first one's time is over.
    const conn = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: Number(new URL(server.url).port),
      caCerts: [server.certificate?.pem ?? ""],
    });
    using raw = new RawHttp(conn);
    await raw.get("/", "localhost");
    await raw.answer();
    await raw.rest();
    stopped.resolve();
  }
  assertEquals(server.stats().opened >= 3, true);
});

Deno.test("plain HTTP on an encrypted port is a failed handshake, and the server goes on", async () => {
  await using server = await serving(() => new Response("hi"));
  using raw = await RawHttp.open(server.url.replace("https", "http"));
  await raw.get("/", "localhost");
  await raw.rest();
  assertEquals(server.stats().handshakesFailed, 1);
  using client = clientOf(server);
  assertEquals(await (await fetch(server.url, { client })).text(), "hi");
});

Deno.test("the URL of a request is an https one", async () => {
  await using server = await serving((request) => new Response(request.url));
  using client = clientOf(server);
  assertMatch(await (await fetch(`${server.url}/a?b`, { client })).text(), /^https:.*\/a\?b$/);
});
