import { assertEquals, assertRejects } from "@std/assert";
import { createCounters } from "../../../core/counters.ts";
import { MessageTooLargeError } from "../../../core/streams/framing.ts";
import { type Message, textOf, texts } from "../../../core/session.ts";
import { StreamSession, type StreamSessionOptions } from "../../../core/streams/stream_session.ts";
import { FakeTime, settled } from "../../fake_time.ts";
import { connectionPair, type MemoryConnection, utf8 } from "../../memory.ts";

/** A session on one end of a stream, the other end, and what was counted. */
function sessionOf(options: Partial<StreamSessionOptions> = {}) {
  const { client, server } = connectionPair();
  const counters = createCounters();
  const session = new StreamSession(server, {
    framing: "none",
    maxMessageBytes: 1000,
    counters,
    ...options,
  });
  return { session, peer: client, connection: server, counters };
}

/** What the session yields until its input ends, as text. */
async function everything(session: StreamSession): Promise<string[]> {
  const messages: string[] = [];
  for await (const message of session) messages.push(textOf(message));
  return messages;
}

async function say(peer: MemoryConnection, ...chunks: (string | Uint8Array)[]): Promise<void> {
  for (const chunk of chunks) await peer.write(typeof chunk === "string" ? utf8(chunk) : chunk);
}

Deno.test("a stream session without framing yields what each read returned", async () => {
  const { session, peer, counters } = sessionOf();
  await say(peer, "one", "two");
  await peer.closeWrite();
  assertEquals(await everything(session), ["one", "two"]);
  assertEquals(counters.messagesReceived, 2);
  assertEquals([session.bytesReceived, counters.bytesReceived], [6, 6]);
});

Deno.test("a stream session with line framing puts split lines together", async () => {
  const { session, peer, counters } = sessionOf({ framing: "line" });
  const bytes = utf8("grüße\r\nsecond\nlast");
  await say(peer, bytes.subarray(0, 3), bytes.subarray(3, 8), bytes.subarray(8));
  await peer.closeWrite();
  assertEquals(await everything(session), ["grüße", "second", "last"]);
  assertEquals(counters.messagesReceived, 3);
  assertEquals(counters.bytesReceived, bytes.length);
});

Deno.test("texts() puts a character together that was split between two reads", async () => {
  const { session, peer } = sessionOf();
  const bytes = utf8("grüße 😀");
  await say(peer, bytes.subarray(0, 3), bytes.subarray(3, 10), bytes.subarray(10));
  await peer.closeWrite();
  const read: string[] = [];
  for await (const text of texts(session)) read.push(text);
  assertEquals(read.length > 1, true, "it was not waited for more than the character");
  assertEquals(read.join(""), "grüße 😀");
});

Deno.test("texts() shows half a character at the end of the stream as what it is", async () => {
  const { session, peer } = sessionOf();
  await say(peer, utf8("aü").subarray(0, 2));
  await peer.closeWrite();
  const read: string[] = [];
  for await (const text of texts(session)) read.push(text);
  assertEquals(read.join(""), "a\ufffd");
});

Deno.test("the read buffer grows while a peer sends more than it holds", async () => {
  const { session, peer } = sessionOf();
  const reads: number[] = [];
  await say(peer, new Uint8Array(200_000));
  await peer.closeWrite();
  for await (const message of session) reads.push(message.length);
  assertEquals(reads.slice(0, 4), [512, 4096, 32_768, 65_536]);
  assertEquals(reads.reduce((sum, count) => sum + count, 0), 200_000);
});

Deno.test("what a peer asked before it ended its half is still answered", async () => {
  const { session, peer } = sessionOf();
  await say(peer, "question");
  await peer.closeWrite();
  assertEquals(await everything(session), ["question"]);
  await session.send("answer");
  await session.finish();
  assertEquals(await peer.readAll(), "answer");
});

Deno.test("end() ends our half once, and the peer is still heard", async () => {
  const { session, peer } = sessionOf();
  await session.send("last words");
  await session.end();
  await session.end();
  assertEquals(await peer.readAll(), "last words");
  await say(peer, "reply");
  await peer.closeWrite();
  assertEquals(await everything(session), ["reply"]);
});

Deno.test("a session sends text as UTF-8, framed as its protocol says, and counts it", async () => {
  const { session, peer, counters } = sessionOf({ framing: "line" });
  await session.send("é");
  await session.send(utf8("b"));
  session.close();
  assertEquals(await peer.readAll(), "é\nb\n");
  assertEquals([session.bytesSent, counters.bytesSent, counters.messagesSent], [5, 5, 2]);
});

