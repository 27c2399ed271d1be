/** The barest receiver of a stream: reads to the end, then says one byte. */

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log(`tcp://127.0.0.1:${listener.addr.port}`);
for await (const connection of listener) {
  (async () => {
    const buffer = new Uint8Array(65_536);
    while (await connection.read(buffer) !== null);
    await connection.write(new Uint8Array(1));
    connection.close();
  })();
}
