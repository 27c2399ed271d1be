import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, echo, hello, openControl, send, serve, textOf, UsageError } from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { ask } from "./ask_control.ts";

Deno.test("the control shows servers with their options, commands, counters and faults", async () => {
  await using server = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], echo, {
    maxConnections: 7,
  });
  await using page = await serve("http://127.0.0.1:0", hello, { auth: "ada:swordfish" });
  await using secure = await serve("tls://127.0.0.1:0", echo);
  await using control = await openControl([server, page, secure]);
  await send(server.url, "counted");
  const { body } = await ask(control, "GET", "/api/servers");
  const [tcp, udp, http, tls] = body.servers;
  assertEquals([tcp.id, udp.id, http.id, tls.id], [1, 2, 3, 4]);
  assertEquals([tcp.dock, udp.dock, http.dock], [1, 1, 2]);
  assertEquals([tcp.url, tcp.protocol, tcp.transport, udp.carrier, http.carries], [
    server.url,
    "echo",
    "tcp",
    "datagram",
    "requests",
  ]);
  assertEquals([tcp.options, http.options.auth], [{ maxConnections: 7 }, "***"]);
  assertEquals([tcp.counters.bytesReceived, tcp.faults], [7, null]);
  assert(!JSON.stringify(body).includes("swordfish"));
  assertEquals(tls.certificate.fingerprint, secure.certificate?.fingerprint);
  assert(new Date(tls.certificate.notAfter) > new Date());
  const programs = tcp.commands.map(({ program }: { program: string }) => program);
  assertEquals(programs, ["sockdock", "nc", "python3"]);
  assert(tcp.commands[0].command.startsWith(`sockdock send ${server.url}`));
  assertEquals((await ask(control, "GET", "/api/servers/2")).body.url, udp.url);
  assertEquals((await ask(control, "GET", "/api/servers/9")).status, 404);
  const catalogue = (await ask(control, "GET", "/api/catalogue")).body;
  assert(catalogue.protocols.some(({ name }: { name: string }) => name === "chat"));
  assertEquals((await ask(control, "GET", "/api/stats")).body.counters.bytesReceived, 7);
});

Deno.test("faults are set, told with what they did, and taken away, over the control", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const path = "/api/servers/1/faults";
  assertEquals((await ask(control, "GET", path)).body, { faults: null });
  const set = await ask(control, "PUT", path, { fault: "in.loss=100%", seed: 4 });
  assertEquals([set.status, set.body.faults.fault, set.body.faults.seed], [
    200,
    ["in.loss=100%"],
    4,
  ]);
  using session = await connect(server.url);
  for (let at = 0; at < 3; at++) await session.send("lost");
  for (;;) {
    const { faults } = (await ask(control, "GET", path)).body;
    if (faults.did.in.loss === 3) break;
  }
  assertEquals((await ask(control, "DELETE", path)).status, 204);
  assertEquals(textOf(await send(server.url, "heard")), "heard");
  const wrong = await ask(control, "PUT", path, { fault: ["reset=5%"] });
  assertEquals(wrong.status, 422);
  assertEquals(wrong.headers.get("content-type"), "application/problem+json");
  assert(wrong.body.detail.includes("reset cannot be had on a datagram transport"));
});

Deno.test("sessions are listed, spoken to and ended over the control", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  using session = await connect(server.url);
  const heard = session[Symbol.asyncIterator]();
  await session.send("hello");
  assertEquals(textOf((await heard.next()).value!), "hello");
  const { sessions } = (await ask(control, "GET", "/api/sessions?server=1")).body;
  assertEquals(sessions.length, 1);
  const [{ id, url, bytesReceived, bytesSent, carries }] = sessions;
  assertEquals([url, bytesReceived, bytesSent, carries], [server.url, 5, 5, "messages"]);
  const sent = await ask(control, "POST", `/api/sessions/${id}/send`, { text: "psst" });
  assertEquals(sent.status, 204);
  assertEquals(textOf((await heard.next()).value!), "psst");
  const bytes = await ask(control, "POST", `/api/sessions/${id}/send`, { base64: "AP8=" });
  assertEquals(bytes.status, 204);
  assertEquals((await heard.next()).value, new Uint8Array([0, 255]));
  for (const wrong of [{}, { text: "a", base64: "" }, { base64: "%" }]) {
    assertEquals((await ask(control, "POST", `/api/sessions/${id}/send`, wrong)).status, 422);
  }
  assertEquals((await ask(control, "DELETE", `/api/sessions/${id}`)).status, 204);
  assertEquals((await heard.next()).done, true);
  const closed = await ask(control, "GET", `/api/wait?event=closed&session=${id}`);
  assertEquals(closed.body.reason, "ended over the control");
  assertEquals((await ask(control, "DELETE", `/api/sessions/${id}`)).status, 404);
});

