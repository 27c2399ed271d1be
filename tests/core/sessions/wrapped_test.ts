import { assertEquals } from "@std/assert";
import type { DialledSession } from "../../../core/client_kind.ts";
import { copies } from "../../../core/session.ts";
import { WatchedSession } from "../../../dock/watched_session.ts";
import { WrappedSession } from "../../../core/sessions/wrapped.ts";
import { EventLog, udpAddress } from "../../memory.ts";

/** A session with all that a session can have, and what was asked of it. */
function sessionOf() {
  const asked: string[] = [];
  const delivery = {
    sent: 2,
    acknowledged: 1,
    retransmitted: 0,
    acknowledgedBytes: 3,
    roundTripMs: 4,
  };
  const session: DialledSession = {
    peer: udpAddress(1),
    sessionId: 7,
    serverUrl: "udp://127.0.0.1:1",
    identity: { name: "ada", source: "signature", fingerprint: "00" },
    boundary: "messages",
    maxMessageBytes: 100,
    signal: new AbortController().signal,
    farewell: "so long",
    manyAnswer: true,
    responder: udpAddress(2),
    delivery,
    messages: () => copies(session),
    async *[Symbol.asyncIterator]() {
      yield "a";
    },
    send: (message) => Promise.resolve(void asked.push(`send ${message}`)),
    sendFramed: () => Promise.resolve(void asked.push("sendFramed")),
    end: () => Promise.resolve(void asked.push("end")),
    close: (reason) => void asked.push(`close ${reason}`),
    [Symbol.dispose]: () => void asked.push("dispose"),
  };
  return { session, asked };
}

Deno.test("a WrappedSession passes on all but sendFramed", async () => {
  const { session, asked } = sessionOf();
  const wrapped: DialledSession = new WrappedSession(session);
  for (const [key, value] of Object.entries(session)) {
    if (typeof value !== "function") assertEquals(wrapped[key as keyof DialledSession], value, key);
  }
  assertEquals(await Array.fromAsync(wrapped), ["a"]);
  await wrapped.send("b");
  await wrapped.end();
  wrapped.close("enough");
  wrapped[Symbol.dispose]();
  assertEquals(asked, ["send b", "end", "close enough", "close undefined"]);
  assertEquals("sendFramed" in wrapped, false);
});

Deno.test("a watched session shows what came from whom, where many may answer", async () => {
  const { session } = sessionOf();
  const log = new EventLog();
  const watched = new WatchedSession(session, log.tell);
  assertEquals(await Array.fromAsync(watched), ["a"]);
  await watched.send("b");
  const stamp = { time: "1970-01-01T00:00:00.000Z", url: "udp://127.0.0.1:1", session: 7 };
  assertEquals(log.events, [
    { event: "received", ...stamp, peer: "127.0.0.1:2", message: "a" },
    { event: "sent", ...stamp, peer: "127.0.0.1:1", message: "b" },
  ]);
});
