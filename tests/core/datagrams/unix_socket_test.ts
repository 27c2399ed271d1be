import { assertEquals, assertRejects } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import { send } from "../../../dock/send.ts";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { anonymousPath, openUnixDatagrams } from "../../../core/datagrams/unix_socket.ts";

function open(name: string) {
  const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
  return openUnixDatagrams(`\0sockdock-test-${name}-${crypto.randomUUID()}`, bind, () => {});
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
  "a Unix datagram socket sends whenever it is told to while it begins to receive",
  linuxOnly,
  async () => {
    using here = await open("here");
    using there = await open("there");
    for (let turns = 0; turns < 10; turns++) {
      const waiting = here.receive();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      await here.send(new Uint8Array([turns]), there.address);
      assertEquals(await first(there), [turns]);
      await there.send(new Uint8Array([turns]), here.address);
      await waiting;
    }
  },
);

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

Deno.test(
  "a peer that does not read is dropped, and the others are answered",
  linuxOnly,
  async () => {
    await using folder = await temporaryFolder();
    await using server = await serve(`unixgram://${folder.path}/server.sock`, echo);
    const path = `${folder.path}/deaf.sock`;
    const deaf = Deno.listenDatagram({ transport: "unixpacket", path });
    const to: Deno.UnixAddr = { transport: "unixpacket", path: `${folder.path}/server.sock` };
    // The system keeps ten unread datagrams for a socket; the eleventh answer has to wait.
    for (let sent = 0; sent < 12; sent++) await deaf.send(new Uint8Array([sent]), to);
    // What waited unread in the socket that was given up is lost, as datagrams may be.
    const answer = await send(server.url, "anyone?", { retries: 20, timeoutMs: 1000 });
    assertEquals(new TextDecoder().decode(answer), "anyone?");
    assertEquals(server.stats().failed, 1);
    deaf.close();
  },
);

Deno.test(
  "a client in a folder of its own outlives a peer that does not read",
  linuxOnly,
  async () => {
    await using folder = await temporaryFolder();
    const bind = (path: string) => Deno.listenDatagram({ transport: "unixpacket", path });
    const { path, remove } = await anonymousPath();
    const client = await openUnixDatagrams(path, bind, remove);
    const deaf = bind(`${folder.path}/deaf.sock`);
    const peer = bind(`${folder.path}/peer.sock`);
    await assertRejects(
      async () => {
        for (let sent = 0; sent < 12; sent++) {
          await client.send(new Uint8Array([sent]), deaf.addr as Address);
        }
      },
      Error,
      "does not read",
    );
    await peer.send(new Uint8Array([7]), { transport: "unixpacket", path });
    assertEquals(await first(client), [7]);
    client[Symbol.dispose]();
    await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
    await assertRejects(() => Deno.lstat(path.replace(/\/socket$/, "")), Deno.errors.NotFound);
    deaf.close();
    peer.close();
  },
);

async function first(socket: { receive(): Promise<unknown> }): Promise<number[]> {
  const datagram = await socket.receive() as { bytes: Uint8Array };
  return [...datagram.bytes];
}
