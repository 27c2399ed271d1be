/** Reads QUIC streams to their end, then says one byte. Takes a certificate and its key. */

const [cert = "", key = ""] = Deno.args.map((path) => Deno.readTextFileSync(path));
const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
const listener = endpoint.listen({ cert, key, alpnProtocols: ["bench"] });
console.log(`quic://127.0.0.1:${endpoint.addr.port}`);
for (;;) {
  const connection = await listener.accept();
  (async () => {
    for await (const stream of connection.incomingBidirectionalStreams) {
      for await (const _part of stream.readable);
      const writer = stream.writable.getWriter();
      await writer.write(new Uint8Array(1));
      await writer.close();
    }
  })().catch(() => {});
}
