/** The least that a relay can do: what the relay benchmarks are compared with. The arguments are
 * `tcp` or `udp` and the port to pass on to, on loopback. */

const [transport, to = ""] = Deno.args;
const hostname = "127.0.0.1";
const port = Number(to);

async function passOn(from: Deno.Conn, into: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) return await into.closeWrite();
    for (let start = 0; start < count;) start += await into.write(buffer.subarray(start, count));
  }
}

async function serveTcp(client: Deno.TcpConn): Promise<void> {
  client.setNoDelay(true);
  const upstream = await Deno.connect({ hostname, port });
  upstream.setNoDelay(true);
  await Promise.all([passOn(client, upstream), passOn(upstream, client)]).catch(() => {});
  client.close();
  upstream.close();
}

async function answer(
  upstream: Deno.DatagramConn,
  socket: Deno.DatagramConn,
  peer: Deno.Addr,
): Promise<void> {
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const [bytes] = await upstream.receive(buffer);
    await socket.send(bytes, peer);
  }
}

if (transport === "tcp") {
  const listener = Deno.listen({ hostname, port: 0 });
  console.log(`tcp://${hostname}:${listener.addr.port}`);
  for await (const client of listener) void serveTcp(client).catch(() => {});
} else {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  console.log(`udp://${hostname}:${(socket.addr as Deno.NetAddr).port}`);
  const buffer = new Uint8Array(65_536);
  const upstreams = new Map<number, Deno.DatagramConn>();
  const target = { transport: "udp", hostname, port } as const;
  for (;;) {
    const [bytes, from] = await socket.receive(buffer);
    const peer = from as Deno.NetAddr;
    let upstream = upstreams.get(peer.port);
    if (upstream === undefined) {
      upstream = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
      upstreams.set(peer.port, upstream);
      void answer(upstream, socket, peer).catch(() => {});
    }
    await upstream.send(bytes, target);
  }
}
