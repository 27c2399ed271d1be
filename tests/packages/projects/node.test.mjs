// The tests of a Node project that uses sockdock. They run in an empty folder with the package in
// it, on every version of Node that is to be had.

import assert from "node:assert/strict";
import { once } from "node:events";
import dgram from "node:dgram";
import net from "node:net";
import { test } from "node:test";
import { createRequire } from "node:module";
import { start } from "sockdock";

/** Sends datagrams and resolves to the first answer. */
async function ask(url, text) {
  const { hostname, port } = new URL(url.replace("udp:", "http:"));
  const socket = dgram.createSocket("udp4");
  socket.send(text, Number(port), hostname);
  const [answer] = await once(socket, "message");
  socket.close();
  return String(answer);
}

test("start() serves a protocol, and says where and what happened", async () => {
  const server = await start("echo", "udp://127.0.0.1:0");
  assert.match(server.url, /^udp:\/\/127\.0\.0\.1:[1-9]\d*$/);
  assert.deepEqual(server.urls, [server.url]);
  assert.equal(await ask(server.url, "hello"), "hello");
  await server.stop();
  await server.stop();
  const names = server.events.map(({ event }) => event);
  assert.equal(names[0], "listening");
  assert.equal(names.at(-1), "stopped");
  assert.ok(names.includes("opened"), names.join());
});

test("start() takes options of the command line, and several endpoints", async () => {
  const urls = ["tcp://127.0.0.1:0", "udp://127.0.0.1:0"];
  const server = await start("upper", urls, {
    maxMessage: "1k",
    allow: ["127.0.0.1", "::1"],
    once: false,
  });
  assert.equal(server.urls.length, 2);
  assert.equal(await ask(server.urls[1], "loud"), "LOUD");
  await server[Symbol.asyncDispose ?? "stop"]();
});

test("start() runs any command that serves", async () => {
  const server = await start("echo", "udp://127.0.0.1:0");
  const relay = await start(["relay", "udp://127.0.0.1:0", server.url], {
    fault: "duplicate=100%",
    seed: 7,
  });
  assert.equal(await ask(relay.url, "through"), "through");
  await relay.stop();
  await server.stop();
});

test("faults change while it runs, and events can be waited for", async () => {
  const server = await start("echo", "udp://127.0.0.1:0");
  await server.setFaults("out.corrupt=100%", { seed: 7 });
  assert.notEqual(await ask(server.url, "spoilt"), "spoilt");
  await server.setFaults(null);
  assert.equal(await ask(server.url, "intact"), "intact");
  const { id, event } = await server.waitFor({ event: "received", contains: "intact" });
  assert.equal(event, "received");
  const late = { event: "received", contains: "intact", after: id, timeoutMs: 50 };
  await assert.rejects(server.waitFor(late), /event/);
  await server.reset();
  await assert.rejects(server.waitFor({ contains: "intact", timeoutMs: 50 }), /event/);
  await assert.rejects(server.setFaults("out.lost=1%"), /lost/);
  assert.ok(!server.events.some(({ event }) => event === "control"));
  await server.stop();
});

test("what the program refuses rejects with the program's own line", async () => {
  const refused = (args, message) => assert.rejects(start(...args), { message });
  await refused(["ecko", "tcp://127.0.0.1:0"], /^unknown protocol "ecko" \(did you mean echo\?\)/);
  await refused(
    ["echo", "tcp://127.0.0.1:0", { idleTimout: "5s" }],
    /--idle-timout.*idle-timeout\?$/,
  );
  const taken = net.createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const url = `tcp://127.0.0.1:${taken.address().port}`;
  await refused(["echo", url], new RegExp(`^Cannot listen on ${url}: .*in use`));
  taken.close();
  await refused(["echo", "127.0.0.1:0"], /^.*127\.0\.0\.1:0.*:\/\//);
  await refused(["echo", "tcp://127.0.0.1:0", { help: true }], /^sockdock ended without listening: /);
});

test("require() has the same", async () => {
  const commonJs = createRequire(import.meta.url)("sockdock");
  const server = await commonJs.start("discard", "tcp://127.0.0.1:0");
  await server.stop();
});

test("a server that nobody stops keeps no test runner waiting", async () => {
  await start("echo", "tcp://127.0.0.1:0");
});
