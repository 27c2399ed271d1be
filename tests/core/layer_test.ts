import { assertEquals, assertThrows } from "@std/assert";
import { dialledWork } from "../../core/client_options.ts";
import { systemClock } from "../../core/clock.ts";
import type { Connection, DatagramSocket } from "../../core/connection.ts";
import {
  bindLayer,
  type BoundLayer,
  type Carrier,
  checkLayers,
  type Layer,
  type LayerContext,
  layerDatagrams,
  layerStream,
  type LayerTraits,
  type LayerWork,
  type Side,
  withLayer,
} from "../../core/layer.ts";
import { integer } from "../../core/options/option.ts";
import { textOf } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { connectionPair, MemoryDatagramSocket, udpAddress, utf8 } from "../memory.ts";

const options = { shift: integer({ default: 1, help: "How far to shift every byte" }) } as const;

/** A layer that really changes what passes: every byte grows on its way out. */
function shiftLayer(name: string, rank: number, sides: Side[] = []): Layer<typeof options> {
  const shifted = (bytes: Uint8Array, by: number) => bytes.map((byte) => byte + by);
  return {
    name,
    summary: "Shifts every byte",
    rank,
    carriers: both,
    options,
    open: ({ shift }) => ({
      stream(connection, side): Connection {
        sides.push(side);
        return {
          local: connection.local,
          remote: connection.remote,
          async read(into) {
            const count = await connection.read(into);
            if (count !== null) into.set(shifted(into.subarray(0, count), -shift));
            return count;
          },
          write: (all) => connection.write(shifted(all, shift)),
          closeWrite: () => connection.closeWrite(),
          [Symbol.dispose]: () => connection[Symbol.dispose](),
        };
      },
      datagram(socket, side): DatagramSocket {
        sides.push(side);
        return {
          address: socket.address,
          // As if it needed a byte of its own.
          maxBytes: socket.maxBytes - 1,
          send: (bytes, to) => socket.send(shifted(bytes, shift), to),
          end: (to) => socket.end(to),
          async receive() {
            const datagram = await socket.receive();
            if (datagram === null || !("bytes" in datagram)) return datagram;
            return { ...datagram, bytes: shifted(datagram.bytes, -shift) };
          },
          [Symbol.dispose]: () => socket[Symbol.dispose](),
        };
      },
    }),
  };
}

/** What the rules ask of a layer. */
function named(name: string, rank: number, carriers: readonly Carrier[]): LayerTraits {
  return { name, rank, carriers };
}

const both = ["stream", "datagram"] as const;

const context: LayerContext = { clock: systemClock, random: Math.random, emit: () => {} };

function work(): LayerWork {
  return dialledWork({ maxMessageBytes: 1000 });
}

Deno.test("a layer on both ends of a stream is not seen by either, only by the wire", async () => {
  const layer = await bindLayer(shiftLayer("shift", 10), { shift: 3 }, context);
  const { client, server } = connectionPair();
  const near = layerStream(client, [layer], { role: "dial", to: client.remote }, work());
  const far = layerStream(server, [layer], { role: "listen" }, work());
  await near.write(utf8("abc"));
  const buffer = new Uint8Array(10);
  const count = await far.read(buffer);
  assertEquals(textOf(buffer.subarray(0, count ?? 0)), "abc");
  await near.write(utf8("abc"));
  assertEquals(await server.readText(), "def", "beneath the layer");
});

Deno.test("a layer on a datagram socket changes both ways and lowers the limit", async () => {
  const layer = await bindLayer(shiftLayer("shift", 10), { shift: 3 }, context);
  const inner = new MemoryDatagramSocket(udpAddress(9), 100);
  const socket = layerDatagrams(inner, [layer, layer], { role: "listen" }, work());
  assertEquals(socket.maxBytes, 98);
  await socket.send(utf8("abc"), udpAddress(1));
  assertEquals(inner.sentTexts, ["ghi"]);
  inner.arriveFrom(udpAddress(1), "ghi");
  const datagram = await socket.receive();
  assertEquals(datagram !== null && "bytes" in datagram && textOf(datagram.bytes), "abc");
});

