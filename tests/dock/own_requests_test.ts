/** Requests that the control sends to servers of its own process, and nowhere else. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type Control, echo, openControl, serve } from "../../mod.ts";
import type { HttpHandler } from "../../core/http/app.ts";
import { openAuthority } from "../../core/certificates/authority_folder.ts";
import { heldBodyBytes } from "../../servers/http/captured.ts";
import { inspect } from "../../web/inspect.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { ask } from "./ask_control.ts";

const request = (control: Control, server: number, body: unknown) =>
  ask(control, "POST", `/api/servers/${server}/request`, body);

Deno.test("a request is sent over every transport of HTTP, as it was given", async () => {
  await using folder = await temporaryFolder();
  const data = { dataFolder: folder.path };
  await using plain = await serve(
    ["http://127.0.0.1:0", "http://0.0.0.0:0", `unix://${folder.path}/http`],
    inspect,
    { allow: ["127.0.0.1"] },
  );
  await using secure = await serve("https://localhost:0", inspect, data);
  await using control = await openControl([plain, secure]);
  for (let server = 1; server <= 4; server++) {
    const { status, body } = await request(control, server, {
      method: "PUT",
      target: "/anything?one=two",
      headers: [["X-Twice", "a"], ["x-twice", "b"], ["Content-Type", "text/plain"]],
      text: "ahoy \u2693",
    });
    assertEquals([status, body.status, body.httpVersion], [200, 200, "1.1"], JSON.stringify(body));
    const seen = JSON.parse(body.text);
    assertEquals([seen.method, seen.data, seen.args], ["PUT", "ahoy \u2693", { one: "two" }]);
    // Nothing is added but what carries it.
    const names = Object.keys(seen.headers).map((name) => name.toLowerCase()).sort();
    assertEquals(names, ["connection", "content-length", "content-type", "host", "x-twice"]);
    const { connectMs, firstByteMs, totalMs, tlsMs } = body.timing;
    assert(connectMs >= 0 && firstByteMs > 0 && totalMs >= firstByteMs);
    assertEquals(tlsMs !== undefined, server === 4);
    const bytes = await request(control, server, {
      ...{ method: "POST", target: "/anything", base64: "AP8=", maxBodyBytes: 5 },
    });
    assertEquals([bytes.body.text, bytes.body.cut], ['{\n  "', true]);
    assert(bytes.body.bytes > 100);
  }
  assertEquals(heldBodyBytes(), 0);
});

Deno.test("a request leaves neither the server nor this process, whatever it says", async () => {
  let strayed = 0;
  const elsewhere: HttpHandler = () => {
    strayed++;
    return new Response("stray");
  };
  await using other = await serve("http://127.0.0.1:0", elsewhere);
  const { port } = new URL(other.url);
  const redirecting: HttpHandler = () => Response.redirect(`${other.url}/away`);
  await using own = await serve("http://127.0.0.1:0", redirecting);
  await using control = await openControl([own]);
  const { body } = await request(control, 1, { target: "/" });
  assertEquals([body.status, new Map(body.headers).get("location")], [302, `${other.url}/away`]);
  for (
    const target of [
      `@127.0.0.1:${port}/`,
      `:${port}/`,
      `${other.url}/`,
      `\\\\127.0.0.1:${port}/`,
      "",
      "/a#b",
    ]
  ) {
    const { status, body } = await request(control, 1, { target });
    assertEquals([status, body.detail.slice(0, 8)], [422, "target: "], target);
  }
  for (
    const target of [`//127.0.0.1:${port}/`, `/\\127.0.0.1:${port}/`, `/..//127.0.0.1:${port}`]
  ) {
    assertEquals((await request(control, 1, { target })).body.status, 302);
  }
  const lying = await request(control, 1, { headers: [["Host", `127.0.0.1:${port}`]] });
  assertEquals(lying.body.status, 302);
  // Its name is not looked up: the server alone decides what it thinks of it.
  const foreign = await request(control, 1, { headers: [["host", "evil.example"]] });
  assertEquals(foreign.body.status, 421);
  assertEquals(strayed, 0);
});

Deno.test("what cannot be sent is refused, saying why", async () => {
  await using web = await serve("http://127.0.0.1:0", inspect);
  await using lines = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([web, lines]);
  const cases: readonly (readonly [server: number, body: unknown, status: number, text: string])[] =
    [
      [9, {}, 404, "there is no server 9"],
      [2, {}, 409, "takes no HTTP requests"],
      [1, { method: "CONNECT" }, 422, "CONNECT"],
      [1, { method: "GET /" }, 422, "cannot be a method"],
      [1, { text: "a", base64: "YQ==" }, 422, "either text or base64"],
      [1, { headers: [["Content-Length", "5"]] }, 422, "Content-Length is set by the control"],
      [1, { headers: [["transfer-encoding", "chunked"]] }, 422, "leave it away"],
      [1, { headers: [["Authorization", "Basic ***"]] }, 422, "in place of a secret"],
      [1, { headers: [["a b", "c"]] }, 422, "cannot be the name of a header"],
      [1, { headers: [["a", "b\r\nc: d"]] }, 422, "cannot have the value"],
      [1, { headers: [["a"]] }, 422, "2 to 2 items"],
      [1, { target: 1 }, 422, "body.target: expected string"],
      [1, { url: "http://example.com" }, 422, "unknown field"],
      [1, { maxBodyBytes: 2 ** 21 }, 422, "a number from 0"],
    ];
  for (const [server, body, status, text] of cases) {
    const answer = await request(control, server, body);
    assertEquals(answer.status, status, JSON.stringify(answer.body));
    assertStringIncludes(answer.body.detail, text);
  }
});

Deno.test("credentials are the caller's own, are masked in the answer, and are missed in words", async () => {
  await using folder = await temporaryFolder();
  const { authority } = await openAuthority(folder.path, Date.now());
  const mirror: HttpHandler = (request) =>
    new Response(`You said ${request.headers.get("authorization")}.`);
  await using guarded = await serve("http://127.0.0.1:0", mirror, { auth: "ada:swordfish" });
  await using mutual = await serve("https://127.0.0.1:0", inspect, {
    ...{ dataFolder: folder.path, requireClientCert: true, tlsCa: [authority.cert] },
  });
  await using control = await openControl([guarded, mutual]);
  const without = await request(control, 1, { target: "/headers" });
  assertEquals([without.body.status, without.body.missing], [401, "credentials"]);
  assertStringIncludes(new Map(without.body.headers).get("www-authenticate") as string, "Basic");
  const secret = btoa("ada:swordfish");
  const given = await request(control, 1, {
    ...{ target: "/headers", headers: [["Authorization", `Basic ${secret}`]] },
  });
  assertEquals([given.body.status, given.body.missing], [200, undefined]);
  assertEquals(given.body.text, "You said ***.");
  assert(!JSON.stringify(given.body).includes(secret));
  const refused = await request(control, 2, {});
  assertEquals(refused.status, 409);
  assertStringIncludes(refused.body.detail, "wants a client certificate");
  assertStringIncludes(refused.body.detail, `sockdock fetch ${mutual.url} --tls-cert FILE`);
});

Deno.test("an answer that does not come, breaks off or has no end is given up, with what there is", async () => {
  const odd: HttpHandler = (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/never") return new Promise<Response>(() => {});
    if (pathname === "/endless") {
      return new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(10)) }));
    }
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(10));
          controller.error(new Error("broken"));
        },
      }),
    );
  };
  await using server = await serve("http://127.0.0.1:0", odd);
  await using control = await openControl([server]);
  const never = await request(control, 1, { target: "/never", timeoutMs: 300 });
  assertEquals(never.status, 504);
  assertStringIncludes(never.body.detail, "not done within 300 ms");
  const endless = await request(control, 1, { target: "/endless", timeoutMs: 2000 });
  assertEquals([endless.status, endless.body.status], [200, 200], JSON.stringify(endless.body));
  assertEquals(endless.body.bytes, 10);
  assertStringIncludes(endless.body.broke, "not done within 2000 ms");
  const broken = await request(control, 1, { target: "/broken" });
  assert(broken.status === 502 || broken.body.broke !== undefined, JSON.stringify(broken.body));
  await server.shutdown({ graceMs: 0 });
  assertEquals(heldBodyBytes(), 0);
});

Deno.test("only so many requests are on their way, and a caller that leaves ends its own", async () => {
  let arrived = 0;
  const waiting: HttpHandler = () => {
    arrived++;
    return new Promise<Response>(() => {});
  };
  await using server = await serve("http://127.0.0.1:0", waiting);
  await using control = await openControl([server]);
  const leaving = new AbortController();
  const asked = Array.from({ length: 16 }, () =>
    fetch(`${control.url}/api/servers/1/request`, {
      method: "POST",
      headers: { authorization: `Bearer ${control.token}` },
      body: JSON.stringify({ timeoutMs: 60_000 }),
      signal: leaving.signal,
    }).catch(() => {}));
  while (arrived < 16) await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals((await request(control, 1, {})).status, 429);
  leaving.abort();
  await Promise.all(asked);
  while ((await request(control, 1, { timeoutMs: 100 })).status === 429);
  await server.shutdown({ graceMs: 0 });
});