Deno.test("an oversized line ends the session and is counted", async () => {
  const { session, peer, connection, counters } = sessionOf({
    framing: "line",
    maxMessageBytes: 10,
  });
  await say(peer, "fits\n", "x".repeat(20));
  const messages: Message[] = [];
  await assertRejects(async () => {
    for await (const message of session) messages.push(textOf(message));
  }, MessageTooLargeError);
  assertEquals(messages, ["fits"]);
  assertEquals(counters.oversized, 1);
  assertEquals(session.reason, "a message over the limit");
  assertEquals(connection.disposed, true);
});

Deno.test("an oversized length ends the session before its message is read", async () => {
  const { session, peer, counters } = sessionOf({ framing: "length", maxMessageBytes: 10 });
  await say(peer, new Uint8Array([0, 0, 1, 0, 1, 2, 3]));
  await assertRejects(() => everything(session), MessageTooLargeError);
  assertEquals(counters.oversized, 1);
});

Deno.test("a reset reaches the protocol as an error", async () => {
  const { session, peer } = sessionOf();
  const reading = everything(session);
  peer.reset();
  await assertRejects(() => reading, Deno.errors.ConnectionReset);
  await assertRejects(() => session.send("anyone?"), Deno.errors.BrokenPipe);
});

Deno.test("close() ends a pending read without an error, and everything after it", async () => {
  const { session, connection } = sessionOf();
  const reading = everything(session);
  await settled();
  session.close("enough");
  assertEquals(await reading, []);
  assertEquals(await everything(session), []);
  assertEquals(connection.disposed, true);
  session.close("again");
  assertEquals(session.reason, "enough");
});

Deno.test("the signal is aborted when the session closes, or has closed already", () => {
  const early = sessionOf().session;
  const { signal } = early;
  assertEquals(signal.aborted, false);
  early.close();
  assertEquals(signal.aborted, true);
  const late = sessionOf().session;
  late.close();
  assertEquals(late.signal.aborted, true);
});

Deno.test("drain() ends a session at once when it waits for input", async () => {
  const { session, connection } = sessionOf();
  const reading = everything(session);
  await settled();
  session.drain();
  assertEquals(await reading, []);
  assertEquals(connection.disposed, true);
  assertEquals(session.reason, "shutdown");
});

Deno.test("drain() in mid-reply lets the reply leave whole", async () => {
  const { session, peer, connection } = sessionOf();
  connection.capacityBytes = 0;
  await say(peer, "question", "another");
  const serving = (async () => {
    for await (const message of session) await session.send(`answer to ${textOf(message)}`);
    await session.finish();
  })();
  await settled();
  session.drain();
  await settled();
  assertEquals(connection.disposed, false, "the peer has not read the answer");
  assertEquals(await peer.readText(), "answer to question");
  await peer.closeWrite();
  assertEquals(await peer.readText(), null, "the second question came too late");
  await serving;
  assertEquals(session.reason, "shutdown");
});

Deno.test("finish() takes in what the peer still sends before it closes", async () => {
  const { session, peer, connection } = sessionOf();
  await say(peer, "unread", "as well");
  const finishing = session.finish();
  await settled();
  assertEquals(connection.disposed, false);
  assertEquals(connection.unreadBytes, 0);
  assertEquals(await peer.readText(), null, "our half has ended");
  await peer.closeWrite();
  await finishing;
  assertEquals(connection.disposed, true);
});

Deno.test("finish() gives a peer that goes on talking a bound", async () => {
  const { session, peer, connection } = sessionOf();
  for (let sent = 0; sent < 10; sent++) await say(peer, new Uint8Array(65_536));
  await session.finish();
  assertEquals(connection.disposed, true);
  assertEquals(connection.unreadBytes > 0, true, "not everything was taken in");
});

Deno.test("finish() gives a peer that neither talks nor leaves one second", async () => {
  using time = new FakeTime();
  const { session, connection } = sessionOf();
  const finishing = session.finish();
  await time.advance(999);
  assertEquals(connection.disposed, false);
  await time.advance(1);
  await finishing;
  assertEquals(connection.disposed, true);
  assertEquals(time.timers, 0);
});

Deno.test("finish() does not linger once the peer has ended its half", async () => {
  using time = new FakeTime();
  const { session, peer, connection } = sessionOf();
  await peer.closeWrite();
  await everything(session);
  await session.finish();
  assertEquals(connection.disposed, true);
  assertEquals(time.timers, 0);
});

Deno.test("drain() while a session lingers closes it", async () => {
  using time = new FakeTime();
  const { session, connection } = sessionOf();
  const finishing = session.finish();
  await settled();
  session.drain();
  await finishing;
  assertEquals(connection.disposed, true);
  assertEquals(time.timers, 0);
});

Deno.test("a session is active with every read and write", async () => {
  const { session, peer } = sessionOf();
  const since = (): boolean => {
    const { active } = session;
    session.active = false;
    return active;
  };
  since();
  assertEquals(since(), false);
  await session.send("out");
  assertEquals(since(), true);
  await say(peer, "in");
  await session.next();
  assertEquals(since(), true);
});
