/** Which proxy a request goes through, and how. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { fetchUrl } from "../../../clients/http/client.ts";
import { chooseProxy, type ProxyRules } from "../../../clients/http/proxy.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { serve } from "../../../dock/serve.ts";
import { freePort } from "../../free_port.ts";
import { answerOf, startRawServer } from "../raw_server.ts";

const none = { proxy: undefined, noProxy: false, proxyUser: undefined, rules: {} } as const;

/** The place of the proxy for a URL, or "direct". */
async function through(url: string, rules: ProxyRules): Promise<string> {
  const proxy = await chooseProxy(new URL(url), { ...none, rules });
  return proxy === undefined ? "direct" : `${proxy.hostname}:${proxy.port}`;
}

Deno.test("the environment names a proxy for each scheme, or one for all", async () => {
  const rules = { http: "http://one:3128", https: "two:8080", all: "http://three" };
  assertEquals(await through("http://host.example/", rules), "one:3128");
  assertEquals(await through("https://host.example/", rules), "two:8080");
  assertEquals(await through("https://host.example/", { all: "http://three/" }), "three:80");
  assertEquals(await through("https://host.example/", { http: "http://one:3128" }), "direct");
  assertEquals(await through("http://host.example/", { http: "", all: "http://[::1]:8" }), "::1:8");
});

Deno.test("no_proxy names hosts, all below them, addresses, networks and ports", async () => {
  const rules = (no: string) => ({ all: "http://proxy:1", no });
  const cases = [
    ["http://host.example/", "host.example", "direct"],
    ["http://host.example/", "other, host.EXAMPLE ", "direct"],
    ["http://a.host.example/", "host.example", "direct"],
    ["http://a.host.example/", ".host.example", "direct"],
    ["http://a.host.example/", "*.host.example", "direct"],
    ["http://badhost.example/", "host.example", "proxy:1"],
    ["http://host.example/", "*", "direct"],
    ["http://host.example:81/", "host.example:80", "proxy:1"],
    ["http://host.example/", "host.example:80", "direct"],
    ["http://192.0.2.7/", "192.0.2.7", "direct"],
    ["http://192.0.2.7/", "192.0.2.0/24", "direct"],
    ["http://192.0.3.7/", "192.0.2.0/24", "proxy:1"],
    ["http://[2001:db8::1]/", "2001:db8::/32", "direct"],
    ["http://[2001:db8::1]:80/", "[2001:db8::1]:80", "direct"],
    ["http://host.example/", ",,:80,.", "proxy:1"],
  ] as const;
  for (const [url, no, expected] of cases) {
    assertEquals(await through(url, rules(no)), expected, `${url} with ${no}`);
  }
});

Deno.test("loopback needs no proxy, unless one was asked for outright", async () => {
  for (const host of ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"]) {
    assertEquals(await through(`http://${host}/`, { all: "http://proxy:1" }), "direct", host);
  }
  const proxy = await chooseProxy(new URL("http://localhost/"), { ...none, proxy: "proxy:1" });
  assertEquals(proxy?.hostname, "proxy");
});

Deno.test("a proxy of another kind is refused by name, and its password is not shown", async () => {
  const url = new URL("http://host.example/");
  for (
    const proxy of ["socks5://proxy:1080", "socks4a://me:secret@proxy", "https://proxy", "ftp://p"]
  ) {
    const error = await assertRejects(() => chooseProxy(url, { ...none, proxy }), UsageError);
    assertStringIncludes(error.message, proxy.split(":")[0]!);
    assert(!error.message.includes("secret"), error.message);
  }
  await assertRejects(() => chooseProxy(url, { ...none, proxy: "http://p/path" }), UsageError);
  await assertRejects(
    () => chooseProxy(url, { ...none, proxy: "p", noProxy: true }),
    UsageError,
    "exclude each other",
  );
  assertEquals(
    await chooseProxy(url, { ...none, noProxy: true, rules: { all: "http://p" } }),
    undefined,
  );
});

