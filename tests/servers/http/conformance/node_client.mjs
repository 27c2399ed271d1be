// node:http (or node:https) and the fetch of Node, which is undici, against a server. Takes its URL and,
// for https, trusts NODE_EXTRA_CA_CERTS. Prints a line of JSON for each answer: its status, the
// beginning of its body, and its length.

import { once } from "node:events";
import { Agent as PlainAgent, request as plainRequest } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";

const url = process.argv[2].replace(/\/$/, "");
const secure = url.startsWith("https:");
const [Agent, request] = secure ? [SecureAgent, secureRequest] : [PlainAgent, plainRequest];
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const BODY = "x".repeat(100_000);
let socket;

const say = (status, body) => console.log(JSON.stringify([status, body.slice(0, 40), body.length]));

async function ask(method, path, { headers = {}, pieces = [], expect = false } = {}) {
  const asked = request(`${url}${path}`, { method, headers, agent });
  const answered = once(asked, "response");
  if (expect) {
    asked.flushHeaders();
    await once(asked, "continue");
  }
  for (const piece of pieces) asked.write(piece);
  asked.end();
  const [answer] = await answered;
  let body = "";
  for await (const chunk of answer) body += chunk.toString("latin1");
  say(answer.statusCode, body);
  socket ??= asked.socket;
  if (socket !== asked.socket) throw new Error("the server closed the connection");
}

await ask("GET", "/dynamic", { headers: { "X-Number": "1" } });
await ask("HEAD", "/dynamic");
await ask("POST", "/body", { headers: { "Content-Length": BODY.length }, pieces: [BODY] });
await ask("POST", "/body", { pieces: [BODY, "y"] });
await ask("POST", "/body", {
  headers: { "Content-Length": BODY.length, Expect: "100-continue" },
  pieces: [BODY],
  expect: true,
});
await ask("GET", "/chunked");
await ask("GET", "/nothing");
await ask("DELETE", "/none");
agent.destroy();

async function fetched(path, init) {
  const answer = await fetch(`${url}${path}`, init);
  say(answer.status, await answer.text());
}

await fetched("/dynamic", { headers: { "X-Number": "2" } });
await fetched("/body", { method: "POST", body: BODY });
const stream = new ReadableStream({
  start(controller) {
    for (const piece of [BODY, "y"]) controller.enqueue(new TextEncoder().encode(piece));
    controller.close();
  },
});
await fetched("/body", { method: "POST", body: stream, duplex: "half" });
await Promise.all(Array.from({ length: 20 }, () => fetched("/chunked")));
