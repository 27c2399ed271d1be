import { assertEquals } from "@std/assert";
import { serve } from "../../../dock/serve.ts";
import { inspect } from "../../../web/inspect.ts";
import { settled } from "../../fake_time.ts";
import { tcpAddress } from "../../memory.ts";
import { opened } from "./opened.ts";

Deno.test("delays are bounded by address and in all, refused ones are counted, and places come back", async () => {
  await using app = await opened(inspect, { maxDelays: 4, maxDelaysPerAddress: 2 });
  const { service } = app;
  const ask = (host: string, path: string) =>
    service.handle(new Request(`http://localhost${path}`), {
      peer: tcpAddress(1, host),
      serverUrl: "",
    });
  const waiting = [
    ask("192.0.2.1", "/delay/10"),
    ask("192.0.2.1", "/status/204?delay=10"),
    ask("2001:db8::1", "/delay/10/status/204"),
    ask("2001:db8::2", "/drip?delay=10"),
  ];
  await settled();
  const refused = async (host: string, path: string) => {
    const { status, headers } = await ask(host, path);
    return [status, headers.get("retry-after")];
  };
  assertEquals(await refused("192.0.2.1", "/delay/9"), [429, "1"]);
  assertEquals(await refused("2001:db8::3", "/sse?delay=1"), [429, "1"], "a /64 is one address");
  assertEquals(await refused("192.0.2.2", "/delay/1/get"), [503, "1"]);
  assertEquals((await ask("192.0.2.1", "/get")).status, 200);
  assertEquals((await ask("192.0.2.1", "/delay/0")).status, 200);
  assertEquals(service.counters?.delaysRefused, 3);
  app.stop();
  assertEquals((await Promise.all(waiting)).map(({ status }) => status), [503, 503, 503, 503]);
});

Deno.test("a delay that is over, or whose client left, makes room for the next", async () => {
  await using server = await serve("http://127.0.0.1:0", inspect, { maxDelays: 1 });
  const get = async (path: string) => {
    const response = await fetch(`${server.url}${path}`);
    await response.body?.cancel();
    return response.status;
  };
  for (let time = 0; time < 3; time++) assertEquals(await get("/delay/0.001"), 200);
  const leaving = new AbortController();
  const left = fetch(`${server.url}/delay/10`, { signal: leaving.signal }).catch(() => "left");
  while (await get("/delay/0.001") === 200);
  assertEquals(server.stats().delaysRefused, 1);
  leaving.abort();
  assertEquals(await left, "left");
  while (await get("/delay/0.001") !== 200);
});