Deno.test("a proxy is asked for the whole URL of http, with its own password", async () => {
  await using proxy = startRawServer(() => answerOf("200 OK", "by proxy"));
  const place = proxy.url.replace("http://", "http://me:pa%20ss@");
  await using response = await fetchUrl("http://host.example:81/a?b", {
    proxies: { http: place },
    credentials: { user: "klem", password: "x" },
  });
  assertEquals([await response.text(), response.url], ["by proxy", "http://host.example:81/a?b"]);
  const [request] = proxy.requests;
  assertEquals(request?.line, "GET http://host.example:81/a?b HTTP/1.1");
  assertEquals(request?.field("host"), "host.example:81");
  assertEquals(request?.field("proxy-authorization"), `Basic ${btoa("me:pa ss")}`);
  assertEquals(request?.field("authorization"), `Basic ${btoa("klem:x")}`);
  await using _other = await fetchUrl("http://host.example/", {
    proxy: place,
    proxyUser: "you:too",
  });
  assertEquals(proxy.requests[1]?.field("proxy-authorization"), `Basic ${btoa("you:too")}`);
});

/** A proxy that connects to `target`, whatever it is asked for. */
function tunnelTo(target: string) {
  const port = Number(new URL(target).port);
  return startRawServer(async (_request, peer) => {
    const conn = await Deno.connect({ port, hostname: "127.0.0.1" });
    await peer.send("HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n");
    await peer.join(conn);
  });
}

Deno.test("https goes through a tunnel, and the proxy learns no more than the host", async () => {
  await using server = await serve(
    "https://127.0.0.1:0",
    (request) => new Response(request.headers.get("proxy-authorization") ?? "secure"),
  );
  await using proxy = tunnelTo(server.url);
  await using response = await fetchUrl(`${server.url}/secret`, {
    proxy: proxy.url,
    proxyUser: "me:too",
    tlsFingerprint: server.certificate?.fingerprint ?? "",
  });
  assertEquals(await response.text(), "secure");
  const authority = new URL(server.url).host;
  assertEquals(proxy.requests.map(({ line }) => line), [`CONNECT ${authority} HTTP/1.1`]);
  assertEquals(proxy.requests[0]?.field("host"), authority);
  assertEquals(proxy.requests[0]?.field("proxy-authorization"), `Basic ${btoa("me:too")}`);
});

Deno.test("of a proxy that cannot be reached it is said that it is the proxy", async () => {
  const place = `http://127.0.0.1:${freePort()}`;
  for (const url of ["http://host.example", "https://host.example"]) {
    const error = await assertRejects(() => fetchUrl(url, { proxy: place }), Error);
    assertMatch(error.message, /^Cannot connect to http:\/\/127.*connection refused/);
    assertStringIncludes(error.message, `; it is the proxy for ${url}`);
  }
});

Deno.test("a proxy that refuses, answers nonsense or falls silent is an error that says so", async () => {
  const answers = [
    [answerOf("407 Proxy Authentication Required", ""), /407 .*--proxy-user/],
    [answerOf("502 Bad Gateway", ""), /the proxy answered 502/],
    ["SSH-2.0\r\n\r\n", /through the proxy 127/],
    ["", /closed the connection without an answer/],
    [`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}\r\n\r\n`, /longer than/],
    ["HTTP/1.1 200 OK\r\n\r\nearly", /more than its answer/],
  ] as const;
  for (const [answer, message] of answers) {
    await using proxy = startRawServer(() => answer);
    const error = await assertRejects(
      () => fetchUrl("https://host.example/", { proxy: proxy.url }),
      Error,
    );
    assertMatch(error.message, message);
  }
  await using silent = startRawServer((_request, peer) => peer.gone());
  const error = await assertRejects(
    () => fetchUrl("https://host.example/", { proxy: silent.url, connectTimeoutMs: 60 }),
    DOMException,
  );
  assertEquals(error.name, "TimeoutError");
});