Deno.test("the first layer is the nearest to the wire, and each learns its side", async () => {
  const order: string[] = [];
  const noting = (name: string): BoundLayer => ({
    name,
    rank: 0,
    carriers: both,
    stream: (connection) => ({
      local: connection.local,
      remote: connection.remote,
      read: (into) => connection.read(into),
      write(all) {
        order.push(name);
        return connection.write(all);
      },
      closeWrite: () => connection.closeWrite(),
      [Symbol.dispose]: () => connection[Symbol.dispose](),
    }),
  });
  const { client } = connectionPair();
  const wrapped = layerStream(
    client,
    [noting("wire"), noting("inner")],
    { role: "listen" },
    work(),
  );
  await wrapped.write(utf8("x"));
  assertEquals(order, ["inner", "wire"]);

  const sides: Side[] = [];
  const layer = await bindLayer(shiftLayer("shift", 10, sides), { shift: 1 }, context);
  const side: Side = { role: "dial", to: udpAddress(7), serverName: "example.org" };
  layerStream(client, [layer], side, work());
  layerDatagrams(new MemoryDatagramSocket(), [layer], { role: "listen" }, work());
  assertEquals(sides, [side, { role: "listen" }]);
});

Deno.test("bindLayer() waits for a layer that has files to read, and keeps what it is", async () => {
  const layer: Layer = {
    ...named("late", 30, ["stream"]),
    provesSender: true,
    summary: "Opens late",
    options: {},
    open: () => Promise.resolve({ stream: (connection) => connection }),
  };
  const bound = await bindLayer(layer, {}, context);
  assertEquals([typeof bound.stream, typeof bound.datagram], ["function", "undefined"]);
  assertEquals([bound.name, bound.rank, bound.provesSender, bound.ordered], [
    "late",
    30,
    true,
    undefined,
  ]);
});

Deno.test("withLayer() puts a layer into its place", () => {
  const [fault, reliable] = [named("fault", 10, both), named("reliable", 40, both)];
  const stack = withLayer([fault, reliable], named("dtls", 30, both));
  assertEquals(stack.map(({ name }) => name), ["fault", "dtls", "reliable"]);
});

Deno.test("layers in the order of their ranks pass", () => {
  const stack = [named("fault", 10, both), named("sealed", 30, both), named("reliable", 40, both)];
  checkLayers(stack, "datagram", "udp+fault+sealed+reliable://:1");
  checkLayers([], "stream", "tcp://:1");
});

Deno.test("layers in the wrong order are refused with the right one", () => {
  const stack = [named("reliable", 40, both), named("sealed", 30, both)];
  assertEquals(
    assertThrows(
      () => checkLayers(stack, "datagram", "udp+reliable+sealed://:1"),
      UsageError,
    ).message,
    "udp+reliable+sealed://:1: the layer sealed cannot stand inside reliable; " +
      "write +sealed before +reliable, or one of them alone",
  );
});

Deno.test("a layer twice, or two of one rank, are refused", () => {
  const sealed = named("sealed", 30, both);
  assertThrows(
    () => checkLayers([sealed, sealed], "stream", "tcp+sealed+sealed://:1"),
    UsageError,
    "the layer sealed stands there twice",
  );
  assertThrows(
    () => checkLayers([sealed, named("dtls", 30, both)], "datagram", "udp+sealed+dtls://:1"),
    UsageError,
    "the layers sealed and dtls do the same thing",
  );
});

Deno.test("a layer that cannot wrap the transport is refused", () => {
  assertEquals(
    assertThrows(
      () => checkLayers([named("reliable", 40, ["datagram"])], "stream", "tcp+reliable://:1"),
      UsageError,
    ).message,
    "tcp+reliable://:1: the layer reliable does not work on a stream transport",
  );
});
