// The test of a Deno project that uses the library from the npm package. No flag, no permission but
// the network.

import { createAuthority } from "sockdock/cert";
import { createHttpClient, hello } from "sockdock/http";
import { joinChat } from "sockdock/chat";
import { echo, relay, send, serve } from "sockdock";

function equal<T>(found: T, expected: T): void {
  if (found !== expected) throw new Error(`${found} is not ${expected}`);
}

Deno.test("a flaky UDP relay", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo);
  await using flaky = await relay("udp://127.0.0.1:0", server.url, { fault: ["loss=30%"], seed: 7 });
  const answer = await send(flaky.url, "hello", { retries: 30, timeoutMs: 1000 });
  equal(new TextDecoder().decode(answer), "hello");
});

Deno.test("a web server, and a client of it", async () => {
  await using server = await serve("http://127.0.0.1:0", hello);
  const { status } = await createHttpClient().fetch(server.url);
  equal(status, 200);
});

Deno.test("the other entries are there", () => {
  equal(typeof createAuthority, "function");
  equal(typeof joinChat, "function");
});
