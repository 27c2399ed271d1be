/** --metrics on the commands that serve, and what they tell OpenTelemetry. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { send } from "../../dock/send.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../free_port.ts";
import { peerTest, runPeer } from "../peer.ts";
import { runProgram, startProgram } from "../program.ts";
import { runsOn } from "../program_runtime.ts";
import { readPrometheusText, valueOf } from "../prometheus_text.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const HERE = "http://127.0.0.1:0";

async function metricsOf(url: unknown, init?: RequestInit & { client?: Deno.HttpClient }) {
  const response = await fetch(`${url}/metrics`, init);
  assertEquals(response.status, 200);
  return readPrometheusText(await response.text());
}

for (
  const [command, args] of [
    ["serve", ["echo", "tcp://127.0.0.1:0"]],
    ["relay", ["tcp://127.0.0.1:0", `tcp://127.0.0.1:${freePort()}`]],
  ] as const
) {
  Deno.test(`${command} --metrics serves its numbers, and says where after its own URL`, async () => {
    await using program = await startProgram([command, ...args, "--json", "--metrics", HERE]);
    const { url, protocol } = await program.event("listening");
    assertEquals(protocol, "metrics");
    await send(program.url, "hello").catch(() => {});
    const families = await metricsOf(url);
    const labels = { server: program.url, transport: "tcp" };
    assertEquals(valueOf(families, "sockdock_sessions_total", labels), 1);
    assertEquals((await program.event("closed")).url, program.url);
  });
}

Deno.test("up --metrics counts all servers of its configuration", async () => {
  await using folder = await temporaryFolder();
  const config = `${folder.path}/two.toml`;
  await Deno.writeTextFile(
    config,
    `[[server]]\nserve = "echo"\non = "tcp://127.0.0.1:0"\n` +
      `[[server]]\nserve = "hello"\non = "http://127.0.0.1:0"\n`,
  );
  await using program = await startProgram(["up", config, "--json", "--metrics", HERE], {
    endpoints: 2,
  });
  const { url } = await program.event("listening");
  await (await fetch(program.urls[1]!)).bytes();
  const families = await metricsOf(url);
  const hello = { server: program.urls[1]!, protocol: "hello" };
  assertEquals(valueOf(families, "sockdock_requests_total", hello), 1);
  assertEquals(valueOf(families, "sockdock_request_duration_seconds_count", hello), 1);
  assertEquals(valueOf(families, "sockdock_sessions_open", { protocol: "echo" }), 0);
});

Deno.test("a server that was told to stop is not ready while a session ends", async () => {
  await using program = await startProgram([
    ...["serve", "inspect", "http://127.0.0.1:0", "--json", "--metrics", HERE],
  ]);
  const { url } = await program.event("listening");
  const ready = async () => {
    const response = await fetch(`${url}/readyz`);
    await response.body?.cancel();
    return response.status;
  };
  assertEquals(await ready(), 200);
  // A request whose body is still to come may finish.
  const { hostname, port } = new URL(program.url);
  using slow = await Deno.connect({ hostname, port: Number(port) });
  const head = `POST /post HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 10\r\n` +
    "Expect: 100-continue\r\n\r\n";
  await slow.write(new TextEncoder().encode(head));
  // It is being answered once the server asks for the body.
  await slow.read(new Uint8Array(100));
  program.interrupt();
  await eventually(async () => await ready() === 503);
  program.interrupt();
  assertEquals((await program.finish()).code, 130);
});

Deno.test("--metrics is refused where it would show numbers to the network, or cannot be", async () => {
  const refusals: readonly (readonly [args: readonly string[], why: string])[] = [
    [["--metrics", "http://0.0.0.0:0"], "would show the numbers to the network"],
    [["--metrics", "https://0.0.0.0:0"], "--metrics-auth-file"],
    [["--metrics", "tcp://127.0.0.1:0"], "http:// or https://"],
    [["--metrics-auth", "a:b"], "--metrics"],
    [["--metrics", "nowhere"], "nowhere"],
  ];
  for (const [args, why] of refusals) {
    const { code, stderr } = await runProgram(["serve", "echo", "tcp://127.0.0.1:0", ...args]);
    assertEquals(code, 2, `${args}`);
    assertStringIncludes(stderr, why);
  }
});

peerTest("beyond loopback --metrics asks for a password, over TLS", ["curl"], async () => {
  await using program = await startProgram([
    ...["serve", "echo", "tcp://127.0.0.1:0", "--json", "--metrics", "https://0.0.0.0:0"],
    ...["--metrics-auth-token", "sesame", "--metrics-allow-host", "127.0.0.1"],
  ]);
  const { url } = await program.event("listening");
  const at = String(url).replace("0.0.0.0", "127.0.0.1");
  // Whose certificate it is does not matter here: curl -k.
  const asked = await runPeer("curl", ["-sk", "-w", "%{http_code}", `${at}/metrics`]);
  assert(asked.stdout.endsWith("401"), asked.stdout);
  const bearer = "Authorization: Bearer sesame";
  const shown = await runPeer("curl", ["-sk", "-H", bearer, `${at}/metrics`]);
  const families = readPrometheusText(shown.stdout);
  assertEquals(valueOf(families, "sockdock_sessions_open", { protocol: "echo" }), 0);
});

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface SpanData {
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
}

/** What a collector of OpenTelemetry was sent, over HTTP and as JSON. */
function collector() {
  const spans: SpanData[] = [];
  const numbers = new Set<string>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const body = await request.json();
    for (const { scopeSpans } of body.resourceSpans ?? []) {
      for (const { scope, spans: sent } of scopeSpans) {
        if (scope.name === "sockdock") spans.push(...sent);
      }
    }
    for (const { scopeMetrics } of body.resourceMetrics ?? []) {
      for (const { scope, metrics } of scopeMetrics) {
        if (scope.name === "sockdock") { for (const { name } of metrics) numbers.add(name); }
      }
    }
    return Response.json({});
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, spans, numbers, server };
}

