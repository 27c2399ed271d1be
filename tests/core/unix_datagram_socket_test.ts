import { assertEquals } from "@std/assert";
import type { Address } from "../../core/address.ts";
import { DenoDatagramSocket } from "../../core/deno_datagram_socket.ts";
import { openUnixDatagrams } from "../../core/unix_datagram_socket.ts";

function open(name: string) {
  const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
  return openUnixDatagrams(
    new DenoDatagramSocket(bind(`\0sockdock-test-${name}-${crypto.randomUUID()}`)),
    bind,
  );
}

const linuxOnly = { ignore: Deno.build.os !== "linux" };

Deno.test("a Unix datagram socket sends while it waits to receive", linuxOnly, async () => {
  using here = await open("here");
  using there = await open("there");
  const waiting = here.receive();
  await here.send(new Uint8Array([1]), there.address);
  assertEquals(await first(there), [1]);
  await there.send(new Uint8Array([2]), here.address);
  const datagram = await waiting;
  assertEquals(datagram !== null && "bytes" in datagram && [...datagram.bytes], [2]);
});

Deno.test(
  "a Unix datagram socket answers a burst without refusing any send",
  linuxOnly,
  async () => {
    using server = await open("server");
    using client = await open("client");
    const count = 50;
    const sends: Promise<void>[] = [];
    const answering = (async () => {
      for (let left = count; left > 0; left--) {
        const datagram = await server.receive();
        if (datagram === null || !("bytes" in datagram)) return;
        // Not awaited: the next receive begins while this is on its way.
        sends.push(server.send(datagram.bytes.slice(), datagram.from));
      }
      // One more receive lets the last answers out.
      void server.receive();
    })();
    const heard: number[] = [];
    for (let sent = 0; sent < count; sent++) {
      await client.send(new Uint8Array([sent]), server.address as Address);
      // No more in flight than the system keeps for a datagram socket (10 on Linux).
      if (sent % 5 === 4) { for (let i = 0; i < 5; i++) heard.push(...(await first(client))); }
    }
    await answering;
    await Promise.all(sends);
    assertEquals(heard, Array.from({ length: count }, (_, index) => index));
  },
);

async function first(socket: { receive(): Promise<unknown> }): Promise<number[]> {
  const datagram = await socket.receive() as { bytes: Uint8Array };
  return [...datagram.bytes];
}