Deno.test("a wait finds what comes, and what has passed after a number", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const waiting = ask(control, "GET", "/api/wait?event=received&contains=two&timeout=60");
  // The wait has begun once the control counts it.
  while ((await ask(control, "GET", "/api/stats")).body.control.listeners === 0);
  await send(server.url, "one");
  await send(server.url, "one and two");
  const { body: found } = await waiting;
  assertEquals([found.event, found.text, found.url], ["received", "one and two", server.url]);
  const opened = (await ask(control, "GET", "/api/wait?event=opened")).body;
  const next = (await ask(control, "GET", `/api/wait?event=opened&after=${opened.id}`)).body;
  assert(next.id > opened.id && next.session !== opened.session);
  // Nobody listens any more, so no message is remembered.
  await send(server.url, "three");
  const none = await ask(control, "GET", "/api/wait?event=received&contains=three&timeout=0");
  assertEquals([none.status, none.body.title], [404, "Not Found"]);
  assertEquals((await ask(control, "GET", "/api/wait?server=7")).status, 404);
  for (const path of ["/api/wait", "/api/events"]) {
    const wrong = await ask(control, "GET", `${path}?event=opened,recieved`);
    assertEquals(wrong.status, 422);
    assert(wrong.body.detail.includes("did you mean received?"), wrong.body.detail);
  }
});

Deno.test("a wait for what comes after a number waits for a later one, known or not", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const lastEvent = async () =>
    (await ask(control, "GET", "/api/stats")).body.control.lastEvent as number;
  const after = await lastEvent() + 2;
  const waiting = ask(control, "GET", `/api/wait?event=opened&after=${after}&timeout=60`);
  while ((await ask(control, "GET", "/api/stats")).body.control.listeners === 0);
  while (await lastEvent() <= after) await send(server.url, "another session");
  const { status, body } = await waiting;
  assertEquals(status, 200);
  assert(body.id > after, `${body.id} is not after ${after}`);
});

Deno.test("a client that ends its connection gives up its place among those that wait", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const { hostname, port } = new URL(control.url);
  const listeners = async () =>
    (await ask(control, "GET", "/api/stats")).body.control.listeners as number;
  const conn = await Deno.connect({ hostname, port: Number(port) });
  await conn.write(new TextEncoder().encode(
    `GET /api/wait?event=closed&timeout=300 HTTP/1.1\r\nHost: ${hostname}:${port}\r\n` +
      `Authorization: Bearer ${control.token}\r\n\r\n`,
  ));
  while (await listeners() === 0);
  const beganMs = performance.now();
  conn.close();
  while (await listeners() > 0);
  assert(performance.now() - beganMs < 30_000, "it was waited for like an idle connection");
});

Deno.test("a message to a peer that reads nothing is given up in time, and not piled up", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const { hostname, port } = new URL(server.url.replace("tcp:", "http:"));
  using _conn = await Deno.connect({ hostname, port: Number(port) });
  let id: number | undefined;
  while (id === undefined) id = (await ask(control, "GET", "/api/sessions")).body.sessions[0]?.id;
  const text = "x".repeat(3_000_000);
  const path = `/api/sessions/${id}/send`;
  const details: string[] = [];
  for (let count = 0; count < 20; count++) {
    const { status, body } = await ask(control, "POST", path, { text, timeoutMs: 50 });
    if (status !== 204) details.push(`${status} ${body.detail}`);
  }
  assert(
    details[0]?.startsWith(`504 the peer of session ${id} took nothing for 50 ms`),
    details[0],
  );
  assert(details.at(-1)?.startsWith("409 4 messages to session"), details.at(-1));
});

