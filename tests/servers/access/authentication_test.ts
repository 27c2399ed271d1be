/** Names, passwords and tokens in front of every HTTP application. */

import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { hashPassword } from "../../../core/keys/password_hash.ts";
import { UsageError } from "../../../core/usage_error.ts";
import type { HttpApp } from "../../../core/http/app.ts";
import { send } from "../../../dock/send.ts";
import { type Dock, serve, type ServeOptions } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { files } from "../../../web/files.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

function serving(options: ServeOptions): Promise<Dock> {
  return serve("http://127.0.0.1:0", (_, { user }) => new Response(user), options);
}

const basic = (text: string) =>
  `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(text)))}`;

async function ask(url: string, authorization?: string): Promise<Response> {
  const headers = authorization === undefined ? [] : [["authorization", authorization]];
  return await fetch(url, { headers: headers as [string, string][] });
}

async function statusOf(url: string, authorization?: string): Promise<number> {
  const response = await ask(url, authorization);
  await response.body?.cancel();
  return response.status;
}

/** A file of one line for each of its arguments. */
async function fileOf(folder: string, ...lines: string[]): Promise<string> {
  const path = `${folder}/${crypto.randomUUID()}`;
  await Deno.writeTextFile(path, lines.join("\n"));
  return path;
}

Deno.test("one user from the options is let in and nobody else", async () => {
  await using server = await serving({ auth: "alice:sés:ame", realm: "The Shed" });
  const refused = await ask(server.url);
  assertEquals(refused.status, 401);
  assertEquals(
    refused.headers.get("www-authenticate"),
    'Basic realm="The Shed", charset="UTF-8"',
  );
  assertEquals(await refused.text(), "Say who you are.\n");
  const admitted = await ask(server.url, basic("alice:sés:ame"));
  assertEquals([admitted.status, await admitted.text()], [200, "alice"]);
  assertEquals(await statusOf(server.url, basic("alice:wrong")), 401);
  assertEquals(server.stats().unauthenticated, 2);
});

Deno.test("users come from a file of hashes, with comments", async () => {
  await using folder = await temporaryFolder();
  const bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  const authFile = await fileOf(
    folder.path,
    "# people",
    "",
    `alice:${await hashPassword("sesame")}`,
    `bob:${bcrypt}`,
  );
  await using server = await serving({ authFile });
  assertEquals(await (await ask(server.url, basic("alice:sesame"))).text(), "alice");
  assertEquals(await (await ask(server.url, basic("bob:U*U"))).text(), "bob");
  assertEquals(await statusOf(server.url, basic("bob:sesame")), 401);
});

Deno.test("bearer tokens have names", async () => {
  await using folder = await temporaryFolder();
  const authTokenFile = await fileOf(folder.path, "ci:t0ken-of-ci", "bare.token");
  await using server = await serving({ authTokenFile });
  const refused = await ask(server.url);
  assertEquals(refused.headers.get("www-authenticate"), 'Bearer realm="sockdock"');
  await refused.body?.cancel();
  assertEquals(await (await ask(server.url, "Bearer t0ken-of-ci")).text(), "ci");
  assertEquals(await (await ask(server.url, "bearer bare.token")).text(), "token");
  assertEquals(await statusOf(server.url, "Bearer other"), 401);
});

Deno.test("malformed credentials are 400, those of another scheme 401", async () => {
  await using server = await serving({ auth: "alice:sesame" });
  for (
    const malformed of [
      "Basic",
      "Basic ",
      "Basic %%%",
      `Basic ${btoa("nocolon")}`,
      `Basic ${btoa("\xff\xfe:x")}`,
      `Basic ${btoa("a\nb:c")}`,
      "x".repeat(9000),
    ]
  ) {
    assertEquals(await statusOf(server.url, malformed), 400, malformed.slice(0, 40));
  }
  for (const other of ["Bearer x", "Digest username=alice", "Negotiate abc"]) {
    assertEquals(await statusOf(server.url, other), 401, other);
  }
});

