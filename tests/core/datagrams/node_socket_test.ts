/** UDP on node:dgram, as a socket. */

import { createSocket } from "node:dgram";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { bindNodeUdp, type UdpConn } from "../../../core/datagrams/node_socket.ts";
import { utf8 } from "../../memory.ts";

const PLACE = { hostname: "127.0.0.1", port: 0 };

async function open(place = PLACE): Promise<UdpConn & Disposable> {
  const conn = await bindNodeUdp(createSocket, place);
  return Object.assign(conn, { [Symbol.dispose]: () => conn.close() });
}

const portOf = ({ addr }: UdpConn) => (addr as Deno.NetAddr).port;
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("the largest datagram and an empty one arrive whole, and one byte more is an error", async () => {
  using ours = await open();
  using theirs = await open();
  const largest = Uint8Array.from({ length: 65_507 }, (_, at) => at);
  assertEquals(await ours.send(largest, theirs.addr), 65_507);
  const [bytes, from] = await theirs.receive();
  assertEquals(bytes, largest);
  assertEquals(from, ours.addr);
  const tooLarge = await assertRejects(() => ours.send(new Uint8Array(65_508), theirs.addr), Error);
  assertEquals((tooLarge as Error & { code?: string }).code, "EMSGSIZE");
  await ours.send(new Uint8Array(0), theirs.addr);
  assertEquals((await theirs.receive())[0].length, 0);
});

Deno.test("unread datagrams wait in order up to a bound, and those beyond it are counted", async () => {
  using ours = await open();
  using theirs = await open();
  let dropped = 0;
  theirs.onDropped!(() => dropped++);
  let sent = 0;
  while (dropped < 10) await ours.send(utf8(`${sent++} `.padEnd(1000, ".")), theirs.addr);
  let before = -1;
  let received = 0;
  // Not more than what was waiting: the last send below comes after all of them.
  await ours.send(utf8("end"), theirs.addr);
  for (;;) {
    const [bytes] = await theirs.receive();
    if (textOf(bytes) === "end") break;
    const number = Number.parseInt(textOf(bytes));
    assert(number > before, "in order");
    assertEquals(bytes.buffer.byteLength, bytes.length, "and keeps no larger buffer alive");
    before = number;
    // The end of what was sent can be among those that are dropped.
    if (++received % 10 === 0) await ours.send(utf8("end"), theirs.addr);
  }
  assert(received >= 100, `${received} of ${sent} were kept`);
});

Deno.test("closing ends a wait, and what is sent afterwards is not an error", async () => {
  const conn = await bindNodeUdp(createSocket, PLACE);
  const waiting = assertRejects(() => conn.receive(), Deno.errors.Interrupted);
  const sending = conn.send(utf8("late"), conn.addr);
  conn.close();
  conn.close();
  await waiting;
  await sending;
  await assertRejects(() => conn.receive(), Deno.errors.BadResource);
});

Deno.test("a port that is taken, and an address that is not ours, have node's codes", async () => {
  using ours = await open();
  const code = async (place: typeof PLACE) =>
    (await assertRejects(() => bindNodeUdp(createSocket, place), Error) as { code?: string }).code;
  assertEquals(await code({ ...PLACE, port: portOf(ours) }), "EADDRINUSE");
  assertEquals(await code({ ...PLACE, hostname: "192.0.2.1" }), "EADDRNOTAVAIL");
});

Deno.test("an IPv6 socket speaks with IPv4 peers", async () => {
  using six = await open({ hostname: "::", port: 0 });
  using four = await open();
  await six.send(utf8("ahoy"), four.addr);
  const [bytes] = await four.receive();
  assertEquals(textOf(bytes), "ahoy");
  await four.send(utf8("re: ahoy"), { transport: "udp", hostname: "127.0.0.1", port: portOf(six) });
  const [, from] = await six.receive();
  assertEquals((from as Deno.NetAddr).hostname, "::ffff:127.0.0.1");
});

Deno.test("a datagram that no network takes says so", async () => {
  using four = await open();
  const error = await assertRejects(
    () => four.send(utf8("ahoy"), { transport: "udp", hostname: "::1", port: 9 }),
    Error,
  );
  assertEquals(error.message, "cannot send to [::1]:9: no network leads there");
});

Deno.test("as on Deno's socket, a group is heard and a broadcast may be sent", async () => {
  using heard = await bindReusable("239.255.77.67");
  await heard.joinMulticastV4("239.255.77.67", "127.0.0.1");
  using ours = Object.assign(
    await bindNodeUdp(createSocket, { ...PLACE, loopback: true }),
    { [Symbol.dispose]: () => ours.close() },
  );
  await ours.send(utf8("group"), {
    transport: "udp",
    hostname: "239.255.77.67",
    port: portOf(heard),
  });
  assertEquals(textOf((await heard.receive())[0]), "group");
  using all = await open({ hostname: "0.0.0.0", port: 0 });
  await ours.send(utf8("broadcast"), {
    transport: "udp",
    hostname: "127.255.255.255",
    port: portOf(all),
  });
  assertEquals(textOf((await all.receive())[0]), "broadcast");
});

async function bindReusable(hostname: string): Promise<UdpConn & Disposable> {
  const conn = await bindNodeUdp(createSocket, { hostname, port: 0, reuseAddress: true });
  return Object.assign(conn, { [Symbol.dispose]: () => conn.close() });
}
