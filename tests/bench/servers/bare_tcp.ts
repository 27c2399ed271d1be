/** The least that a TCP echo server can do: what tcp is compared with. */

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 511 });
console.log(`tcp://127.0.0.1:${listener.addr.port}`);
for await (const conn of listener) {
  conn.setNoDelay(true);
  void echo(conn);
}

async function echo(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(Number(Deno.args[0] ?? 65_536));
  try {
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) break;
      for (let sent = 0; sent < count;) sent += await conn.write(buffer.subarray(sent, count));
    }
  } catch {
    // The peer is gone.
  }
  conn.close();
}