Deno.test("whatever stands in the header, the answer is 400 or 401", async () => {
  const next = seeded(newSeed());
  await using server = await serving({ auth: "alice:sesame" });
  const alphabet = 'Basic earDigst ABC:=,"+/0129._~-\t%';
  for (let round = 0; round < 300; round++) {
    const length = Math.floor(next() * 60);
    const text = Array.from({ length }, () => alphabet[Math.floor(next() * alphabet.length)]);
    const status = await statusOf(server.url, text.join("").trim());
    assertEquals([400, 401].includes(status), true, `${text.join("")}: ${status}`);
  }
});

Deno.test("a user who was let in is not slowed down by the guesses of others", async () => {
  await using server = await serving({ auth: "alice:sesame" });
  assertEquals(await statusOf(server.url, basic("alice:sesame")), 200);
  // Two guesses are free of charge; from the third on they wait, and too many are refused.
  for (const guess of ["a:x", "a:y"]) assertEquals(await statusOf(server.url, basic(guess)), 401);
  const guesses = Array.from(
    { length: 12 },
    (_, index) => statusOf(server.url, basic(`a:${index}`)),
  );
  assertEquals(await Promise.race(guesses), 429);
  assertEquals(await statusOf(server.url, basic("alice:sesame")), 200);
  await server.shutdown();
  const statuses = await Promise.all(guesses);
  assertEquals(statuses.includes(429), true, String(statuses));
});

