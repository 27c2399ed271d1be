// Tests of a program's own, in Node, that use the control of sockdock as such tests would.

import assert from "node:assert/strict";
import { connect } from "node:net";
import { afterEach, test } from "node:test";

const { CONTROL, TOKEN } = process.env;
const headers = { authorization: `Bearer ${TOKEN}` };

/** Asks the control; resolves to what it answers. */
async function ask(method, path, body) {
  const answer = await fetch(CONTROL + path, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  assert.ok(answer.ok, text);
  return text === "" ? undefined : JSON.parse(text);
}

async function server(transport) {
  const { servers } = await ask("GET", "/api/servers");
  return servers.find((one) => one.transport === transport);
}

function dial({ url }) {
  const { hostname, port } = new URL(url.replace(/^\w+:/, "http:"));
  return connect(Number(port), hostname);
}

afterEach(() => ask("POST", "/api/reset"));

test("a blackout in the middle of a transfer loses nothing", async () => {
  const tcp = await server("tcp");
  const socket = dial(tcp);
  const sent = Buffer.alloc(4_000_000, "0123456789");
  const chunks = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve, reject) => socket.on("end", resolve).on("error", reject));
  socket.write(sent.subarray(0, 1_000_000));
  await ask("PUT", `/api/servers/${tcp.id}/faults`, { fault: "blackout=300ms" });
  socket.end(sent.subarray(1_000_000));
  await ended;
  assert.ok(Buffer.concat(chunks).equals(sent));
});

test("events are heard as they happen", async () => {
  const tcp = await server("tcp");
  const answer = await fetch(`${CONTROL}/api/events?event=received&server=${tcp.id}`, { headers });
  const socket = dial(tcp);
  socket.write("heard");
  let text = "";
  for await (const chunk of answer.body) {
    text += Buffer.from(chunk);
    if (text.includes("\ndata:")) break;
  }
  socket.destroy();
  const event = JSON.parse(/^data: (.*)$/m.exec(text)[1]);
  assert.deepEqual([event.event, event.text, event.url], ["received", "heard", tcp.url]);
});

test("a server can be started for one test", async () => {
  const { servers: [upper] } = await ask("POST", "/api/servers", {
    protocol: "upper",
    urls: ["tcp://127.0.0.1:0"],
    options: { fault: ["out.slice=1"] },
  });
  const socket = dial(upper);
  socket.end("shout");
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  assert.equal(answer, "SHOUT");
  await ask("DELETE", `/api/servers/${upper.id}`);
});
