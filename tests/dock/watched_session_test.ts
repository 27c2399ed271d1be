import { assertEquals } from "@std/assert";
import { createCounters } from "../../core/counters.ts";
import { type Session, textOf } from "../../core/session.ts";
import { StreamSession } from "../../core/streams/stream_session.ts";
import { WatchedSession } from "../../dock/watched_session.ts";
import { settled } from "../fake_time.ts";
import { connectionPair, EventLog, tcpAddress, utf8 } from "../memory.ts";

/** Watches a service over a session in memory. */
function watching(serve: (watched: Session, original: StreamSession) => Promise<void>) {
  const { client, server } = connectionPair({ client: tcpAddress(50_001) });
  const session = new StreamSession(server, {
    framing: "none",
    maxMessageBytes: 100,
    counters: createCounters(),
  });
  const log = new EventLog();
  const watched = new WatchedSession(session, log.tell);
  return { client, session, log, served: serve(watched, session) };
}

Deno.test("WatchedSession shows every message either way, with its peer", async () => {
  const { client, log, served } = watching(async (session) => {
    for await (const message of session) await session.send(`got ${textOf(message)}`);
  });
  await client.write(utf8("a"));
  await settled();
  await client.write(utf8("b"));
  await client.closeWrite();
  await served;
  assertEquals(log.happened, [
    { event: "received", url: "", peer: "127.0.0.1:50001", message: utf8("a") },
    { event: "sent", url: "", peer: "127.0.0.1:50001", message: "got a" },
    { event: "received", url: "", peer: "127.0.0.1:50001", message: utf8("b") },
    { event: "sent", url: "", peer: "127.0.0.1:50001", message: "got b" },
  ]);
});

Deno.test("WatchedSession shows copies, which later reads leave alone", async () => {
  const { client, log, served } = watching(async (session) => {
    for await (const message of session) (message as Uint8Array).fill(0);
  });
  await client.write(utf8("first"));
  await settled();
  await client.write(utf8("other"));
  await client.closeWrite();
  await served;
  assertEquals(log.only("received").map(({ message }) => textOf(message)), ["first", "other"]);
});

Deno.test("WatchedSession hides nothing of the session", async () => {
  const { session, served, client } = watching(async (watched, session) => {
    assertEquals(watched.peer, session.peer);
    assertEquals(watched.boundary, "bytes");
    assertEquals(watched.maxMessageBytes, 100);
    assertEquals(watched.identity, undefined);
    assertEquals(watched.signal, session.signal);
    await watched.end();
    watched.close("enough");
  });
  await served;
  assertEquals(session.reason, "enough");
  assertEquals(await client.readText(), null);
});
