import { assertEquals } from "@std/assert";
import type { DatagramSocket } from "../../../core/connection.ts";
import { WrappedDatagrams } from "../../../core/datagrams/wrapped_datagrams.ts";
import { MemoryDatagramSocket, udpAddress, utf8 } from "../../memory.ts";

const PEER = udpAddress(5001);

Deno.test("a wrapped socket passes on all that the inner one can", async () => {
  const calls: string[] = [];
  const note = (name: string) => () => {
    calls.push(name);
    return Promise.resolve();
  };
  const delivery = {
    sent: 1,
    acknowledged: 1,
    retransmitted: 0,
    acknowledgedBytes: 1,
    roundTripMs: 2,
  };
  const inner = Object.assign(new MemoryDatagramSocket(), {
    connect: note("connect"),
    delivered: note("delivered"),
    consumed: note("consumed"),
    forget: note("forget"),
    delivery: () => delivery,
  });
  const wrapped: DatagramSocket = new WrappedDatagrams(inner);
  await wrapped.connect!(PEER, new AbortController().signal);
  await wrapped.delivered!(PEER);
  wrapped.consumed!(PEER, 5);
  wrapped.forget!(PEER);
  assertEquals(calls, ["connect", "delivered", "consumed", "forget"]);
  assertEquals(wrapped.delivery!(PEER), delivery);
  await wrapped.send(utf8("x"), PEER);
  await wrapped.end(PEER);
  assertEquals([inner.sentTexts, inner.ended], [["x"], [PEER]]);
  assertEquals([wrapped.address, wrapped.maxBytes], [inner.address, inner.maxBytes]);
  inner.arriveFrom(PEER, "y");
  assertEquals(await wrapped.receive(), { from: PEER, bytes: utf8("y") });
  wrapped[Symbol.dispose]();
  assertEquals(inner.disposed, true);
});

Deno.test("around a bare socket the rest does nothing, and nobody is held back", async () => {
  const wrapped: DatagramSocket = new WrappedDatagrams(new MemoryDatagramSocket());
  await wrapped.connect!(PEER, new AbortController().signal);
  await wrapped.delivered!(PEER);
  wrapped.forget!(PEER);
  assertEquals([wrapped.consumed, wrapped.delivery!(PEER)], [undefined, undefined]);
});