Deno.test("a control that remembers traffic finds messages and requests afterwards", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using page = await serve("http://127.0.0.1:0", hello);
  await using control = await openControl([server, page], { traffic: true });
  await send(server.url, "long gone");
  await (await fetch(page.url)).text();
  const { body } = await ask(control, "GET", "/api/wait?event=sent&contains=long+gone&server=1");
  assertEquals(body.text, "long gone");
  const request = (await ask(control, "GET", "/api/wait?event=request&server=2")).body;
  assertEquals([request.method, request.status], ["GET", 200]);
  assertEquals((await ask(control, "DELETE", "/api/events")).status, 204);
  assertEquals((await ask(control, "GET", "/api/wait?event=sent&timeout=0")).status, 404);
});

Deno.test("events stream with their numbers, and again from the last one", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const read = async (query: string, wanted: number, headers: Record<string, string> = {}) => {
    const stop = new AbortController();
    const answer = await fetch(`${control.url}/api/events${query}`, {
      headers: { authorization: `Bearer ${control.token}`, ...headers },
      signal: stop.signal,
    });
    assertEquals(answer.headers.get("content-type"), "text/event-stream");
    const found: { id: number; event: string; text?: string }[] = [];
    const finished = (async () => {
      let text = "";
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const events = text.split("\n\n");
        text = events.pop()!;
        for (const one of events) {
          const data = /^data: (.*)$/m.exec(one)?.[1];
          if (data !== undefined) found.push(JSON.parse(data));
        }
        if (found.length >= wanted) break;
      }
      stop.abort();
      return found;
    })();
    return { finished };
  };
  const live = await read("?event=opened,received,sent,closed", 4);
  await send(server.url, "hello");
  const events = await live.finished;
  assertEquals(events.map(({ event }) => event), ["opened", "received", "sent", "closed"]);
  assertEquals(events[1]!.text, "hello");
  const again = await read("", 2, { "last-event-id": String(events[1]!.id) });
  assertEquals((await again.finished).map(({ id }) => id), [events[2]!.id, events[3]!.id]);
});

