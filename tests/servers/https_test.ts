/** HTTPS: the versions of HTTP that ALPN chooses, and what HTTP/2 does differently. */

import { X509Certificate } from "node:crypto";
import { assertEquals, assertMatch } from "@std/assert";
import { reachableAddresses } from "../../core/addresses/own_addresses.ts";
import type { HttpHandler } from "../../core/http/app.ts";
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

Deno.test("a certificate made on the spot names every address of this machine", async () => {
  await using server = await serve("https://0.0.0.0:0", () => new Response("hi"));
  const certificate = new X509Certificate(server.certificate!.pem);
  for (const address of ["127.0.0.1", ...reachableAddresses("::") ?? []]) {
    assertEquals(certificate.checkIP(address), address);
  }
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

/** An HTTP/2 frame without payload bytes above 127. */
function frame(type: number, flags: number, stream: number, payload: string): string {
  return String.fromCharCode(0, 0, payload.length, type, flags, 0, 0, 0, stream) + payload;
}

Deno.test("an HTTP/2 connection that asks nothing, or nothing more, is closed", async () => {
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "");
  // Literals without indexing (RFC 7541 6.2.2), in the place of a real encoder.
  const field = (name: string, value: string) =>
    "\x00" + [name, value].map((text) => String.fromCharCode(text.length) + text).join("");
  const request = [[":method", "GET"], [":scheme", "https"], [":path", "/"], [
    ":authority",
    "localhost",
  ]].map(([name = "", value = ""]) => field(name, value)).join("");
  const cases = [
    [preface, { headerTimeoutMs: 40 }, { timedOut: 1, idle: 0, requests: 0 }],
    [
      preface + frame(1, 5, 1, request),
      { headerTimeoutMs: 60_000, keepAliveTimeoutMs: 40 },
      { timedOut: 0, idle: 1, requests: 1 },
    ],
  ] as const;
  for (const [opening, limits, expected] of cases) {
    await using server = await serving(() => new Response("hi"), limits);
    const conn = await Deno.connectTls({
      hostname: "127.0.0.1",
      port: Number(new URL(server.url).port),
      caCerts: [server.certificate?.pem ?? ""],
      alpnProtocols: ["h2"],
    });
    using raw = new RawHttp(conn);
    await raw.send(opening);
    await raw.rest();
    const { timedOut, idle, requests } = server.stats();
    assertEquals({ timedOut, idle, requests }, expected);
  }
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

peerTest(
  "a client that leaves without the farewell of TLS is no failure",
  ["python3"],
  async () => {
    await using server = await serving(() => new Response("hi"));
    const { hostname, port, host } = new URL(server.url);
    const program = `
import socket, ssl, sys
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
with context.wrap_socket(socket.create_connection((sys.argv[1], int(sys.argv[2])))) as client:
    client.sendall(f"GET / HTTP/1.1\\r\\nHost: {sys.argv[3]}\\r\\n\\r\\n".encode())
    print(client.recv(12).decode())
`;
    const { stdout } = await runPeer("python3", ["-c", program, hostname, port, host]);
    assertEquals(stdout, "HTTP/1.1 200\n");
    await server.shutdown();
    assertEquals(server.stats().failed, 0);
  },
);