Deno.test("a WebSocket inside an application wants credentials as its pages do", async () => {
  const app: HttpApp = {
    name: "app",
    summary: "An application",
    options: {},
    open: () => ({
      handle: () => new Response("page"),
      upgrade: (_, { user }) => ({ serve: (session) => session.send(`hello ${user}`) }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  await using server = await serve("http://127.0.0.1:0", app, { auth: "alice:sesame" });
  const url = server.url.replace("http", "ws");
  await assertRejects(() => send(url, "x"), Error, "401");
  const answer = await send(url, "x", { header: [`Authorization: ${basic("alice:sesame")}`] });
  assertEquals(new TextDecoder().decode(answer), "hello alice");
});

Deno.test("a protocol over WebSocket wants credentials too", async () => {
  await using server = await serve("ws://127.0.0.1:0", echo, { auth: "alice:sesame" });
  await assertRejects(() => send(server.url, "x"), Error, "401");
  const header = [`Authorization: ${basic("alice:sesame")}`];
  assertEquals(new TextDecoder().decode(await send(server.url, "x", { header })), "x");
  assertEquals(server.stats().unauthenticated, 1);
});

Deno.test("a browser may ask whether it may ask", async () => {
  await using server = await serving({ auth: "alice:sesame" });
  const preflight = await fetch(server.url, {
    method: "OPTIONS",
    headers: { "access-control-request-method": "PUT" },
  });
  assertEquals(preflight.status, 200);
  await preflight.body?.cancel();
  const plain = await fetch(server.url, { method: "OPTIONS" });
  assertEquals(plain.status, 401);
  await plain.body?.cancel();
});

Deno.test("a file that lets nobody in, or cannot be read, stops the server from starting", async () => {
  await using folder = await temporaryFolder();
  const refusal = async (options: ServeOptions) =>
    (await assertRejects(() => serving(options), UsageError)).message;
  const file = (...lines: string[]) => fileOf(folder.path, ...lines);
  assertMatch(await refusal({ authFile: `${folder.path}/missing` }), /--auth-file: cannot read/);
  assertMatch(await refusal({ authFile: await file("# nobody") }), /there is nobody in/);
  assertMatch(await refusal({ authFile: await file("", "alice") }), /:2: expected user:hash/);
  assertMatch(await refusal({ authFile: await file("alice:secret") }), /:1: the hash is neither/);
  assertMatch(await refusal({ authTokenFile: await file("a b") }), /:1: a token has/);
  assertMatch(await refusal({ auth: "alice" }), /--auth: expected user:password/);
  assertMatch(await refusal({ auth: "alice:x", realm: 'a"b' }), /--realm: expected plain words/);
});

Deno.test("a server that sends passwords over the network in the clear says so", async () => {
  const notices: string[] = [];
  await using _ = await serve("http://0.0.0.0:0", () => new Response("hi"), {
    auth: "alice:sesame",
    emit: (event) => event.event === "notice" && notices.push(event.text),
  });
  assertStringIncludes(notices.join(), "unencrypted");
});

peerTest("curl and Python's opener log in", ["curl", "python3"], async () => {
  await using server = await serving({ auth: "alice:sesame", realm: "shed" });
  assertEquals((await runPeer("curl", ["-sS", "-u", "alice:sesame", server.url])).stdout, "alice");
  const program = `
import sys, urllib.request
manager = urllib.request.HTTPBasicAuthHandler()
manager.add_password("shed", sys.argv[1], "alice", "sesame")
print(urllib.request.build_opener(manager).open(sys.argv[1]).read().decode())
`;
  const { stdout } = await runPeer("python3", ["-c", program, server.url]);
  assertEquals(stdout, "alice\n");
});

/** The status of a request with a method. */
async function asking(url: string, method: string, authorization?: string): Promise<number> {
  const body = method === "PUT" || method === "POST" ? "text" : null;
  const response = await fetch(url, {
    method,
    body,
    ...(authorization !== undefined && { headers: { authorization } }),
  });
  await response.body?.cancel();
  return response.status;
}

for (const listener of ["guarded", "deno"] as const) {
  Deno.test(`--auth-upload leaves reading open and asks who changes things (--listener ${listener})`, async () => {
    await using server = await serving({ authUpload: "bob:secret", realm: "shed", listener });
    for (const method of ["GET", "OPTIONS"]) {
      assertEquals(await asking(server.url, method), 200, method);
      // A wrong password for what needs none is no matter.
      assertEquals(await asking(server.url, method, basic("bob:wrong")), 200, method);
    }
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "MKCOL"]) {
      assertEquals(await asking(server.url, method), 401, method);
      assertEquals(await asking(server.url, method, basic("bob:secret")), 200, method);
    }
    const refused = await fetch(server.url, { method: "DELETE" });
    assertEquals(refused.headers.get("www-authenticate"), 'Basic realm="shed", charset="UTF-8"');
    await refused.body?.cancel();
  });
}

Deno.test("with --auth too, its users read, and the other one reads and changes things", async () => {
  await using server = await serving({ auth: "alice:sesame", authUpload: "bob:secret" });
  const statuses = async (authorization?: string) => [
    await asking(server.url, "GET", authorization),
    await asking(server.url, "PUT", authorization),
  ];
  assertEquals(await statuses(), [401, 401]);
  assertEquals(await statuses(basic("alice:sesame")), [200, 401]);
  assertEquals(await statuses(basic("bob:secret")), [200, 200]);
  await assertRejects(
    () => serving({ auth: "bob:sesame", authUpload: "bob:secret" }),
    UsageError,
    "bob is let in already",
  );
  await assertRejects(() => serving({ authUpload: "bob" }), UsageError, "--auth-upload: expected");
});

Deno.test("a file is uploaded with the password of --auth-upload alone", async () => {
  await using folder = await temporaryFolder();
  await using server = await serve("http://127.0.0.1:0", files, {
    root: folder.path,
    upload: true,
    authUpload: "bob:secret",
  });
  assertEquals(await asking(`${server.url}/new.txt`, "PUT"), 401);
  assertEquals(await asking(`${server.url}/new.txt`, "GET"), 404);
  assertEquals(await asking(`${server.url}/new.txt`, "PUT", basic("bob:secret")), 201);
  assertEquals(await asking(`${server.url}/new.txt`, "GET"), 200);
});
