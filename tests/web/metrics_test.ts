import { assert, assertEquals, assertThrows } from "@std/assert";
import { createCounters } from "../../core/counters.ts";
import { connect } from "../../dock/connect.ts";
import { send } from "../../dock/send.ts";
import { type Dock, serve } from "../../dock/serve.ts";
import { chat } from "../../protocols/chat.ts";
import { echo } from "../../protocols/echo.ts";
import { hello } from "../../web/hello.ts";
import { metricsApp } from "../../web/metrics/app.ts";
import { COUNTED_METRICS, FAULTS_COUNTER } from "../../web/metrics/table.ts";
import { eventually } from "../eventually.ts";
import { type Family, readPrometheusText, valueOf } from "../prometheus_text.ts";
import { temporaryFolder } from "../temporary_folder.ts";

async function scraped(metrics: Dock): Promise<Map<string, Family>> {
  const response = await fetch(`${metrics.url}/metrics`);
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return readPrometheusText(await response.text());
}

Deno.test("every counter of a server stands in one metric", () => {
  const counters = COUNTED_METRICS.flatMap(({ of }) =>
    typeof of === "string" ? [of] : Object.keys(of)
  );
  assertEquals([...counters, FAULTS_COUNTER].sort(), Object.keys(createCounters()).sort());
});

Deno.test("what sessions and requests did is in the metrics of their server", async () => {
  await using folder = await temporaryFolder();
  // A path that has to be escaped in a label.
  const unix = `unix://${folder.path}/a"b`;
  await using echoing = await serve(["tcp://127.0.0.1:0", unix], echo);
  await using pages = await serve("http://127.0.0.1:0", hello, { measure: true });
  await using metrics = await serve("http://127.0.0.1:0", metricsApp(() => [echoing, pages]));
  await send(echoing.url, "hello");
  await send(echoing.urls[1]!, "hi");
  using open = await connect(echoing.url);
  await open.send("x");
  for await (const _ of open) break;
  await (await fetch(pages.url, { headers: { connection: "close" } })).bytes();
  await (await fetch(pages.url, { method: "PUT", headers: { origin: "http://a.example" } }))
    .bytes();

  const families = await scraped(metrics);
  const tcp = { server: echoing.url, transport: "tcp", protocol: "echo" };
  const http = { server: pages.url, transport: "http", protocol: "hello" };
  assertEquals(valueOf(families, "sockdock_sessions_open", tcp), 1);
  assertEquals(valueOf(families, "sockdock_sessions_total", tcp), 2);
  assertEquals(valueOf(families, "sockdock_received_bytes_total", tcp), 6);
  assertEquals(valueOf(families, "sockdock_sent_bytes_total", { transport: "unix" }), 2);
  assertEquals(valueOf(families, "sockdock_sent_messages_total", { server: echoing.urls[1]! }), 1);
  assertEquals(valueOf(families, "sockdock_session_duration_seconds_count", tcp), 1);
  assert(valueOf(families, "sockdock_session_duration_seconds_sum", tcp) > 0);
  assertEquals(valueOf(families, "sockdock_requests_total", http), 2);
  assertEquals(valueOf(families, "sockdock_request_duration_seconds_count", http), 2);
  assertEquals(valueOf(families, "sockdock_request_duration_seconds_count", tcp), 0);
  assertEquals(
    valueOf(families, "sockdock_refused_total", { ...http, reason: "host_or_origin" }),
    1,
  );
  assert(valueOf(families, "process_resident_memory_bytes") > 1e6);
  const started = valueOf(families, "process_start_time_seconds");
  assert(started > 1e9 && started < Date.now() / 1000);
});

Deno.test("what a protocol itself counts is in the metrics once, however many endpoints it has", async () => {
  const options = { bare: true, maxMembers: 1 };
  await using server = await serve(["tcp://127.0.0.1:0", "tcp://127.0.0.1:0"], chat, options);
  await using metrics = await serve("http://127.0.0.1:0", metricsApp(() => [server]));
  using _member = await connect(server.urls[1]!);
  await eventually(() => server.stats().open === 1);
  using refused = await connect(server.urls[1]!);
  await Array.fromAsync(refused);
  const families = await scraped(metrics);
  assertEquals(
    valueOf(families, "sockdock_refused_total", { reason: "chat_full_or_banned" }),
    1,
  );
  assertEquals(valueOf(families, "sockdock_sessions_open"), server.stats().open);
});

