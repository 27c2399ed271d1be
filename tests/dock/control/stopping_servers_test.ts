/** Stopping and draining servers over the control, those that it did not start among them. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, echo, openControl, relay, serve } from "../../../mod.ts";
import { ask } from "../ask_control.ts";

Deno.test("any server is stopped over the control, with those that were started together", async () => {
  await using server = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], echo);
  await using other = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server, other]);
  using session = await connect(server.url);
  await session.send("open");
  const { status, body } = await ask(control, "DELETE", "/api/servers/2");
  assertEquals([status, body], [200, {
    stopped: [{ id: 1, url: server.urls[0] }, { id: 2, url: server.urls[1] }],
  }]);
  // All of it is over when the answer comes.
  await server.finished;
  await Array.fromAsync(session);
  await assertRejects(() => connect(server.url));
  const { servers } = (await ask(control, "GET", "/api/servers")).body;
  assertEquals(servers.map(({ url }: { url: string }) => url), [other.url]);
  assertEquals((await ask(control, "DELETE", "/api/servers/1")).status, 404);
  const event = (await ask(control, "GET", "/api/wait?event=stopped")).body;
  assertEquals(event.urls, server.urls);
});

/** A page whose answer takes until it is let go. */
async function slowPage() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const server = await serve("http://127.0.0.1:0", async () => {
    asked.resolve();
    await answer.promise;
    return new Response("finished");
  });
  return { server, asked: asked.promise, answer: answer.resolve };
}

Deno.test("a server that is drained takes nobody, finishes its answers and then stops", async () => {
  const page = await slowPage();
  await using server = page.server;
  await using control = await openControl([server]);
  const answer = fetch(server.url).then((one) => one.text());
  await page.asked;
  const drained = await ask(control, "POST", "/api/servers/1/drain", { graceMs: 600_000 });
  assertEquals([drained.status, drained.body], [202, {
    draining: [{ id: 1, url: server.url }],
    graceMs: 600_000,
  }]);
  assertEquals((await ask(control, "GET", "/api/servers/1")).body.draining, true);
  const { hostname, port } = new URL(server.url);
  await assertRejects(() => Deno.connect({ hostname, port: Number(port) }));
  page.answer();
  assertEquals(await answer, "finished");
  await server.finished;
  assertEquals((await ask(control, "GET", "/api/servers")).body.servers, []);
});

Deno.test("a stop ends the wait of a drain, and a drain needs no body", async () => {
  const page = await slowPage();
  await using server = page.server;
  await using control = await openControl([server]);
  const answer = fetch(server.url).then((one) => one.text());
  answer.catch(() => {});
  await page.asked;
  for (const body of [{ graceMs: -1 }, { graceMs: 1e9 }, { grace: 1 }, "no JSON"]) {
    const { status } = await ask(control, "POST", "/api/servers/1/drain", body);
    assert(status === 422 || status === 400, `${JSON.stringify(body)}: ${status}`);
  }
  assertEquals((await ask(control, "GET", "/api/servers/1")).body.draining, false);
  const drained = await ask(control, "POST", "/api/servers/1/drain");
  assertEquals([drained.status, drained.body.graceMs], [202, 10_000]);
  assertEquals((await ask(control, "DELETE", "/api/servers/1")).status, 200);
  await server.finished;
  page.answer();
  await assertRejects(() => answer);
});

Deno.test("a relay is shown with where it leads, and which server here that is", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using here = await relay("tcp://127.0.0.1:0", server.url);
  await using elsewhere = await relay("tcp://127.0.0.1:0", "ws://127.0.0.1:1/x");
  await using control = await openControl([here, server, elsewhere]);
  const { servers } = (await ask(control, "GET", "/api/servers")).body;
  assertEquals(servers.map(({ upstream }: { upstream: unknown }) => upstream), [
    { url: server.url, server: 2 },
    null,
    { url: "ws://127.0.0.1:1/x", server: null },
  ]);
});