Deno.test("servers are started and stopped over the control, only where they may be", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/seen.txt`, "seen");
  await Deno.symlink("/etc", `${folder.path}/link`);
  await Deno.symlink("/tmp/not-there-yet", `${folder.path}/dangling`);
  await using control = await openControl([], { folders: [folder.path] });
  const started = await ask(control, "POST", "/api/servers", {
    protocol: "echo",
    urls: ["tcp://127.0.0.1:0", `unix://${folder.path}/echo.sock`],
    options: { "max-connections": 3, fault: ["latency=1ms"] },
  });
  assertEquals(started.status, 201, JSON.stringify(started.body));
  const [{ url, options, startedByControl, id }] = started.body.servers;
  assertEquals([options.maxConnections, startedByControl], [3, true]);
  assertEquals(textOf(await send(url, "hi")), "hi");
  const files = { protocol: "files", urls: ["http://127.0.0.1:0"] };
  const there = await ask(control, "POST", "/api/servers", {
    ...files,
    options: { root: folder.path },
  });
  assertEquals(there.status, 201);
  assertEquals(await (await fetch(`${there.body.servers[0].url}/seen.txt`)).text(), "seen");

  const inspected = { protocol: "inspect", urls: ["http://127.0.0.1:0"] };
  const relayed = { protocol: "relay", urls: ["tcp://127.0.0.1:0"] };
  const refused: [unknown, string][] = [
    [{ protocol: "echo", urls: ["tcp://0.0.0.0:0"] }, "is not on loopback"],
    [{ protocol: "echo", urls: ["unix:///tmp/outside.sock"] }, "is not inside"],
    [files, "needs the option root"],
    [{ ...files, options: { root: "/" } }, "is not inside"],
    [{ ...files, options: { root: `${folder.path}/link` } }, "is not inside"],
    [{ ...files, options: { root: `${folder.path}/../` } }, "is not inside"],
    [{ ...files, options: { root: folder.path, "request-log": "/etc/x" } }, ""],
    [{ ...inspected, options: { "request-log": `${folder.path}/dangling` } }, "is not inside"],
    [{ ...relayed, options: { to: "unix:///tmp/outside.sock" } }, "is not inside"],
    [{ ...relayed, options: { to: "unixgram+reliable:/tmp/outside" } }, "is not inside"],
    [
      { protocol: "echo", urls: ["tcp://127.0.0.1:0"], options: { deny: "@/etc/hostname" } },
      "is not inside",
    ],
    [{ protocol: "echo", urls: ["tcp://fd:3"] }, "are not for the control"],
    [{ protocol: "echo", urls: ["unix:fd:x"] }, "are not for the control"],
    [{ protocol: "control", urls: ["http://127.0.0.1:0"] }, "unknown protocol"],
    [{ protocol: "ecko", urls: ["tcp://127.0.0.1:0"] }, "did you mean echo?"],
    [
      { protocol: "echo", urls: ["tcp://127.0.0.1:0"], options: { "max-conn": 1 } },
      "unknown option",
    ],
    [
      { protocol: "echo", urls: ["tcp://127.0.0.1:0"], options: { "max-connections": "many" } },
      "max-connections: expected a whole number",
    ],
    [
      { protocol: "echo", urls: ["tcp://127.0.0.1:0"], options: { root: folder.path } },
      "no option",
    ],
    [{ protocol: "echo", urls: [] }, "1 to 16 items"],
    [{ protocol: "echo" }, "urls is missing"],
    [{ protocol: "echo", urls: ["tcp://127.0.0.1:0"], more: 1 }, "unknown field"],
    [[], "expected object"],
  ];
  for (const [body, why] of refused) {
    const answer = await ask(control, "POST", "/api/servers", body);
    assertEquals(answer.status, 422, JSON.stringify(body));
    assert(answer.body.detail.includes(why), `${answer.body.detail}, not ${why}`);
  }
  const taken = await ask(control, "POST", "/api/servers", { protocol: "echo", urls: [url] });
  assertEquals(taken.status, 409);

  assertEquals((await ask(control, "GET", "/api/servers")).body.servers.length, 3);
  const stopped = await ask(control, "DELETE", `/api/servers/${id}`);
  assertEquals([stopped.status, stopped.body.stopped[0]], [200, { id, url }]);
  await assertRejects(() => connect(url));
  assertEquals((await ask(control, "GET", "/api/servers")).body.servers.length, 1);
});

Deno.test("no more servers are started than may be, however many ask at once", async () => {
  const control = await openControl([]);
  const body = { protocol: "echo", urls: ["tcp://127.0.0.1:0"] };
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => ask(control, "POST", "/api/servers", body)),
  );
  assertEquals(answers.filter(({ status }) => status === 201).length, 32);
  assertEquals(answers.filter(({ status }) => status === 409).length, 8);
  // One that is being started when the control closes does not stay.
  await ask(control, "POST", "/api/reset");
  const url = "tcp://127.0.0.1:0";
  const late = ask(control, "POST", "/api/servers", {
    protocol: "echo",
    urls: Array(16).fill(url),
  });
  late.catch(() => {});
  await control[Symbol.asyncDispose]();
  await late.catch(() => {});
});

Deno.test("reset takes faults away, stops what was started and forgets events", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  server.setFaults("latency=1s");
  await ask(control, "POST", "/api/servers", { protocol: "upper", urls: ["tcp://127.0.0.1:0"] });
  assertEquals((await ask(control, "POST", "/api/reset")).status, 204);
  assertEquals(server.servers[0]!.faults, null);
  const { servers } = (await ask(control, "GET", "/api/servers")).body;
  assertEquals(servers.map(({ protocol }: { protocol: string }) => protocol), ["echo"]);
  assertEquals((await ask(control, "GET", "/api/wait?event=listening&timeout=0")).status, 404);
});