Deno.test("faults are counted by kind and direction, also those that were taken away", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo, { fault: ["in.loss=100%"] });
  await using metrics = await serve("http://127.0.0.1:0", metricsApp(() => [server]));
  using session = await connect(server.url);
  await session.send("lost");
  await eventually(() => server.stats().faults > 0);
  const lost = { kind: "loss", direction: "in", transport: "udp" };
  const before = valueOf(await scraped(metrics), "sockdock_faults_total", lost);
  assert(before > 0);
  server.setFaults("out.loss=100%");
  await session.send("lost on its way back");
  await eventually(() => server.servers[0]!.faults?.did.out.loss !== undefined);
  server.setFaults(null);
  const families = await scraped(metrics);
  assert(valueOf(families, "sockdock_faults_total", lost) >= before);
  assert(valueOf(families, "sockdock_faults_total", { kind: "loss", direction: "out" }) > 0);
});

Deno.test("the number of series does not grow with the peers", async () => {
  await using server = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], echo);
  await using metrics = await serve("http://127.0.0.1:0", metricsApp(() => [server]));
  const count = async () =>
    [...(await scraped(metrics)).values()].reduce((sum, { samples }) => sum + samples.length, 0);
  const before = await count();
  for (let peer = 0; peer < 50; peer++) for (const url of server.urls) await send(url, `${peer}`);
  assertEquals(await count(), before);
});

Deno.test("readyz says that a server drains, while healthz and metrics go on", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using metrics = await serve("http://127.0.0.1:0", metricsApp(() => [server]));
  const answers = async () => {
    const statuses: number[] = [];
    for (const path of ["/healthz", "/readyz", "/metrics"]) {
      const response = await fetch(metrics.url + path);
      statuses.push(response.status);
      await response.bytes();
    }
    return statuses;
  };
  assertEquals(await answers(), [200, 200, 200]);
  using session = await connect(server.url);
  await session.send("x");
  for await (const _ of session) break;
  const down = server.shutdown({ graceMs: 60_000 });
  assertEquals(await answers(), [200, 503, 200]);
  session.close();
  await down;
  assertEquals(await answers(), [200, 503, 200]);
});

Deno.test("nothing else is to be had, and nothing changes anything", async () => {
  await using metrics = await serve("http://127.0.0.1:0", metricsApp(() => []));
  for (
    const [method, path, status] of [
      ["GET", "/", 404],
      ["GET", "/metrics/x", 404],
      ["POST", "/metrics", 405],
      ["DELETE", "/readyz", 405],
      ["HEAD", "/metrics", 200],
      ["GET", "/metrics?x=1", 200],
    ] as const
  ) {
    const response = await fetch(metrics.url + path, { method });
    assertEquals(response.status, status, `${method} ${path}`);
    await response.body?.cancel();
  }
  const { hostname, port } = new URL(metrics.url);
  using conn = await Deno.connect({ hostname, port: Number(port) });
  await conn.write(new TextEncoder().encode("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
  const answer = new Uint8Array(100);
  const count = await conn.read(answer);
  assertEquals(new TextDecoder().decode(answer.subarray(0, count!)).slice(9, 12), "421");
});

Deno.test("the reader of metrics refuses what breaks the rules", () => {
  const good = '# HELP a_total b\n# TYPE a_total counter\na_total{x="1"} 2\n';
  assertEquals(valueOf(readPrometheusText(good), "a_total", { x: "1" }), 2);
  for (
    const bad of [
      good.replaceAll("a_total", "a"),
      good.replace("HELP", "HLEP"),
      good + good,
      `${good}a_total{x="1"} 3\n`,
      `${good}b_total 3\n`,
      good.replace('"1"', '"1'),
      good.replace("counter", "gauge"),
      '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_sum 1\na_count 2\n',
    ]
  ) {
    assertThrows(() => readPrometheusText(bad), Error);
  }
});

const page = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));

Deno.test("docs/metrics.md has every metric with its kind and its labels, and no other", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo, {
    fault: ["in.loss=100%"],
    measure: true,
  });
  await using pages = await serve("http://127.0.0.1:0", hello, { measure: true });
  await using metrics = await serve("http://127.0.0.1:0", metricsApp(() => [server, pages]));
  using session = await connect(server.url);
  await session.send("lost");
  await eventually(() => server.stats().faults > 0);
  const exposed = [...(await scraped(metrics)).values()].map(({ name, type, samples }) => {
    const labels = Object.keys(samples[0]?.labels ?? {})
      .filter((label) => !["server", "transport", "protocol", "le"].includes(label));
    return [name, type, labels.join(", ")];
  });
  const listed = [...page.matchAll(/^\| `(\w+)` +\| (\w+) +\| ([^|]*)\|/gm)]
    .map(([, name, type, labels = ""]) => [name, type, labels.replaceAll("`", "").trim()]);
  assertEquals(listed, exposed);
  for (const reasons of COUNTED_METRICS.flatMap(({ of }) => typeof of === "string" ? [] : [of])) {
    for (const reason of Object.values(reasons)) assert(page.includes(`\`${reason}\``), reason);
  }
});
