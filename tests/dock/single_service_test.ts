import { assertEquals, assertRejects } from "@std/assert";
import type { Address } from "../../core/addresses/address.ts";
import type { Service } from "../../core/protocol.ts";
import { copies, type Message, type Session, textOf } from "../../core/session.ts";
import { single } from "../../dock/single_service.ts";
import { tcpAddress, udpAddress } from "../memory.ts";

/** A session with these messages, and what was sent on it. */
function sessionOf(peer: Address, messages: readonly Message[]) {
  const sent: Message[] = [];
  const session: Session = {
    peer,
    sessionId: 1,
    serverUrl: "",
    boundary: peer.transport === "udp" ? "messages" : "bytes",
    maxMessageBytes: 100,
    signal: new AbortController().signal,
    messages: () => copies(session),
    async *[Symbol.asyncIterator]() {
      yield* messages;
    },
    send(message) {
      sent.push(textOf(message));
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
    close: () => {},
  };
  return { session, sent };
}

/** Echo for one session, and the reasons for which it asked to stop. */
function once(serve?: Service["serve"]) {
  const stops: string[] = [];
  let disposed = 0;
  const service = single({
    serve: serve ?? (async (session) => {
      for await (const message of session) await session.send(message);
    }),
    async [Symbol.asyncDispose]() {
      await Promise.resolve();
      disposed++;
    },
  }, (reason) => stops.push(reason));
  return { service, stops, disposals: () => disposed };
}

Deno.test("single() serves the first session to its end and asks to stop", async () => {
  const { service, stops } = once();
  const { session, sent } = sessionOf(tcpAddress(1), ["a", "b"]);
  const serving = service.serve(session);
  assertEquals(stops, []);
  await serving;
  assertEquals([sent, stops], [["a", "b"], ["served one session"]]);
});

Deno.test("single() serves no second session", async () => {
  const { service, stops } = once();
  const [first, second] = [
    sessionOf(tcpAddress(1), ["a"]),
    sessionOf(tcpAddress(2), ["b"]),
  ];
  await Promise.all([service.serve(first.session), service.serve(second.session)]);
  assertEquals([first.sent, second.sent, stops.length], [["a"], [], 1]);
});

Deno.test("single() ends a datagram session after its first message", async () => {
  const { service, stops } = once();
  const { session, sent } = sessionOf(udpAddress(1), ["a", "b"]);
  await service.serve(session);
  assertEquals([sent, stops.length], [["a"], 1]);
});

Deno.test("single() asks to stop also when its session fails", async () => {
  const { service, stops } = once(() => Promise.reject(new Error("broken")));
  await assertRejects(() => service.serve(sessionOf(tcpAddress(1), []).session), Error, "broken");
  assertEquals(stops.length, 1);
});

Deno.test("disposing of single() disposes of what it wraps", async () => {
  const { service, disposals } = once();
  await service[Symbol.asyncDispose]();
  assertEquals(disposals(), 1);
});
