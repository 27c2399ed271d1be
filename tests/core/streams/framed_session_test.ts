import { assertEquals, assertRejects } from "@std/assert";
import { createCounters } from "../../../core/counters.ts";
import { framedSession } from "../../../core/streams/framed_session.ts";
import { MessageTooLargeError } from "../../../core/streams/framing.ts";
import { bytesOf, type Session, textOf } from "../../../core/session.ts";
import { StreamSession } from "../../../core/streams/stream_session.ts";
import { connectionPair } from "../../memory.ts";

/** Both ends of a stream, each framed by lengths. */
function framedPair(maxMessageBytes = 1024): { here: Session; there: Session; bare: Session } {
  const { client, server } = connectionPair();
  const open = (connection: typeof client) =>
    new StreamSession(connection, { framing: "none", maxMessageBytes, counters: createCounters() });
  const bare = open(client);
  return {
    here: framedSession(bare, "length"),
    there: framedSession(open(server), "length"),
    bare,
  };
}

Deno.test("framedSession() cuts a byte stream into the messages that were sent", async () => {
  const { here, there } = framedPair();
  assertEquals(here.boundary, "messages");
  const messages = ["one", "", "x".repeat(1000), "grüße"];
  for (const message of messages) await here.send(message);
  await here.end();
  const heard: string[] = [];
  for await (const message of there) heard.push(textOf(message));
  assertEquals(heard, messages);
});

Deno.test("framedSession() puts together a message that comes byte by byte", async () => {
  const { there, bare } = framedPair();
  for (const byte of [0, 0, 0, 2, 7, 8]) await bare.send(Uint8Array.of(byte));
  const { value } = await there[Symbol.asyncIterator]().next();
  assertEquals(bytesOf(value!), Uint8Array.of(7, 8));
});

Deno.test("framedSession() rejects a message over the limit, and a stream cut inside one", async () => {
  const large = framedPair(16);
  await large.bare.send(Uint8Array.of(0, 0, 0, 17));
  await assertRejects(() => Array.fromAsync(large.there), MessageTooLargeError);
  const cut = framedPair();
  await cut.bare.send(Uint8Array.of(0, 0, 0, 2, 1));
  await cut.bare.end();
  await assertRejects(() => Array.fromAsync(cut.there), TypeError, "inside a message");
});

Deno.test("framedSession() leaves a session alone whose transport keeps boundaries", () => {
  const { here } = framedPair();
  assertEquals(framedSession(here, "length"), here);
});
