/** The least that a TLS echo server can do on Deno's own listener: what tls is compared with. Takes
 * the files of a certificate and its key. */

const [certFile = "", keyFile = ""] = Deno.args;
const listener = Deno.listenTls({
  hostname: "127.0.0.1",
  port: 0,
  tcpBacklog: 511,
  cert: await Deno.readTextFile(certFile),
  key: await Deno.readTextFile(keyFile),
});
console.log(`tls://127.0.0.1:${listener.addr.port}`);
for await (const conn of listener) void echo(conn);

async function echo(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
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
