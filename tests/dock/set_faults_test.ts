import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  bytesOf,
  connect,
  echo,
  hello,
  relay,
  send,
  serve,
  textOf,
  UsageError,
} from "../../mod.ts";

/** Sends numbers over one session and returns those that came back. */
async function echoed(url: string, count: number): Promise<number[]> {
  using session = await connect(url);
  const seen: number[] = [];
  const reading = (async () => {
    for await (const message of session) {
      seen.push(Number(textOf(message)));
      if (seen.at(-1) === count) return;
    }
  })();
  for (let number = 0; number < count; number++) await session.send(String(number));
  // The last one is said until it is heard.
  const again = setInterval(() => void session.send(String(count)), 20);
  await reading;
  clearInterval(again);
  return seen.filter((number) => number < count);
}

Deno.test("a server takes faults while a session is open, and gives them up again", async () => {
  for (const scheme of ["tcp", "udp", "ws"]) {
    await using server = await serve(`${scheme}://127.0.0.1:0`, echo);
    assertEquals(server.servers[0]!.faults, null);
    using session = await connect(server.url);
    const answers = session[Symbol.asyncIterator]();
    const roundTripMs = async (text: string) => {
      const startMs = performance.now();
      await session.send(text);
      const { value } = await answers.next();
      assertEquals(textOf(value!), text);
      return performance.now() - startMs;
    };
    await roundTripMs("before");
    server.setFaults("latency=150ms");
    // Both ways, although the server was waiting for input already.
    assert(await roundTripMs("during") >= 300);
    const { faults } = server.servers[0]!;
    assertEquals(faults?.fault, ["latency=150ms"]);
    assert(faults!.did.in.delayed! >= 1 && faults!.did.out.delayed! >= 1);
    server.setFaults(null);
    assert(await roundTripMs("after") < 150);
    assertEquals(server.servers[0]!.faults, null);
  }
});

Deno.test("the same seed repeats the decisions after every change", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo);
  const rounds: number[][] = [];
  for (let round = 0; round < 3; round++) {
    server.setFaults("in.loss=50%", { seed: round === 2 ? 8 : 7 });
    rounds.push(await echoed(server.url, 100));
  }
  assertEquals(rounds[1], rounds[0]);
  assert(rounds[0]!.length > 25 && rounds[0]!.length < 75);
  assert(String(rounds[2]) !== String(rounds[0]));
});

Deno.test("a blackout in mid-transfer delays a relay's bytes and loses none", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using between = await relay("tcp://127.0.0.1:0", server.url);
  using session = await connect(between.url);
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const received: Uint8Array[] = [];
  let count = 0;
  const reading = (async () => {
    for await (const message of session) {
      const chunk = bytesOf(message).slice();
      received.push(chunk);
      count += chunk.length;
      if (count === 100 * bytes.length) return;
    }
  })();
  for (let at = 0; at < 100; at++) {
    if (at === 30) between.setFaults("blackout=200ms");
    await session.send(bytes);
  }
  await reading;
  const all = new Uint8Array(await new Blob(received as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  for (let at = 0; at < 100; at++) {
    const part = all.subarray(at * bytes.length, (at + 1) * bytes.length);
    assert(part.every((byte, place) => byte === bytes[place]), `part ${at} differs`);
  }
});

Deno.test("requests meet new faults on a connection that is kept alive", async () => {
  await using server = await serve("http://127.0.0.1:0", hello);
  const url = server.url;
  await (await fetch(url)).text();
  server.setFaults("out.close-after=10");
  await assertRejects(async () => await (await fetch(url)).text());
  server.setFaults(null);
  assertEquals(
    (await fetch(url).then(async (answer) => (await answer.text(), answer))).status,
    200,
  );
});

Deno.test("share spares the other connections", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  server.setFaults("in.close-after=1,share=50%", { seed: 3 });
  let closed = 0;
  for (let at = 0; at < 40; at++) {
    if ((await send(server.url, "x")).length === 0) closed++;
  }
  assert(closed === server.stats().faults);
  assert(closed > 8 && closed < 32, `${closed} of 40`);
});

Deno.test("a reset where none can be sent closes, and says so", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  server.setFaults("in.reset=100%");
  assertEquals((await send(server.url, "x")).length, 0);
  assert(server.servers[0]!.faults!.note!.includes("closes"));
  await using able = await serve("tcp://127.0.0.1:0", echo, { fault: ["reset-after=1g"] });
  able.setFaults("in.reset=100%");
  assertEquals(able.servers[0]!.faults!.note, undefined);
  await assertRejects(() => send(able.url, "x"));
});

Deno.test("what cannot be had changes nothing", async () => {
  await using server = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], echo);
  server.setFaults("latency=1ms");
  assertThrows(() => server.setFaults("loss=5%"), UsageError, "loss cannot be had on a stream");
  assertThrows(() => server.setFaults("los=5%"), UsageError, "did you mean loss?");
  assertThrows(() => server.setFaults("latency=2ms", { seed: -1 }), UsageError, "got -1");
  assertEquals(server.servers.map(({ faults }) => faults?.fault), [
    ["latency=1ms"],
    ["latency=1ms"],
  ]);
  await using fixed = await serve("tcp://127.0.0.1:0", echo, { changeable: false });
  assertThrows(() => fixed.setFaults("latency=1ms"), UsageError, "cannot be changed");
});