function attributesOf({ attributes }: SpanData): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
  );
}

Deno.test("with OTEL_DENO a collector is sent spans of sessions and requests, and numbers", {
  // Older ones send no numbers.
  ignore: !await runsOn("2.9.0"),
}, async () => {
  const { url, spans, numbers, server } = collector();
  await using _collector = server;
  const env = {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_METRIC_EXPORT_INTERVAL: "100",
  };
  const config = ["serve", "hello", "http://127.0.0.1:0", "--json"];
  {
    await using program = await startProgram(config, { env });
    await (await fetch(`${program.url}/hello.txt?x=1`, { headers: { connection: "close" } }))
      .bytes();
    const made = { method: "BREW", headers: { connection: "close" } };
    await (await fetch(`${program.url}/hello.txt`, made)).bytes();
    await eventually(() => numbers.has("sockdock.sessions_open"));
    program.interrupt();
    // It sends what it has before it ends.
    assertEquals((await program.finish()).code, 130);
  }
  const session = spans.find(({ name }) => name === "hello session");
  const request = spans.find(({ name }) => name === "GET");
  assert(session !== undefined && request !== undefined, JSON.stringify(spans.map((s) => s.name)));
  assertEquals(request.parentSpanId, session.spanId);
  const other = attributesOf(spans.find(({ name }) => name === "HTTP")!);
  const methods = [other["http.request.method"], other["http.request.method_original"]];
  assertEquals(methods, ["_OTHER", "BREW"], "made-up methods are no series");
  const of = attributesOf(request);
  assertEquals(
    [of["http.request.method"], of["http.response.status_code"], of["url.path"], of["url.query"]],
    ["GET", 200, "/hello.txt", "x=1"],
  );
  assertEquals([of["server.address"], of["client.address"]], ["127.0.0.1", "127.0.0.1"]);
  assertEquals([of["network.transport"], of["network.protocol.version"]], ["tcp", "1.1"]);
  assertEquals(attributesOf(session)["sockdock.reason"], "done");
  assert(BigInt(session.endTimeUnixNano) >= BigInt(request.startTimeUnixNano));
  for (const name of ["http.server.request.duration", "sockdock.session_duration"]) {
    assert(numbers.has(name), [...numbers].join());
  }
});

Deno.test("--metrics shows a server that was started over the control too, until it stops", async () => {
  await using program = await startProgram([
    ...["serve", "echo", "tcp://127.0.0.1:0", "--json", "--metrics", HERE],
    ...["--control", HERE],
  ]);
  const control = JSON.parse(program.stdout.text.split("\n")[0]!);
  const headers = { authorization: `Bearer ${control.token}` };
  const { url: metrics } = await program.event("listening");
  const started = await fetch(`${control.url}/api/servers`, {
    method: "POST",
    headers,
    body: JSON.stringify({ protocol: "hello", urls: ["http://127.0.0.1:0"] }),
  });
  const [{ id, url }] = (await started.json()).servers;
  await (await fetch(url)).bytes();
  const labels = { server: url, protocol: "hello" };
  const families = await metricsOf(metrics);
  assertEquals(valueOf(families, "sockdock_requests_total", labels), 1);
  assertEquals(valueOf(families, "sockdock_request_duration_seconds_count", labels), 1);
  const stopped = await fetch(`${control.url}/api/servers/${id}`, { method: "DELETE", headers });
  assertEquals((await stopped.json()).stopped, [{ id, url }]);
  const names = [
    ...(await (await fetch(`${metrics}/metrics`)).text()).matchAll(/server="([^"]*)"/g),
  ];
  assertEquals(new Set(names.map(([, name]) => name)), new Set([program.url]));
});

Deno.test("the program ends when its last own server is stopped over the control", async () => {
  await using program = await startProgram([
    ...["serve", "echo", "tcp://127.0.0.1:0", "--json", "--control", HERE],
  ]);
  const control = JSON.parse(program.stdout.text.split("\n")[0]!);
  const answer = await fetch(`${control.url}/api/servers/1`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${control.token}` },
  });
  assertEquals((await answer.json()).stopped, [{ id: 1, url: program.url }]);
  assertEquals((await program.status).code, 0);
});
