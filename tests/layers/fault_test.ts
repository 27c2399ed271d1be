/** The layer on real endpoints. */

import { assert, assertEquals } from "@std/assert";
import { bytesOf, textOf } from "../../core/session.ts";
import { connect } from "../../dock/connect.ts";
import { send } from "../../dock/send.ts";
import { serve } from "../../dock/serve.ts";
import { acknowledge } from "../../protocols/acknowledge.ts";
import { daytime } from "../../protocols/daytime.ts";
import { echo } from "../../protocols/echo.ts";
import { EventLog } from "../memory.ts";

for (const scheme of ["tcp", "ws", "udp", "dtls", "tls", "wss"]) {
  Deno.test(`an answer is not lost on ${scheme} because it is late and the session is over`, async () => {
    await using server = await serve(`${scheme}://127.0.0.1:0`, daytime, {
      fault: ["latency=300ms"],
      once: true,
    });
    const trust = server.certificate && { tlsFingerprint: server.certificate.fingerprint };
    const startedMs = performance.now();
    const answer = await send(server.url, scheme === "tcp" || scheme === "tls" ? "" : "?", {
      ...trust,
      timeoutMs: 5000,
    });
    assert(textOf(answer).endsWith("+0000\r\n"));
    assert(performance.now() - startedMs > 290);
    await server.finished;
  });
}

Deno.test("an answer that takes longer than a session lingers arrives too", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo, { fault: ["out.latency=1300ms"] });
  assertEquals(textOf(await send(server.url, "slow")), "slow");
});

for (const scheme of ["tcp", "ws"]) {
  Deno.test(`a ${scheme} server resets and goes on with the next`, async () => {
    const log = new EventLog();
    await using server = await serve(`${scheme}://127.0.0.1:0`, echo, {
      fault: [scheme === "ws" ? "in.reset-after=400" : "in.reset-after=4"],
      emit: log.emit,
    });
    for (let count = 0; count < 3; count++) {
      using session = await connect(server.url);
      const failed = (async () => {
        for (;;) {
          await session.send("x".repeat(100));
          for await (const message of session) {
            if (bytesOf(message).length > 0) break;
          }
        }
      })();
      await failed.catch(() => {});
    }
    const stats = server.stats();
    assertEquals([stats.opened, stats.faults], [3, 3]);
  });
}

Deno.test("handshakes of DTLS get through loss, below which they stand", async () => {
  await using server = await serve("dtls://127.0.0.1:0", acknowledge, {
    fault: ["loss=20%"],
    seed: 5,
  });
  const options = {
    tlsFingerprint: server.certificate!.fingerprint,
    connectTimeoutMs: 120_000,
    retries: 30,
    timeoutMs: 1000,
  };
  assertEquals(
    textOf(await send(server.url, "Hi", options)),
    "Message received: Hi. Thank you.",
  );
  assert(server.stats().faults > 0);
});

Deno.test("a client's faults are its own affair", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  using session = await connect(server.url, { fault: ["out.close-after=3"] });
  await session.send("abcdef").catch(() => {});
  while (server.stats().bytesReceived < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(server.stats().bytesReceived, 3);
});

Deno.test("the URL that is shown does not name the layer", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo, { fault: ["latency=1ms"] });
  assert(/^udp:\/\/127\.0\.0\.1:\d+$/.test(server.url), server.url);
  await using named = await serve("udp+fault://127.0.0.1:0", echo, { fault: ["latency=1ms"] });
  assert(/^udp:\/\/127\.0\.0\.1:\d+$/.test(named.url), named.url);
});

Deno.test("a server on the listener that can reset still closes and admits as others do", async () => {
  const log = new EventLog();
  await using server = await serve("tcp://127.0.0.1:0", echo, {
    fault: ["reset=0%", "reset-after=1g"],
    allow: ["192.0.2.1"],
    emit: log.emit,
  });
  using session = await connect(server.url);
  assertEquals(await Array.fromAsync(session).catch(() => []), []);
  assertEquals((await log.next("denied")).reason, "address");
  await using open = await serve("tcp://127.0.0.1:0", echo, { fault: ["reset-after=1g"] });
  assertEquals(textOf(await send(open.url, "x".repeat(200_000))).length, 200_000);
  using idle = await connect(open.url);
  await idle.send("x");
  await open.shutdown({ graceMs: 1000 });
});
