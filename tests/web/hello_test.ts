/** The Hello, World page. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { UsageError } from "../../core/usage_error.ts";
import { serve, type ServeOptions } from "../../dock/serve.ts";
import { peerTest, runPeer, runPython } from "../peer.ts";
import { RawHttp } from "../servers/raw_http.ts";
import { hello } from "../../web/hello.ts";
import colours from "../../web/page/colours.css" with { type: "text" };

type HelloOptions = ServeOptions<typeof hello.options>;

function serving(options: HelloOptions = {}) {
  return serve("http://127.0.0.1:0", hello, options);
}

/** Fetches a path, and reads the whole answer. */
async function get(path: string, options: HelloOptions = {}, method = "GET") {
  await using server = await serving(options);
  const response = await fetch(server.url + path, { method });
  const { status, headers } = response;
  return { status, headers, body: await response.text() };
}

Deno.test("hello is a page that greets within its first 300 bytes", async () => {
  for (const path of ["/", "/?whatever"]) {
    const { status, headers, body } = await get(path);
    assertEquals(status, 200);
    assertEquals(headers.get("content-type"), "text/html; charset=utf-8");
    assertStringIncludes(body, "<h1>Hello, World!</h1>");
    assertStringIncludes(body.slice(0, 300), "Hello, World!");
  }
});

Deno.test("hello is plain text at /hello.txt", async () => {
  const { status, headers, body } = await get("/hello.txt");
  assertEquals({ status, body }, { status: 200, body: "Hello, World!\n" });
  assertEquals(headers.get("content-type"), "text/plain; charset=utf-8");
  assertEquals(headers.get("x-content-type-options"), "nosniff");
});

Deno.test("hello says what it is told to, and nothing of it is markup", async () => {
  const text = `<script>"&'`;
  const page = await get("/", { text });
  assertStringIncludes(page.body, "<h1>&#60;script&#62;&#34;&#38;&#39;</h1>");
  assertEquals(page.body.includes("<script>"), false);
  assertEquals((await get("/hello.txt", { text })).body, `${text}\n`);
});

Deno.test("hello allows the style that it has and nothing else", async () => {
  const { body } = await get("/");
  const style = /<style>(.*)<\/style>/s.exec(body)?.[1] ?? "";
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style)),
  );
  const hash = btoa(String.fromCharCode(...digest));
  assertStringIncludes(body, `content="default-src 'sha256-${hash}'"`);
});

Deno.test("hello lies on the paper of the other pages", async () => {
  const { body } = await get("/");
  const papers = [...colours.matchAll(/--paper: (#\w+);/g)].map(([, paper]) => paper);
  assertStringIncludes(body, `background:light-dark(${papers.join(",")})`);
});

Deno.test("hello answers HEAD with the same head", async () => {
  const head = await get("/", {}, "HEAD");
  const page = await get("/");
  assertEquals(head.body, "");
  assertEquals(head.headers.get("content-type"), page.headers.get("content-type"));
  assertEquals(head.headers.get("content-length"), page.headers.get("content-length"));
});

Deno.test("hello knows no other path and no other method", async () => {
  assertEquals((await get("/other")).status, 404);
  assertEquals((await get("//")).status, 404);
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const { status, headers } = await get("/", {}, method);
    assertEquals({ status, allow: headers.get("allow") }, { status: 405, allow: "GET, HEAD" });
  }
});

Deno.test("hello adds the headers that it is given to every answer", async () => {
  const responseHeader = ["X-Greeting: ahoy", "Content-Language: en"];
  for (const path of ["/", "/hello.txt", "/other"]) {
    for (const method of ["GET", "HEAD", "POST"]) {
      const { headers } = await get(path, { responseHeader }, method);
      assertEquals(headers.get("x-greeting"), "ahoy", `${method} ${path}`);
      assertEquals(headers.get("content-language"), "en");
    }
  }
  const own = await get("/", { responseHeader: ["Content-Type: text/html"] });
  assertEquals(own.headers.get("content-type"), "text/html");
  // Such an answer does not lie ready.
  const latin = await get("/", { responseHeader: ["X-Name: \u00e9"] });
  assertEquals(latin.headers.get("x-name"), "\u00e9");
});

Deno.test("hello refuses a header that is none, or that frames the message", async () => {
  for (const responseHeader of [["X-Greeting"], ["X-A: 1\r\nX-B: 2"], ["Content-Length: 3"]]) {
    await assertRejects(() => get("/", { responseHeader }), UsageError, "--response-header");
  }
});

Deno.test("hello fits into the size that is sent fastest", async () => {
  await using server = await serving();
  using raw = await RawHttp.open(server.url);
  await raw.get("/", "localhost", "Connection: close");
  const { length } = await raw.rest();
  assert(length <= 512, `${length} bytes`);
});

peerTest("curl and urllib read the page", ["curl", "python3"], async () => {
  await using server = await serving();
  assertStringIncludes((await runPeer("curl", ["-sS", server.url])).stdout, "Hello, World!");
  const { stdout } = await runPython("http_client.py", [server.url, "--bytes", "300"]);
  assertStringIncludes(stdout, "200 text/html");
  assertStringIncludes(stdout, "Hello, World!");
});