Deno.test("hostile requests learn and change nothing", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const authorization = `Bearer ${control.token}`;
  const set = ["PUT", "/api/servers/1/faults", { fault: "latency=1s" }] as const;
  const without: [string, string, unknown?][] = [
    [...set],
    ["GET", "/api/events"],
    ["GET", "/api/wait"],
    ["GET", "/api/servers"],
    ["GET", "/api/nothing"],
    ["POST", "/api/reset"],
    ["POST", "/api/servers", { protocol: "echo", urls: ["tcp://127.0.0.1:0"] }],
    ["DELETE", "/api/sessions/1"],
  ];
  const headers: [Record<string, string>, number][] = [
    [{}, 401],
    [{ authorization: "Bearer wrong" }, 401],
    [{ authorization: `Basic ${btoa(`x:${control.token}`)}` }, 401],
    [{ cookie: `token=${control.token}` }, 401],
    [{ authorization, origin: "http://evil.example" }, 403],
    [{ authorization, origin: "null" }, 403],
  ];
  for (const [method, path, body] of without) {
    for (const [given, status] of headers) {
      const answer = await ask(control, method, path, body, given);
      assertEquals(answer.status, status, `${method} ${path} ${JSON.stringify(given)}`);
      assertEquals(answer.headers.get("access-control-allow-origin"), null);
    }
  }
  // A page of the control itself may.
  const own = await ask(control, ...set, { authorization, origin: control.url });
  assertEquals(own.status, 200);
  server.setFaults(null);
  // Another name for this address: DNS rebinding.
  const { hostname, port } = new URL(control.url);
  using conn = await Deno.connect({ hostname, port: Number(port) });
  await conn.write(new TextEncoder().encode(
    `GET /api/servers HTTP/1.1\r\nHost: evil.example:${port}\r\nAuthorization: ${authorization}\r\n` +
      "Connection: close\r\n\r\n",
  ));
  const rebound = new TextDecoder().decode(
    new Uint8Array(await new Response(conn.readable).arrayBuffer()),
  );
  assert(rebound.startsWith("HTTP/1.1 421"), rebound);
  assert(rebound.includes("application/problem+json"), rebound);
  for (const body of ["{", "", "\0", `{"fault":${JSON.stringify("x".repeat(5000))}}`]) {
    const answer = await ask(control, "PUT", "/api/servers/1/faults", body);
    assert(answer.status === 400 || answer.status === 422, String(answer.status));
  }
  const huge = await ask(control, "PUT", "/api/servers/1/faults", "x".repeat(5_000_000));
  assertEquals([huge.status, huge.body.title], [413, "Content Too Large"]);
  for (
    const path of [
      "/api/servers/1%2f..",
      "/api/servers/-1/faults",
      "/api/servers/1e9",
      "/api/wait?x=1",
    ]
  ) {
    const { status } = await ask(control, "GET", path);
    assert(status === 404 || status === 422, `${path}: ${status}`);
  }
  assertEquals((await ask(control, "PATCH", "/api/servers")).status, 405);
  assertEquals(server.servers[0]!.faults, null);
  assertEquals((await ask(control, "GET", "/api/servers")).body.servers.length, 1);
});

Deno.test("beyond loopback the control needs TLS and a token of its user's", async () => {
  const token = "a token of sixteen letters";
  await assertRejects(
    () => openControl([], { url: "http://0.0.0.0:0", token }),
    UsageError,
    "https",
  );
  await assertRejects(() => openControl([], { url: "https://0.0.0.0:0" }), UsageError, "token");
  await assertRejects(() => openControl([], { token: "short" }), UsageError, "16");
  await assertRejects(() => openControl([], { url: "tcp://127.0.0.1:0" }), UsageError, "http");
  await using control = await openControl([], { url: "https://0.0.0.0:0", token });
  assertEquals(control.token, token);
});
